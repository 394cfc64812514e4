// Geometry of the road as a camera on a vehicle sees it.
export {
  birdsEye,
  groundMap,
  groundPoint,
  horizonRow,
  projectPoint,
  undistortPicture,
  undistortPoint,
  type BirdsEye,
  type BirdsEyeOptions,
  type Camera,
} from './camera.ts'
export { timeToCollision, timeToCollisionFromSizes } from './collision.ts'
export { findHomography } from './homography.ts'
export {
  findLanes,
  laneMask,
  laneX,
  polyFit,
  type FindLanesOptions,
  type LaneCurve,
  type LaneMaskOptions,
  type Lanes,
} from './lanes.ts'
