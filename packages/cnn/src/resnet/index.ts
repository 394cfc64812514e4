export { BasicBlock, Bottleneck, type BlockOptions, type BlockType, type NormLayer } from './blocks.ts'
export {
  ResNet,
  resnet101,
  resnet152,
  resnet18,
  resnet34,
  resnet50,
  ResNetBody,
  resnext50,
  wideResnet50,
  type ResNetConfig,
  type ResNetFeatures,
  type ResNetOptions,
} from './resnet.ts'
