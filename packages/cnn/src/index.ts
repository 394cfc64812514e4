// Small networks
export { LeNet, lenet, type LeNetOptions } from './lenet/index.ts'
export { CifarKerasCnn, CifarTorchNet, MnistCnn, VideoCnn, type VideoCnnOptions } from './small-nets/index.ts'

// VGG
export {
  Vgg,
  vgg11,
  vgg11Bn,
  vgg13,
  vgg13Bn,
  vgg16,
  vgg16Bn,
  vgg19,
  vgg19Bn,
  type VggConfig,
  type VggLayers,
  type VggOptions,
} from './vgg/index.ts'

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
export {
  CifarResNet,
  cifarResnet20,
  cifarResnet32,
  cifarResnet44,
  cifarResnet56,
  type CifarResNetConfig,
  type CifarResNetOptions,
} from './cifar-resnet/index.ts'

// Video
export { C3d, c3d, type C3dOptions } from './c3d/index.ts'

// Classifying pictures, checkpoints, features
export {
  imageClassifier,
  imagenetTransform,
  type ClassScore,
  type ImageClassifierOptions,
  type ImagenetTransformOptions,
} from './classifier/index.ts'
export { loadWeights } from './weights/index.ts'
export { features } from './features/index.ts'

// Segmentation
export { UNet, unet, unetVariants, type UNetConfig, type UNetOptions, type UNetVariant } from './unet/index.ts'
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

// Detection
export {
  BoxHead,
  BoxPredictor,
  detector,
  DetectionTransform,
  FasterRcnn,
  fasterRcnnResnet18Fpn,
  fasterRcnnResnet50Fpn,
  fasterRcnnWeights,
  FeaturePyramidNetwork,
  FrozenBatchNorm2d,
  RegionProposalNetwork,
  ResNetFpn,
  RoiHeads,
  RpnHead,
  type AnchorOptions,
  type BoxPredictions,
  type DetectedObject,
  type DetectionTarget,
  type DetectionTransformOptions,
  type Detector,
  type DetectorOptions,
  type FasterRcnnLosses,
  type FasterRcnnOptions,
  type FasterRcnnResnet18Options,
  type FasterRcnnResnetOptions,
  type FasterRcnnResult,
  type ImageBatch,
  type PyramidBackbone,
  type RegionPool,
  type RegionPoolOptions,
  type RoiHeadsOptions,
  type RpnOptions,
  type TrainTest,
} from './faster-rcnn/index.ts'
export {
  FastRcnn,
  Rcnn,
  roiMaxPool,
  warpRegions,
  type FastRcnnOptions,
  type RcnnOptions,
  type RegionLosses,
  type RegionResult,
} from './rcnn/index.ts'
