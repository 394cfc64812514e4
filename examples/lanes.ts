import { Generator } from '@lanewise/core'
import { drawBoxes, rasterSurface, warpPicture } from '@lanewise/vision'
import {
  birdsEye,
  findLanes,
  groundPoint,
  horizonRow,
  laneMask,
  laneX,
  projectPoint,
  type Camera,
  type LaneCurve,
  type Lanes,
} from '@lanewise/vision/driving'
import type { Context, Metrics } from './lib/context.ts'
import { blank, png, sheet, type Picture } from './lib/picture.ts'

export const summary = 'Lane finding on generated road pictures of known shape: mean error of the markings in pixels'

const camera: Camera = { focalX: 560, focalY: 560, centerX: 320, centerY: 150, heightM: 1.5, pitchRad: 0.04 }
const size = { width: 640, height: 360 }
const meterPerPixel = 0.05
const view = birdsEye(camera, { ahead: [5, 30], side: [-5, 5], pixelsPerMeter: 1 / meterPerPixel })

/** A marking's place to the left of the camera, `x` metres ahead. */
interface Road {
  readonly left: (x: number) => number
  readonly right: (x: number) => number
  readonly dashed: boolean
  readonly radiusM: number
  readonly light: number
  readonly shade: readonly [from: number, to: number]
}

const drawRoad = (generator: Generator): Road => {
  const draw = (from: number, to: number): number => from + (to - from) * generator.double()
  const radiusM = (generator.randint(2) === 1 ? 1 : -1) * draw(80, 600)
  const [shift, heading, lane] = [draw(-0.6, 0.6), draw(-0.03, 0.03), draw(3.2, 3.7)]
  const middle = (x: number): number => shift + heading * x + (x * x) / (2 * radiusM)
  const near = draw(6, 24)
  return {
    left: (x) => middle(x) + lane / 2,
    right: (x) => middle(x) - lane / 2,
    dashed: generator.randint(2) === 1,
    radiusM,
    light: draw(0.85, 1.1),
    shade: [near, near + draw(2, 8)],
  }
}

/** The place on the road that each pixel shows, or null in the sky. */
const groundOfPixels = (): ([x: number, y: number] | null)[] => {
  const horizon = horizonRow(camera)
  return Array.from({ length: size.width * size.height }, (_, i) => {
    const y = Math.floor(i / size.width) + 0.5
    return y > horizon ? groundPoint(camera, (i % size.width) + 0.5, y) : null
  })
}

/** What the camera sees of the road, with grain, a shadow across, and markings of 15 cm: yellow left, white right. */
const paintRoad = (road: Road, generator: Generator, ground: ReturnType<typeof groundOfPixels>): Picture => {
  const { width, height } = size
  const picture = blank(width, height, 3)
  const grain = generator.normal(new Float32Array(width * height), 0, 5)
  ground.forEach((place, i) => {
    let color = [150, 185, 220]
    if (place !== null) {
      const [ahead, side] = place
      const [left, right] = [road.left(ahead), road.right(ahead)]
      color = Math.abs(side - (left + right) / 2) < 4.2 ? [92, 92, 96] : [84, 112, 70]
      const dash = !road.dashed || ahead % 6 < 3.5
      if (Math.abs(side - left) < 0.075) color = [222, 180, 52]
      if (dash && Math.abs(side - right) < 0.075) color = [238, 238, 238]
      if (ahead > road.shade[0] && ahead < road.shade[1]) color = color.map((v) => v * 0.9)
    }
    const noise = grain[i] ?? 0
    color.forEach((v, c) => (picture.data[3 * i + c] = Math.max(0, Math.min(255, v * road.light + noise))))
  })
  return picture
}

/** Mean distance of a found curve from the road's, over the rows of the view, in pixels of the view; null when lost. */
const curveError = (found: LaneCurve | null, truth: (x: number) => number): number | null => {
  if (found === null) return null
  let sum = 0
  let n = 0
  for (let y = 10; y < view.height; y += 10, n++) {
    const ahead = 30 - y * meterPerPixel
    sum += Math.abs(laneX(found, y) - (5 - truth(ahead)) / meterPerPixel)
  }
  return sum / n
}

/** The picture with what was found, projected back. */
const overlay = (picture: Picture, lanes: Lanes): Picture => {
  const surface = rasterSurface(picture)
  for (const curve of [lanes.left, lanes.right]) {
    if (curve === null) continue
    const points: number[] = []
    for (let y = 0; y < view.height; y += 5) {
      const at = projectPoint(camera, [30 - y * meterPerPixel, 5 - laneX(curve, y) * meterPerPixel, 0])
      if (at !== null) points.push(...at)
    }
    surface.polyline(points, [230, 40, 40], 2)
  }
  const text = `OFFSET ${lanes.offsetM?.toFixed(2) ?? '-'} M, RADIUS ${lanes.radiusM?.toFixed(0) ?? '-'} M`
  drawBoxes(surface, [4, 14, 5, 15], { texts: [text], colors: [30, 30, 30] })
  return picture
}

export const run = async ({ quick, seed, signal, log, progress, write }: Context): Promise<Metrics> => {
  const generator = new Generator(seed)
  const count = quick ? 6 : 40
  const ground = groundOfPixels()
  const bar = progress('roads', count)
  const errors: number[] = []
  const offsets: number[] = []
  const pictures: Picture[] = []
  let lost = 0
  for (let i = 0; i < count; i++) {
    signal.throwIfAborted()
    const road = drawRoad(generator)
    const picture = paintRoad(road, generator, ground)
    const above = warpPicture(picture, view.map, { ...view, interpolation: 'bilinear' })
    const scale = { meterPerPixelX: meterPerPixel, meterPerPixelY: meterPerPixel }
    const lanes = findLanes(laneMask(above), { width: view.width, height: view.height, ...scale })
    for (const error of [curveError(lanes.left, road.left), curveError(lanes.right, road.right)]) {
      if (error === null) lost++
      else errors.push(error)
    }
    if (lanes.offsetM !== null) offsets.push(Math.abs(lanes.offsetM + (road.left(5) + road.right(5)) / 2))
    if (i < 6) pictures.push(overlay(picture, lanes))
    bar.update(i + 1)
    await new Promise((resume) => setImmediate(resume))
  }
  bar.stop()
  write('lanes.png', png(sheet(pictures, 2)))
  const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / Math.max(1, values.length)
  log(`${count} roads, markings off by ${mean(errors).toFixed(2)} pixels of 5 cm on average, ${lost} not found`)
  return {
    meanOffsetErrorPx: mean(errors),
    worstOffsetErrorPx: Math.max(...errors),
    meanVehicleOffsetErrorM: mean(offsets),
    lostMarkings: lost,
    roads: count,
  }
}
