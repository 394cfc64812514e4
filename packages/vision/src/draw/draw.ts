import { ShapeError } from '@lanewise/core'
import { countRows } from '../arrays.ts'
import { anchorOf, TrackMemory, type ZoneTrack } from '../track/zones.ts'
import type { Color, Surface } from './surface.ts'

/**
 * A colour that is far from those of the neighbouring numbers: steps of the golden angle around the colour circle.
 * @example
 * colorOf(0) // => [255, 64, 64]
 */
export const colorOf = (id: number): Color => {
  const hue = (((id * 0.6180339887498949) % 1) + 1) % 1
  const part = (shift: number): number => {
    const t = (hue + shift) % 1
    const v = t < 1 / 6 ? 6 * t : t < 1 / 2 ? 1 : t < 2 / 3 ? 4 - 6 * t : 0
    return Math.round(64 + 191 * v)
  }
  return [part(1 / 3), part(0), part(2 / 3)]
}

const white: Color = [255, 255, 255]

/** White on dark colours, black on light ones. */
const inkOn = ([red, green, blue]: Color): Color =>
  0.299 * red + 0.587 * green + 0.114 * blue > 150 ? [0, 0, 0] : white

const dark: Color = [0, 0, 0, 0.6]

/** Options of {@link drawBoxes}. */
export interface DrawBoxesOptions {
  /** Text of each box. */
  readonly texts?: readonly string[]
  /** Colour of each box, or of all. Default {@link colorOf} of its place. */
  readonly colors?: Color | readonly Color[]
  /** Default 2. */
  readonly widthPx?: number
}

const isOne = (colors: Color | readonly Color[]): colors is Color => typeof colors[0] === 'number'

const pick = (colors: Color | readonly Color[] | undefined, i: number): Color =>
  colors === undefined || colors.length === 0 ? colorOf(i) : isOne(colors) ? colors : colors[i % colors.length]

/**
 * Boxes with their texts.
 * @param boxes - xyxy in pixels, [N, 4]
 * @throws ShapeError when the numbers are not a multiple of 4.
 * @example
 * const picture = { data: new Uint8Array(25), width: 5, height: 5 }
 * drawBoxes(rasterSurface(picture), [1.5, 1.5, 3.5, 3.5], { colors: [255, 255, 255], widthPx: 1 })
 * const pixels = [picture.data[6], picture.data[12]] // => [255, 0]
 */
export const drawBoxes = (
  surface: Surface,
  boxes: ArrayLike<number>,
  { texts = [], colors, widthPx = 2 }: DrawBoxesOptions = {},
): void => {
  const n = countRows('drawBoxes', 'boxes', boxes, 4)
  for (let i = 0; i < n; i++) {
    const [x1, y1, x2, y2] = [boxes[4 * i], boxes[4 * i + 1], boxes[4 * i + 2], boxes[4 * i + 3]]
    const color = pick(colors, i)
    surface.polyline([x1, y1, x2, y1, x2, y2, x1, y2], color, widthPx, true)
    const text = texts[i]
    if (!text) continue
    const [, h] = surface.textSize(text)
    surface.text(text, x1, y1 >= h ? y1 - h : y1, inkOn(color), [color[0], color[1], color[2], 0.8])
  }
}

/** Options of {@link drawMasks}. */
export interface DrawMasksOptions {
  /** Colour of each mask, or of all. Default {@link colorOf} of its place. */
  readonly colors?: Color | readonly Color[]
  /** Default 0.5. */
  readonly opacity?: number
}

/**
 * Instance masks, translucent.
 * @param masks - not 0 where set, [N, height, width] of the surface's size
 * @throws ShapeError when the numbers do not fill whole masks.
 * @example
 * const picture = { data: new Uint8Array(2), width: 2, height: 1 }
 * drawMasks(rasterSurface(picture), Uint8Array.of(0, 1), { colors: [255, 255, 255], opacity: 1 })
 * picture.data // => [0, 255]
 */
export const drawMasks = (
  surface: Surface,
  masks: Uint8Array,
  { colors, opacity = 0.5 }: DrawMasksOptions = {},
): void => {
  const plane = surface.width * surface.height
  const n = countRows('drawMasks', 'masks', masks, plane)
  for (let i = 0; i < n; i++) {
    const [r, g, b] = pick(colors, i)
    surface.mask(masks.subarray(i * plane, (i + 1) * plane), [r, g, b, opacity])
  }
}

/** Options of {@link drawLabelMap}. */
export interface DrawLabelMapOptions {
  /** Colour of each label. Default {@link colorOf}. */
  readonly palette?: readonly Color[]
  /** Default 0.5. */
  readonly opacity?: number
  /** Labels that are left out, such as 255. Default none. */
  readonly skip?: readonly number[]
}

/**
 * A map of labels, translucent.
 * @param labels - [height, width] of the surface's size
 * @throws ShapeError when the labels do not fill the surface.
 * @example
 * const picture = { data: new Uint8Array(2), width: 2, height: 1 }
 * drawLabelMap(rasterSurface(picture), [0, 1], { palette: [[0, 0, 0], [255, 255, 255]], opacity: 1 })
 * picture.data // => [0, 255]
 */
export const drawLabelMap = (surface: Surface, labels: ArrayLike<number>, options: DrawLabelMapOptions = {}): void => {
  const { palette, opacity = 0.5, skip = [] } = options
  if (labels.length !== surface.width * surface.height) {
    throw new ShapeError({
      op: 'drawLabelMap',
      problem: 'the labels do not fill the surface',
      got: `${labels.length} for ${surface.width}x${surface.height}`,
    })
  }
  const mask = new Uint8Array(labels.length)
  for (const label of new Set(Array.from(labels))) {
    if (skip.includes(label)) continue
    for (let i = 0; i < mask.length; i++) mask[i] = labels[i] === label ? 1 : 0
    const [r, g, b] = pick(palette, label)
    surface.mask(mask, [r, g, b, opacity])
  }
}

/**
 * Remembers where tracks have been, for their tails.
 * @example
 * const trails = new Trails(2)
 * trails.update([{ id: 1, box: [0, 0, 4, 8] }])
 * trails.of(1) // => [2, 8]
 */
export class Trails {
  readonly #length: number
  readonly #points: TrackMemory<number[]>

  /** @param length - points of a tail. Default 30 */
  constructor(length = 30) {
    this.#length = length
    this.#points = new TrackMemory(length)
  }

  /**
   * Takes the tracks of one frame in.
   * @throws ValueError at an id that appears twice or a box that is not finite; nothing has changed then.
   */
  update(tracks: readonly ZoneTrack[]): void {
    this.#points.begin('Trails.update', tracks)
    for (const { id, box } of tracks) {
      const points = this.#points.get(id) ?? []
      points.push(...anchorOf(box, 'bottom'))
      if (points.length > 2 * this.#length) points.splice(0, points.length - 2 * this.#length)
      this.#points.set(id, points)
    }
  }

  /** The tail of a track, x, y, x, y, ..., oldest first. */
  of(id: number): readonly number[] {
    return this.#points.get(id) ?? []
  }

  /** Forgets all tracks. */
  reset(): void {
    this.#points.clear()
  }
}

/**
 * Tracks, each in the colour of its id, with their tails where given.
 * @example
 * const picture = { data: new Uint8Array(300), width: 10, height: 10 }
 * drawTracks(rasterSurface(picture), [{ id: 1, box: [1, 1, 8, 8] }])
 * picture.data.some((v) => v > 0) // => true
 */
export const drawTracks = (surface: Surface, tracks: readonly ZoneTrack[], trails?: Trails): void => {
  for (const { id, box } of tracks) {
    const tail = trails?.of(id) ?? []
    if (tail.length > 2) surface.polyline(tail, colorOf(id), 2)
    drawBoxes(surface, box, { texts: [String(id)], colors: colorOf(id) })
  }
}

/** Options of {@link drawKeypoints}. */
export interface DrawKeypointsOptions {
  /** Pairs of points that are joined. Default none. */
  readonly skeleton?: readonly (readonly [number, number])[]
  readonly color?: Color
  /** Default 3. */
  readonly radiusPx?: number
}

/**
 * Key-points of one object and the lines between them. Points that are not finite are left out.
 * @param points - x and y of each, [K, 2]
 * @example
 * const picture = { data: new Uint8Array(9), width: 3, height: 3 }
 * drawKeypoints(rasterSurface(picture), [1.5, 1.5], { color: [255, 255, 255], radiusPx: 0.5 })
 * picture.data // => [0, 0, 0, 0, 255, 0, 0, 0, 0]
 */
export const drawKeypoints = (
  surface: Surface,
  points: ArrayLike<number>,
  options: DrawKeypointsOptions = {},
): void => {
  const { skeleton = [], color = colorOf(0), radiusPx = 3 } = options
  for (const [i, j] of skeleton) {
    surface.polyline(
      [points[2 * i], points[2 * i + 1], points[2 * j], points[2 * j + 1]],
      color,
      Math.max(1, radiusPx / 2),
    )
  }
  for (let k = 0; k + 1 < points.length; k += 2) surface.disc(points[k], points[k + 1], radiusPx, color)
}

/** Options of {@link drawCurve}. */
export interface DrawCurveOptions {
  /** Where on the surface. Default all of it. */
  readonly area?: readonly [x1: number, y1: number, x2: number, y2: number]
  /** Values at the left, right, lower and upper edge. Default the extent of the data. */
  readonly range?: readonly [x1: number, x2: number, y1: number, y2: number]
  readonly color?: Color
  /** Default none. */
  readonly title?: string
}

/**
 * A curve in a frame, such as precision over recall or a loss.
 * @param xs - [N]
 * @param ys - [N]
 * @throws ShapeError when there are not as many of both.
 * @example
 * const picture = { data: new Uint8Array(400), width: 20, height: 20 }
 * drawCurve(rasterSurface(picture), [0, 1], [0, 1], { color: [255, 255, 255] })
 * picture.data[10 * 20 + 9] // => 255
 */
export const drawCurve = (
  surface: Surface,
  xs: ArrayLike<number>,
  ys: ArrayLike<number>,
  options: DrawCurveOptions = {},
): void => {
  if (xs.length !== ys.length) {
    throw new ShapeError({ op: 'drawCurve', problem: 'not as many x as y', got: `${xs.length} and ${ys.length}` })
  }
  const {
    area: [ax1, ay1, ax2, ay2] = [4, 4, surface.width - 4, surface.height - 4],
    color = colorOf(0),
    title,
  } = options
  const extent = (v: ArrayLike<number>): [number, number] => {
    const known = Array.from(v).filter(Number.isFinite)
    return known.length === 0
      ? [0, 1]
      : [known.reduce((a, b) => Math.min(a, b)), known.reduce((a, b) => Math.max(a, b))]
  }
  const [x1, x2, y1, y2] = options.range ?? [...extent(xs), ...extent(ys)]
  const place = (v: number, from: number, to: number, low: number, high: number): number =>
    low + ((v - from) / (to === from ? 1 : to - from)) * (high - low)
  surface.polyline([ax1, ay1, ax2, ay1, ax2, ay2, ax1, ay2], [160, 160, 160], 1, true)
  const points = Array.from({ length: xs.length }, (_, i) => [
    place(xs[i], x1, x2, ax1, ax2),
    place(ys[i], y1, y2, ay2, ay1),
  ])
  surface.polyline(points.filter((p) => p.every(Number.isFinite)).flat(), color, 1.5)
  if (title) surface.text(title, ax1 + 2, ay1 + 2, white, dark)
}
