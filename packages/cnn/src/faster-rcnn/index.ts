export { detector, type DetectedObject, type Detector, type DetectorOptions } from './detector.ts'
export {
  FasterRcnn,
  ResNetFpn,
  type FasterRcnnLosses,
  type FasterRcnnOptions,
  type FasterRcnnResult,
  type PyramidBackbone,
} from './faster-rcnn.ts'
export { FeaturePyramidNetwork } from './fpn.ts'
export { FrozenBatchNorm2d } from './frozen-batch-norm.ts'
export {
  BoxHead,
  BoxPredictor,
  RoiHeads,
  type BoxPredictions,
  type RegionPool,
  type RegionPoolOptions,
  type RoiHeadsOptions,
} from './roi-heads.ts'
export { RegionProposalNetwork, RpnHead, type AnchorOptions, type RpnOptions, type TrainTest } from './rpn.ts'
export type { DetectionTarget } from './targets.ts'
export { DetectionTransform, type DetectionTransformOptions, type ImageBatch } from './transform.ts'
export {
  fasterRcnnResnet18Fpn,
  fasterRcnnResnet50Fpn,
  type FasterRcnnResnet18Options,
  type FasterRcnnResnetOptions,
} from './variants.ts'
export { fasterRcnnWeights } from './weights.ts'
