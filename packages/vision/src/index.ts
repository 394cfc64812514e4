// Table of contents: everything that @lanewise/vision exports.

// Detections
export {
  confident,
  detectionObjects,
  makeDetections,
  selectDetections,
  type DetectionObject,
  type Detections,
} from './detections.ts'

// Boxes
export { boxConvert, type BoxConvertOptions, type BoxFormat } from './boxes/convert.ts'
export { boxArea, clipBoxes, masksToBoxes, removeSmallBoxes, type ImageSize } from './boxes/boxes.ts'
export { boxIou, completeBoxIou, distanceBoxIou, generalizedBoxIou, type BoxIouOptions } from './boxes/iou.ts'
export {
  boxIouLoss,
  completeBoxIouLoss,
  distanceBoxIouLoss,
  generalizedBoxIouLoss,
  maskIouLoss,
  rotatedIouLoss,
  type IouLossOptions,
} from './boxes/iou-loss.ts'
export {
  cornersToRotated,
  generalizedRotatedBoxIou,
  rotatedBoxIou,
  rotatedToCorners,
  rotatedToXyxy,
} from './boxes/rotated.ts'

// Masks and polygons
export { maskIou, pasteMasks } from './boxes/masks.ts'
export {
  rleArea,
  rleDecode,
  rleEncode,
  rleFromString,
  rleIou,
  rleMerge,
  rleToBox,
  rleToString,
  type Rle,
} from './boxes/rle.ts'
export {
  clipPolygon,
  convexHull,
  maskToPolygons,
  polygonArea,
  polygonContains,
  polygonToRle,
  simplifyPolygon,
  type Polygon,
} from './boxes/polygon.ts'

// Suppression and fusion
export { nms, type NmsOptions } from './nms/nms.ts'
export { batchedNms } from './nms/batched.ts'
export { nmsBy, softNms, type SoftNmsOptions, type SoftNmsResult } from './nms/soft.ts'
export { weightedBoxFusion, type WeightedBoxFusionOptions } from './nms/fusion.ts'

// Regions of interest
export {
  assignLevels,
  inferScale,
  roisFromBoxes,
  type FeatureMaps,
  type LevelOptions,
  type OutputSize,
} from './roi/regions.ts'
export type { RoiAlignOptions } from './roi/roi-align.ts'
export { psRoiAlignArray, roiAlignArray } from './roi/roi-align-array.ts'
export { psRoiPoolArray, roiPoolArray, type RoiPoolOptions } from './roi/roi-pool.ts'
export {
  multiScaleRoiAlign,
  psRoiAlign,
  psRoiPool,
  roiAlign,
  roiPool,
  type MultiScaleOptions,
  type Rois,
} from './roi/ops.ts'

// Anchors, coding, matching, sampling
export {
  defaultBoxes,
  gridAnchors,
  type DefaultBoxOptions,
  type GridAnchorOptions,
  type GridSize,
} from './anchors/anchors.ts'
export { decodeBoxes, encodeBoxes, type BoxCoderOptions } from './anchors/box-coder.ts'
export { matchAnchors, matchState, type MatchOptions } from './anchors/matcher.ts'
export {
  sampleBalanced,
  sampleHardest,
  type BalancedSample,
  type PermutationSource,
  type SampleOptions,
} from './anchors/sampler.ts'

// Raw outputs to answers
export {
  decodeBoxHead,
  decodeRetinaNet,
  decodeSsd,
  filterProposals,
  type AnchorOutputs,
  type BoxHeadOutputs,
  type DecodeOptions,
  type ProposalOptions,
  type ProposalOutputs,
  type Proposals,
} from './decode/detectors.ts'
export {
  decodeYoloDfl,
  decodeYoloV3,
  decodeYoloV5,
  decodeYoloV8,
  type YoloDflLevel,
  type YoloLevel,
  type YoloOptions,
} from './decode/yolo.ts'
export {
  connectedComponents,
  segmentationMap,
  type Component,
  type ComponentOptions,
  type ConnectedComponents,
  type SegmentationMapOptions,
} from './decode/segmentation.ts'

// Transforms of pictures with boxes, masks and points
export {
  pictureFromPlanes,
  pictureToTensor,
  toBytePicture,
  toFloatPicture,
  toRgb,
  type Picture,
  type PixelData,
} from './transforms/picture.ts'
export { resizePicture, type Interpolation, type ResizeOptions } from './transforms/resize.ts'
export {
  affineMap,
  composeMaps,
  fourPointMap,
  invertMap,
  mapPoint,
  warpPicture,
  type AffineParameters,
  type Matrix3,
  type WarpOptions,
} from './transforms/warp.ts'
export {
  adjustBrightness,
  adjustContrast,
  adjustGamma,
  adjustHue,
  adjustSaturation,
  adjustSharpness,
  autocontrast,
  equalize,
  gaussianBlur,
  invertColors,
  posterize,
  solarize,
  toGrey,
} from './transforms/color.ts'
export {
  cropSample,
  flipSample,
  letterboxSample,
  padSample,
  recolorSample,
  resizeSample,
  sanitizeBoxes,
  undoLetterbox,
  warpSample,
  type CropRegion,
  type Letterbox,
  type PadOptions,
  type Sample,
} from './transforms/sample.ts'
export {
  centerCrop,
  colorJitter,
  compose,
  dropTinyBoxes,
  letterbox,
  normalize,
  pad,
  randomAffine,
  randomApply,
  randomCrop,
  randomErasing,
  randomGaussianBlur,
  randomGrayscale,
  randomHorizontalFlip,
  randomPerspective,
  randomResizedCrop,
  randomRotation,
  randomVerticalFlip,
  resize,
  rotateSample,
  toFloat,
  type ChanceOptions,
  type ColorJitterOptions,
  type FactorRange,
  type NormalizeOptions,
  type RandomAffineOptions,
  type RandomCropOptions,
  type RandomErasingOptions,
  type RandomGaussianBlurOptions,
  type RandomPerspectiveOptions,
  type RandomResizedCropOptions,
  type RandomRotationOptions,
  type RandomWarpOptions,
  type ResizeTransformOptions,
  type Size,
  type Transform,
} from './transforms/random.ts'
export { randAugment, type RandAugmentOptions } from './transforms/rand-augment.ts'
export { cutmix, drawShare, mixup, type MixedPicture } from './transforms/mix.ts'

// Metrics
export {
  CocoEvaluator,
  type CocoArea,
  type CocoCurve,
  type CocoDetection,
  type CocoObject,
  type CocoOptions,
  type CocoSummary,
} from './metrics/coco.ts'
export {
  evaluateVoc,
  type VocClassResult,
  type VocDetection,
  type VocObject,
  type VocOptions,
  type VocSummary,
} from './metrics/voc.ts'
export { cocoSigmas, objectKeypointSimilarity, type KeypointScale } from './metrics/keypoints.ts'
export { segmentationScores, type SegmentationScores } from './metrics/segmentation.ts'
export {
  calibrationError,
  precisionRecallCurve,
  type Calibration,
  type CalibrationBin,
  type PrecisionRecallCurve,
} from './metrics/curves.ts'
export {
  clearMot,
  evaluateTracking,
  hota,
  identityScores,
  type ClearMot,
  type HotaScores,
  type IdentityScores,
  type MotOptions,
  type TrackingScores,
} from './metrics/mot.ts'

// Tracking
export { assign, assignBelow, type AssignOptions } from './track/assignment.ts'
export { ConstantVelocity, KalmanFilter, type KalmanModel } from './track/kalman.ts'
export type { FrameDetections, Track } from './track/detections.ts'
export { Sort, type SortOptions } from './track/sort.ts'
export { ByteTrack, type ByteTrackOptions } from './track/byte-track.ts'
export {
  LineZone,
  PolygonZone,
  type BoxAnchor,
  type LineCrossing,
  type ZoneChange,
  type ZoneOptions,
  type ZoneTrack,
} from './track/zones.ts'
export { smoothTrajectory, type SmoothOptions, type SmoothTrajectory } from './track/smooth.ts'
export { BehaviourMonitor, type BehaviourEvent, type BehaviourOptions, type Lane } from './track/behaviour.ts'

// Drawing
export { canvasSurface, rasterSurface, type CanvasContext, type Color, type Surface } from './draw/surface.ts'
export {
  colorOf,
  drawBoxes,
  drawCurve,
  drawKeypoints,
  drawLabelMap,
  drawMasks,
  drawTracks,
  Trails,
  type DrawBoxesOptions,
  type DrawCurveOptions,
  type DrawKeypointsOptions,
  type DrawLabelMapOptions,
  type DrawMasksOptions,
} from './draw/draw.ts'

// Files
export type { SourceOptions } from './io/fault.ts'
export {
  evaluateCoco,
  formatCoco,
  formatCocoResults,
  parseCoco,
  parseCocoResults,
  type CocoAnnotation,
  type CocoDataset,
  type CocoImage,
  type CocoResult,
} from './io/coco.ts'
export { formatVoc, parseVoc, type VocAnnotation, type VocAnnotationObject } from './io/voc.ts'
export { formatYolo, parseYolo, type YoloLabel } from './io/yolo.ts'
export { formatMot, motFrames, parseMot, type MotRow, type TrackFrame } from './io/mot.ts'

// Shared
export type { TensorLike, Values } from './arrays.ts'
