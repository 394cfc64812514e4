import { ValueError } from '@lanewise/core'
import { cos, sin } from '../math.ts'
import { blankLike, channelsOf, storeRounded, type Picture } from '../transforms/picture.ts'
import { bilinearAt, composeMaps, invertMap, type Matrix3 } from '../transforms/warp.ts'

/**
 * A camera on a vehicle. The road's axes start below it: x ahead, y to the left, z up, in metres. Pixels count from the
 * upper left edge of the picture, so that the middle of the first one is 0.5, 0.5.
 */
export interface Camera {
  /** Focal lengths in pixels. */
  readonly focalX: number
  readonly focalY: number
  /** Where the optical axis meets the picture, in pixels. */
  readonly centerX: number
  readonly centerY: number
  /** Height above the road. */
  readonly heightM: number
  /** Downward tilt. Default 0. */
  readonly pitchRad?: number
  /** Turn to the left. Default 0. */
  readonly yawRad?: number
  /** Radial and tangential distortion k1, k2, p1, p2, k3, as OpenCV's. Default none. */
  readonly distortion?: readonly number[]
}

const checkCamera = (op: string, { focalX, focalY, heightM }: Camera): void => {
  if (focalX > 0 && focalY > 0 && heightM > 0) return
  throw new ValueError({
    op,
    problem: 'the camera is not usable',
    got: `focal lengths ${focalX} and ${focalY}, height ${heightM}`,
    expected: 'positive numbers',
  })
}

/** Rows of the turn from road to camera axes: right, down, ahead. */
const axes = ({ pitchRad = 0, yawRad = 0 }: Camera): readonly [number[], number[], number[]] => {
  const [cp, sp, cy, sy] = [cos(pitchRad), sin(pitchRad), cos(yawRad), sin(yawRad)]
  return [
    [sy, -cy, 0],
    [-sp * cy, -sp * sy, -cp],
    [cp * cy, cp * sy, -sp],
  ]
}

const dot = (a: readonly number[], x: number, y: number, z: number): number => a[0] * x + a[1] * y + a[2] * z

/** Where the lens puts a point that an ideal one would put at (x, y), both over the focal length. */
const distort = (
  x: number,
  y: number,
  [k1 = 0, k2 = 0, p1 = 0, p2 = 0, k3 = 0]: readonly number[],
): [number, number] => {
  const r2 = x * x + y * y
  const radial = 1 + r2 * (k1 + r2 * (k2 + r2 * k3))
  return [x * radial + 2 * p1 * x * y + p2 * (r2 + 2 * x * x), y * radial + p1 * (r2 + 2 * y * y) + 2 * p2 * x * y]
}

/**
 * Where a point of the world appears.
 * @returns pixel, or null behind the camera
 * @throws ValueError when a focal length or the height is not positive.
 * @example
 * const camera = { focalX: 500, focalY: 500, centerX: 320, centerY: 240, heightM: 1.5 }
 * projectPoint(camera, [10, 0, 0]) // => [320, 315]
 */
export const projectPoint = (
  camera: Camera,
  [x, y, z]: readonly [x: number, y: number, z: number],
): [x: number, y: number] | null => {
  checkCamera('projectPoint', camera)
  const [right, down, ahead] = axes(camera)
  const depth = dot(ahead, x, y, z - camera.heightM)
  if (!(depth > 0)) return null
  const [u, v] = distort(
    dot(right, x, y, z - camera.heightM) / depth,
    dot(down, x, y, z - camera.heightM) / depth,
    camera.distortion ?? [],
  )
  return [camera.centerX + camera.focalX * u, camera.centerY + camera.focalY * v]
}

/**
 * A pixel with the lens's distortion taken away.
 * @example
 * const camera = { focalX: 100, focalY: 100, centerX: 0, centerY: 0, heightM: 1, distortion: [0.1] }
 * undistortPoint(camera, 51.25, 0) // => [50, 0]
 */
export const undistortPoint = (camera: Camera, x: number, y: number): [x: number, y: number] => {
  const { focalX, focalY, centerX, centerY, distortion = [] } = camera
  const [u, v] = [(x - centerX) / focalX, (y - centerY) / focalY]
  let [a, b] = [u, v]
  // Newton's method with the Jacobian taken as the identity: each round shrinks the error by the distortion's size.
  for (let i = 0; i < 100; i++) {
    const [du, dv] = distort(a, b, distortion)
    a += u - du
    b += v - dv
    if (Math.abs(u - du) + Math.abs(v - dv) < 1e-14) break
  }
  return [centerX + focalX * a, centerY + focalY * b]
}

/**
 * The map from the road, x ahead and y left in metres, to pixels of an undistorted picture.
 * @throws ValueError when a focal length or the height is not positive.
 * @example
 * import { mapPoint } from '@lanewise/vision'
 * const camera = { focalX: 500, focalY: 500, centerX: 320, centerY: 240, heightM: 1.5 }
 * mapPoint(groundMap(camera), 10, 0) // => [320, 315]
 */
export const groundMap = (camera: Camera): Matrix3 => {
  checkCamera('groundMap', camera)
  const { focalX, focalY, centerX, centerY, heightM } = camera
  const [r, d, a] = axes(camera)
  const row = (focal: number, center: number, axis: readonly number[], k: number): number =>
    focal * axis[k] + center * a[k]
  const far = (focal: number, center: number, axis: readonly number[]): number => -heightM * row(focal, center, axis, 2)
  return [
    row(focalX, centerX, r, 0),
    row(focalX, centerX, r, 1),
    far(focalX, centerX, r),
    row(focalY, centerY, d, 0),
    row(focalY, centerY, d, 1),
    far(focalY, centerY, d),
    a[0],
    a[1],
    -heightM * a[2],
  ]
}

/**
 * The place on the road that a pixel shows.
 * @returns x ahead and y left in metres, or null at and above the horizon
 * @throws ValueError when a focal length or the height is not positive.
 * @example
 * const camera = { focalX: 500, focalY: 500, centerX: 320, centerY: 240, heightM: 1.5 }
 * groundPoint(camera, 320, 315) // => [10, 0]
 */
export const groundPoint = (camera: Camera, x: number, y: number): [x: number, y: number] | null => {
  checkCamera('groundPoint', camera)
  const [px, py] = undistortPoint(camera, x, y)
  const [right, down, ahead] = axes(camera)
  const [u, v] = [(px - camera.centerX) / camera.focalX, (py - camera.centerY) / camera.focalY]
  const ray = [0, 1, 2].map((k) => u * right[k] + v * down[k] + ahead[k])
  if (!(ray[2] < 0)) return null
  const t = -camera.heightM / ray[2]
  return [t * ray[0], t * ray[1]]
}

/**
 * The row of the horizon, in pixels.
 * @example
 * horizonRow({ focalX: 500, focalY: 500, centerX: 320, centerY: 240, heightM: 1.5 }) // => 240
 */
export const horizonRow = (camera: Camera): number => {
  checkCamera('horizonRow', camera)
  const { pitchRad = 0, centerY, focalY } = camera
  return centerY - (focalY * sin(pitchRad)) / cos(pitchRad)
}

/** A part of the road seen from above. */
export interface BirdsEyeOptions {
  /** Metres ahead, near and far edge. */
  readonly ahead: readonly [near: number, far: number]
  /** Metres to the side, right (negative) and left edge. */
  readonly side: readonly [right: number, left: number]
  readonly pixelsPerMeter: number
}

/** A view from above: far is up, left is left. */
export interface BirdsEye {
  readonly width: number
  readonly height: number
  /** From pixels of the undistorted camera picture to pixels of the view; for warpPicture. */
  readonly map: Matrix3
  /** From the road, x ahead and y left in metres, to pixels of the view. */
  readonly fromGround: Matrix3
}

/**
 * The view of a part of the road from above.
 * @throws ValueError when the part is empty or the camera not usable.
 * @example
 * const camera = { focalX: 500, focalY: 500, centerX: 320, centerY: 240, heightM: 1.5 }
 * birdsEye(camera, { ahead: [5, 25], side: [-5, 5], pixelsPerMeter: 10 }).height // => 200
 */
export const birdsEye = (
  camera: Camera,
  { ahead: [near, far], side: [right, left], pixelsPerMeter }: BirdsEyeOptions,
): BirdsEye => {
  const width = Math.round((left - right) * pixelsPerMeter)
  const height = Math.round((far - near) * pixelsPerMeter)
  if (!(width > 0 && height > 0 && pixelsPerMeter > 0)) {
    throw new ValueError({
      op: 'birdsEye',
      problem: 'the part of the road is empty',
      got: `${near} to ${far} m ahead, ${right} to ${left} m aside, ${pixelsPerMeter} pixels each`,
    })
  }
  const s = pixelsPerMeter
  const fromGround: Matrix3 = [0, -s, left * s, -s, 0, far * s, 0, 0, 1]
  return { width, height, fromGround, map: composeMaps(fromGround, invertMap(groundMap(camera))) }
}

/**
 * The picture that an ideal lens would have given.
 * @throws ValueError when the camera is not usable.
 * @example
 * const camera = { focalX: 9, focalY: 9, centerX: 1, centerY: 0.5, heightM: 1 }
 * undistortPicture({ data: Uint8Array.of(7, 8), width: 2, height: 1 }, camera).data // => [7, 8]
 */
export const undistortPicture = (picture: Picture, camera: Camera): Picture => {
  checkCamera('undistortPicture', camera)
  const { focalX, focalY, centerX, centerY, distortion = [] } = camera
  const channels = channelsOf(picture)
  const values = new Float32Array(picture.data.length)
  for (let y = 0, o = 0; y < picture.height; y++) {
    for (let x = 0; x < picture.width; x++, o += channels) {
      const [u, v] = distort((x + 0.5 - centerX) / focalX, (y + 0.5 - centerY) / focalY, distortion)
      bilinearAt(picture, channels, centerX + focalX * u - 0.5, centerY + focalY * v - 0.5, null, values, o)
    }
  }
  return storeRounded(blankLike(picture, picture.width, picture.height), values)
}
