export { segmenter, type Segmentation, type SegmenterOptions, type SegmentShare } from './segmenter.ts'
