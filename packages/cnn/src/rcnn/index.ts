export { FastRcnn, roiMaxPool, type FastRcnnOptions, type RegionLosses, type RegionResult } from './fast-rcnn.ts'
export { Rcnn, warpRegions, type RcnnOptions } from './rcnn.ts'
