import { describe, expect, it } from 'vitest'
import { draws, worstError } from '../testing/golden.ts'
import { mapPoint, warpPicture } from '../transforms/warp.ts'
import {
  birdsEye,
  groundMap,
  groundPoint,
  horizonRow,
  projectPoint,
  undistortPicture,
  undistortPoint,
  type Camera,
} from './camera.ts'
import { timeToCollision, timeToCollisionFromSizes } from './collision.ts'
import { findHomography } from './homography.ts'
import { findLanes, laneMask, laneX, polyFit } from './lanes.ts'

const camera: Camera = {
  focalX: 600,
  focalY: 580,
  centerX: 330,
  centerY: 190,
  heightM: 1.4,
  pitchRad: 0.05,
  yawRad: -0.03,
}

describe('the camera', () => {
  const places = [
    [6, 0],
    [20, -3],
    [45, 4.5],
  ] as const

  it('shows a place of the road at the pixel that shows it', () => {
    for (const lens of [camera, { ...camera, distortion: [-0.2, 0.05, 0.001, -0.002, 0.01] }]) {
      for (const [x, y] of places) {
        const [u, v] = projectPoint(lens, [x, y, 0]) ?? [NaN, NaN]
        expect(worstError(groundPoint(lens, u, v) ?? [], [x, y])).toBeLessThan(1e-9)
      }
    }
    for (const [x, y] of places)
      expect(worstError(mapPoint(groundMap(camera), x, y), projectPoint(camera, [x, y, 0]) ?? [])).toBeLessThan(1e-12)
  })

  it('by hand: straight ahead, to the left, up', () => {
    const straight = { focalX: 500, focalY: 500, centerX: 320, centerY: 240, heightM: 1.5 }
    expect(projectPoint(straight, [10, 1, 0])).toEqual([270, 315])
    expect(projectPoint(straight, [10, 0, 1.5])).toEqual([320, 240])
    expect(projectPoint(straight, [-1, 0, 0])).toBeNull()
    expect(groundPoint(straight, 320, 240)).toBeNull()
  })

  it('has its horizon where far places converge', () => {
    const far = projectPoint({ ...camera, yawRad: 0 }, [1e7, 0, 0]) ?? [0, 0]
    expect(far[1]).toBeCloseTo(horizonRow(camera), 3)
  })

  it('undoes its lens in points and pictures', () => {
    const lens = { ...camera, distortion: [-0.15, 0.02] }
    const bent = projectPoint(lens, [15, 3, 0.5]) ?? [0, 0]
    expect(worstError(undistortPoint(lens, bent[0], bent[1]), projectPoint(camera, [15, 3, 0.5]) ?? [])).toBeLessThan(
      1e-10,
    )
    const small = { ...lens, focalX: 40, focalY: 40, centerX: 20, centerY: 15 }
    const ramp = { data: Float32Array.from({ length: 1200 }, (_, i) => (i % 40) / 40), width: 40, height: 30 }
    const out = undistortPicture(ramp, small)
    // The value at a pixel is the place in the bent picture that it came from.
    const [x, y] = [9.5, 8.5]
    const from = out.data[8 * 40 + 9] * 40 + 0.5
    expect(undistortPoint(small, from, (y - 15) * ((from - 20) / (x - 20)) + 15)[0]).toBeCloseTo(x, 1)
  })

  it('is refused without focal length or height', () => {
    expect(() => projectPoint({ ...camera, focalX: 0 }, [1, 0, 0])).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: projectPoint: the camera is not usable; got focal lengths 0 and 580, height 1.4, expected positive numbers.]`,
    )
    expect(() =>
      birdsEye(camera, { ahead: [5, 5], side: [-1, 1], pixelsPerMeter: 10 }),
    ).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: birdsEye: the part of the road is empty; got 5 to 5 m ahead, -1 to 1 m aside, 10 pixels each.]`,
    )
  })
})

describe('the view from above', () => {
  it('puts road places where they belong, and pixels with them', () => {
    const view = birdsEye(camera, { ahead: [5, 25], side: [-4, 4], pixelsPerMeter: 10 })
    expect([view.width, view.height]).toEqual([80, 200])
    expect(worstError(mapPoint(view.fromGround, 15, 1), [30, 100])).toBeLessThan(1e-12)
    const [u, v] = projectPoint(camera, [15, 1, 0]) ?? [0, 0]
    expect(worstError(mapPoint(view.map, u, v), [30, 100])).toBeLessThan(1e-10)
  })
})

describe('findHomography', () => {
  const truth = [1.2, 0.1, 5, -0.2, 0.9, 3, 0.001, -0.002, 1] as const
  const from = draws(1, 40).map((v) => v * 100)
  const to = Float64Array.from(from, (_, i) => mapPoint(truth, from[i - (i % 2)], from[i - (i % 2) + 1])[i % 2])

  it('is exact on exact points, four or many', () => {
    expect(worstError(findHomography(from.subarray(0, 8), to.subarray(0, 8)), truth)).toBeLessThan(1e-8)
    expect(worstError(findHomography(from, to), truth)).toBeLessThan(1e-8)
  })

  it('evens noise out', () => {
    const noise = draws(2, 40)
    const noisy = to.map((v, i) => v + noise[i] - 0.5)
    const found = findHomography(from, noisy)
    const errors = Array.from(from, (_, i) => mapPoint(found, from[i - (i % 2)], from[i - (i % 2) + 1])[i % 2] - to[i])
    // 40 numbers with noise of deviation 0.29 for 8 unknowns: 0.29 sqrt(8 / 40) = 0.13 is expected, twice that allowed.
    expect(Math.sqrt(errors.reduce((sum, e) => sum + e * e, 0) / 40)).toBeLessThan(0.26)
  })

  it('refuses points that do not fix a map', () => {
    expect(() => findHomography([0, 0, 1, 1], [0, 0, 1, 1])).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: findHomography: the points do not match; got 4 and 4 numbers, expected x and y of four points or more.]`,
    )
    expect(() => findHomography([0, 0, 1, 1, 2, 2, 3, 3], [0, 0, 1, 1, 2, 2, 3, 3])).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: findHomography: the points do not fix a map. Take points that do not lie on a line.]`,
    )
  })
})

describe('lanes', () => {
  const [width, height] = [160, 240]
  const curves = { left: [60, -0.15, 0.0004] as const, right: [130, -0.15, 0.0004] as const }
  const painted = (dashed: boolean) =>
    Uint8Array.from({ length: width * height }, (_, i) => {
      const [x, y] = [(i % width) + 0.5, Math.floor(i / width) + 0.5]
      if (dashed && y % 60 < 25) return Math.abs(x - laneX(curves.right, y)) < 2.5 ? 1 : 0
      return Math.min(Math.abs(x - laneX(curves.left, y)), Math.abs(x - laneX(curves.right, y))) < 2.5 ? 1 : 0
    })

  it.each([false, true])('are found to a tenth of a pixel, dashed %s', (dashed) => {
    const found = findLanes(painted(dashed), { width, height, meterPerPixelX: 0.05, meterPerPixelY: 0.1 })
    for (let y = 0; y <= height; y += 20) {
      expect(Math.abs(laneX(found.left ?? [0, 0, 0], y) - laneX(curves.left, y))).toBeLessThan(0.15)
      expect(Math.abs(laneX(found.right ?? [0, 0, 0], y) - laneX(curves.right, y))).toBeLessThan(0.15)
    }
    expect(found.widthM).toBeCloseTo(3.5, 1)
    expect(found.offsetM).toBeCloseTo(((laneX(curves.left, height) + laneX(curves.right, height)) / 2 - 80) * 0.05, 1)
  })

  it('know their radius and its side', () => {
    // A circle of 100 m to the left, 0.1 m a pixel both ways: x = R - sqrt(R² - s²) to the left, s upwards.
    const mask = new Uint8Array(width * height)
    for (const base of [60, 120]) {
      for (let y = 0; y < height; y++) {
        const s = (height - y - 0.5) * 0.1
        const x = base - (100 - Math.sqrt(10000 - s * s)) / 0.1
        for (let d = -2; d <= 2; d++) if (x + d >= 0) mask[y * width + Math.round(x + d)] = 1
      }
    }
    const found = findLanes(mask, { width, height, meterPerPixelX: 0.1, meterPerPixelY: 0.1 })
    expect(found.radiusM ?? 0).toBeGreaterThan(92)
    expect(found.radiusM ?? 0).toBeLessThan(108)
  })

  it('follow the curves of the frame before', () => {
    const before = findLanes(painted(false), { width, height })
    const clutter = painted(false)
    for (let y = 120; y < 240; y++) for (let x = 2; x < 8; x++) clutter[y * width + x] = 1
    const lost = findLanes(clutter, { width, height, margin: 10 })
    const kept = findLanes(clutter, { width, height, margin: 10, previous: before })
    expect(Math.abs(laneX(kept.left ?? [0, 0, 0], 200) - laneX(curves.left, 200))).toBeLessThan(0.2)
    expect(Math.abs(laneX(lost.left ?? [0, 0, 0], 200) - laneX(curves.left, 200))).toBeGreaterThan(5)
  })

  it('are null where nothing is marked', () => {
    expect(findLanes(new Uint8Array(width * height), { width, height })).toEqual({
      left: null,
      right: null,
      radiusM: null,
      offsetM: null,
      widthM: null,
    })
    expect(() => findLanes([], { width, height })).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: findLanes: the mask does not fit its size; got 0 pixels for 160x240.]`,
    )
    expect(() => findLanes(painted(false), { width, height, meterPerPixelX: 0 })).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: findLanes: a scale is not positive; got 0 and 1.]`,
    )
  })

  it('are marked by light and colour beside an edge, from a camera picture seen from above', () => {
    const view = birdsEye({ ...camera, yawRad: 0 }, { ahead: [6, 22], side: [-4, 4], pixelsPerMeter: 10 })
    const road = { data: new Uint8Array(640 * 360 * 3).fill(90), width: 640, height: 360 }
    for (let y = 0; y < 360; y++) {
      for (let x = 0; x < 640; x++) {
        const [ahead, side] = groundPoint({ ...camera, yawRad: 0 }, x + 0.5, y + 0.5) ?? [-1, 0]
        const white = ahead > 0 && Math.abs(side + 1.75) < 0.12
        const yellow = ahead > 0 && Math.abs(side - 1.75) < 0.12
        if (white || yellow) road.data.set(white ? [240, 240, 240] : [220, 180, 40], 3 * (y * 640 + x))
      }
    }
    const above = warpPicture(road, view.map, {
      width: view.width,
      height: view.height,
      interpolation: 'bilinear',
      fill: 90,
    })
    const found = findLanes(laneMask(above), { ...view, meterPerPixelX: 0.1, meterPerPixelY: 0.1 })
    expect(found.widthM ?? 0).toBeGreaterThan(3.4)
    expect(found.widthM ?? 0).toBeLessThan(3.6)
    expect(Math.abs(found.offsetM ?? 9)).toBeLessThan(0.05)
    expect(Math.abs(found.radiusM ?? 0)).toBeGreaterThan(300)
  })
})

describe('polyFit', () => {
  it('finds a polynomial far from zero', () => {
    const ys = Array.from({ length: 30 }, (_, i) => 1000 + i)
    const fit =
      polyFit(
        ys.map((y) => 3 - 0.02 * y + 0.001 * y * y),
        ys,
        2,
      ) ?? []
    expect(worstError(fit, [3, -0.02, 0.001])).toBeLessThan(1e-6)
    expect(polyFit([1, 2], [5, 5], 1)).toBeNull()
    expect(polyFit([1], [5], 1)).toBeNull()
    expect(() => polyFit([1], [], 0)).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: polyFit: not as many values as places; got 1 and 0.]`,
    )
  })
})

describe('time to collision', () => {
  it('from distance and speed, and from growth', () => {
    expect([timeToCollision(30, 10), timeToCollision(30, 0), timeToCollision(0, 5)]).toEqual([3, Infinity, 0])
    // 40 m away, closing at 8 m/s, seen with 900 pixels of focal length and 1.5 m high.
    const times = [0, 0.1, 0.2, 0.3]
    expect(
      timeToCollisionFromSizes(
        times,
        times.map((t) => (900 * 1.5) / (40 - 8 * t)),
      ),
    ).toBeCloseTo(40 / 8 - 0.3, 10)
    expect(timeToCollisionFromSizes([0, 1], [50, 40])).toBe(Infinity)
    expect(() => timeToCollision(-1, 2)).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: timeToCollision: not a distance and a speed; got -1 and 2.]`,
    )
    expect(() => timeToCollisionFromSizes([0], [1])).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: timeToCollisionFromSizes: too few measurements; got 1 times and 1 sizes, expected two or more of each.]`,
    )
    expect(() => timeToCollisionFromSizes([0, 0], [1, 2])).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: timeToCollisionFromSizes: not a size at a later time; got 2 at 0, expected positive sizes and ascending times.]`,
    )
  })
})
