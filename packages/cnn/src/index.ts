// Residual networks
export {
  BasicBlock,
  Bottleneck,
  ResNet,
  resnet101,
  resnet152,
  resnet18,
  resnet34,
  resnet50,
  ResNetBody,
  resnext50,
  wideResnet50,
  type BlockOptions,
  type BlockType,
  type NormLayer,
  type ResNetConfig,
  type ResNetFeatures,
  type ResNetOptions,
} from './resnet/index.ts'

// Segmentation
export {
  UNet,
  unet,
  unetVariants,
  type UNetConfig,
  type UNetOptions,
  type UNetVariant,
} from './unet/index.ts'
export { DrivingUNet, drivingUnet, type DrivingUNetOptions } from './driving-unet/index.ts'
export {
  FCN,
  fcnLoss,
  fcnResnet50,
  type FCNLossOptions,
  type FCNOptions,
  type FCNOutputs,
  type FCNResNet50Options,
} from './fcn/index.ts'
export { segmenter, type Segmentation, type SegmenterOptions, type SegmentShare } from './segmenter/index.ts'
