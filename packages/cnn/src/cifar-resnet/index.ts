export {
  CifarResNet,
  cifarResnet20,
  cifarResnet32,
  cifarResnet44,
  cifarResnet56,
  type CifarResNetConfig,
  type CifarResNetOptions,
} from './cifar-resnet.ts'
