import { ValueError } from '@lanewise/core'
import { hypot } from '../math.ts'
import { channelsOf, colorChannels, isBytes, type Picture } from '../transforms/picture.ts'
import { glyphRows } from './font.ts'

/** Red, green, blue from 0 to 255, and opacity from 0 to 1, by default 1. */
export type Color = readonly [red: number, green: number, blue: number, opacity?: number]

/** What can be drawn on: a picture in memory or a canvas. Coordinates are in pixels from the upper left edge. */
export interface Surface {
  readonly width: number
  readonly height: number
  /** A line through points x, y, x, y, ... */
  polyline(points: ArrayLike<number>, color: Color, widthPx: number, closed?: boolean): void
  /** A filled polygon. */
  polygon(points: ArrayLike<number>, color: Color): void
  /** A dot. */
  disc(x: number, y: number, radiusPx: number, color: Color): void
  /** Every pixel where the mask, [height, width], is not 0. */
  mask(mask: ArrayLike<number>, color: Color): void
  /** A line of text with its upper left corner at x, y, on a background where one is given. */
  text(text: string, x: number, y: number, color: Color, background?: Color): void
  /** Width and height of a line of text. */
  textSize(text: string): [width: number, height: number]
}

/** Mixes a colour into a pixel. */
const mixer = (picture: Picture): ((pixel: number, color: Color, share: number) => void) => {
  const channels = channelsOf(picture)
  const colors = colorChannels(picture)
  const scale = isBytes(picture) ? 1 : 1 / 255
  const { data } = picture
  return (pixel, [red, green, blue, opacity = 1], share) => {
    const s = opacity * share
    if (!(s > 0)) return
    const i = pixel * channels
    const put = (c: number, v: number): void => {
      const mixed = data[i + c] * (1 - s) + v * scale * s
      data[i + c] = data instanceof Float32Array ? mixed : Math.round(mixed)
    }
    if (colors < 3) put(0, 0.299 * red + 0.587 * green + 0.114 * blue)
    else {
      put(0, red)
      put(1, green)
      put(2, blue)
    }
    if (colors < channels) put(colors, 255)
  }
}

const distanceTo = (px: number, py: number, x1: number, y1: number, x2: number, y2: number): number => {
  const [dx, dy] = [x2 - x1, y2 - y1]
  const length = dx * dx + dy * dy
  const t = length > 0 ? Math.min(1, Math.max(0, ((px - x1) * dx + (py - y1) * dy) / length)) : 0
  const [ex, ey] = [px - x1 - t * dx, py - y1 - t * dy]
  return hypot(ex, ey)
}

/** The part of a segment that can touch a picture with `reach` pixels around it, or null. */
const clipSegment = (
  x1: number,
  y1: number,
  x2: number,
  y2: number,
  width: number,
  height: number,
  reach: number,
): [number, number, number, number] | null => {
  let [from, to] = [0, 1]
  const [dx, dy] = [x2 - x1, y2 - y1]
  for (const [p, q] of [
    [-dx, x1 + reach],
    [dx, width + reach - x1],
    [-dy, y1 + reach],
    [dy, height + reach - y1],
  ]) {
    if (p === 0 && q < 0) return null
    if (p < 0) from = Math.max(from, q / p)
    if (p > 0) to = Math.min(to, q / p)
  }
  return from <= to ? [x1 + from * dx, y1 + from * dy, x1 + to * dx, y1 + to * dy] : null
}

/**
 * A picture to draw on; its pixels change. Edges of lines are smoothed. Parts outside of the picture are left out, and
 * so are points that are not finite.
 * @throws ShapeError when the data do not fill the picture.
 * @example
 * const picture = { data: new Uint8Array(9), width: 3, height: 3 }
 * rasterSurface(picture).polygon([1, 1, 2, 1, 2, 2, 1, 2], [255, 255, 255])
 * picture.data // => [0, 0, 0, 0, 255, 0, 0, 0, 0]
 */
export const rasterSurface = (picture: Picture): Surface => {
  const { width, height } = picture
  const mix = mixer(picture)
  // Coverage of a line is gathered first, so that joints of translucent lines are not drawn twice.
  const cover = new Float32Array(width * height)
  const paint = (color: Color, left: number, top: number, right: number, bottom: number): void => {
    for (let y = Math.max(0, top); y <= Math.min(height - 1, bottom); y++) {
      for (let x = Math.max(0, left); x <= Math.min(width - 1, right); x++) {
        mix(y * width + x, color, cover[y * width + x])
        cover[y * width + x] = 0
      }
    }
  }
  const polyline: Surface['polyline'] = (points, color, widthPx, closed = false) => {
    const n = points.length >> 1
    const reach = widthPx / 2 + 1
    let [left, top, right, bottom] = [width, height, -1, -1]
    for (let k = 0; k < (closed ? n : n - 1); k++) {
      const j = (k + 1) % n
      const cut = clipSegment(points[2 * k], points[2 * k + 1], points[2 * j], points[2 * j + 1], width, height, reach)
      if (cut === null || !cut.every(Number.isFinite)) continue
      const [x1, y1, x2, y2] = cut
      const box = [
        Math.min(x1, x2) - reach,
        Math.min(y1, y2) - reach,
        Math.max(x1, x2) + reach,
        Math.max(y1, y2) + reach,
      ].map(Math.floor)
      left = Math.min(left, box[0])
      top = Math.min(top, box[1])
      right = Math.max(right, box[2])
      bottom = Math.max(bottom, box[3])
      for (let y = Math.max(0, box[1]); y <= Math.min(height - 1, box[3]); y++) {
        for (let x = Math.max(0, box[0]); x <= Math.min(width - 1, box[2]); x++) {
          const share = widthPx / 2 + 0.5 - distanceTo(x + 0.5, y + 0.5, x1, y1, x2, y2)
          const i = y * width + x
          if (share > cover[i]) cover[i] = Math.min(1, share)
        }
      }
    }
    paint(color, left, top, right, bottom)
  }
  const polygon: Surface['polygon'] = (points, color) => {
    const n = points.length
    for (let y = 0; y < height; y++) {
      const crossings: number[] = []
      for (let i = 0, j = n - 2; i < n; j = i, i += 2) {
        const [y1, y2] = [points[i + 1], points[j + 1]]
        if (y1 > y + 0.5 === y2 > y + 0.5) continue
        crossings.push(points[i] + ((y + 0.5 - y1) / (y2 - y1)) * (points[j] - points[i]))
      }
      crossings.sort((a, b) => a - b)
      for (let k = 0; k + 1 < crossings.length; k += 2) {
        const last = Math.min(width - 1, Math.ceil(crossings[k + 1] - 0.5) - 1)
        for (let x = Math.max(0, Math.ceil(crossings[k] - 0.5)); x <= last; x++) mix(y * width + x, color, 1)
      }
    }
  }
  const text: Surface['text'] = (line, x, y, color, background) => {
    const [w, h] = textSize(line)
    if (background) polygon([x, y, x + w, y, x + w, y + h, x, y + h], background)
    ;[...line].forEach((character, k) => {
      glyphRows(character).forEach((row, dy) => {
        for (let dx = 0; dx < 5; dx++) {
          const [px, py] = [Math.round(x) + 1 + 6 * k + dx, Math.round(y) + 1 + dy]
          const inside = px >= 0 && py >= 0 && px < width && py < height
          if (inside && (row >> (4 - dx)) & 1) mix(py * width + px, color, 1)
        }
      })
    })
  }
  return {
    width,
    height,
    polyline,
    polygon,
    text,
    textSize,
    disc: (x, y, radiusPx, color) => polyline([x, y, x, y], color, 2 * radiusPx),
    mask: (mask, color) => {
      checkMask(mask, width, height)
      for (let i = 0; i < mask.length; i++) if (mask[i] !== 0) mix(i, color, 1)
    },
  }
}

const textSize = (line: string): [number, number] => [6 * [...line].length + 1, 9]

const checkMask = (mask: ArrayLike<number>, width: number, height: number): void => {
  if (mask.length === width * height) return
  throw new ValueError({
    op: 'Surface.mask',
    problem: 'the mask does not fit',
    got: `${mask.length} pixels for ${width}x${height}`,
  })
}

/** The part of a canvas's 2D context that is drawn with; that of a browser's canvas or OffscreenCanvas fits. */
export interface CanvasContext {
  readonly canvas: { readonly width: number; readonly height: number }
  lineWidth: number
  lineJoin: string
  lineCap: string
  strokeStyle: unknown
  fillStyle: unknown
  font: string
  textBaseline: string
  /** Starts a new path. */
  beginPath(): void
  /** Joins the end of the path to its start. */
  closePath(): void
  /** Starts a line at a point. */
  moveTo(x: number, y: number): void
  /** Draws a line to a point. */
  lineTo(x: number, y: number): void
  /** Draws an arc around a point. */
  arc(x: number, y: number, radius: number, from: number, to: number): void
  /** Draws the path. */
  stroke(): void
  /** Fills the path. */
  fill(rule?: 'evenodd'): void
  /** Fills a rectangle. */
  fillRect(x: number, y: number, width: number, height: number): void
  /** Writes text. */
  fillText(text: string, x: number, y: number): void
  /** The width that text takes. */
  measureText(text: string): { readonly width: number }
}

const css = ([red, green, blue, opacity = 1]: Color): string => `rgba(${red}, ${green}, ${blue}, ${opacity})`

/**
 * A canvas to draw on.
 * @param fontPx - height of text. Default 12
 * @example
 * ```ts no-run needs a canvas
 * const context = document.querySelector('canvas').getContext('2d')
 * drawBoxes(canvasSurface(context), [10, 10, 50, 40], { texts: ['car'] })
 * ```
 */
export const canvasSurface = (context: CanvasContext, fontPx = 12): Surface => {
  const { width, height } = context.canvas
  const path = (points: ArrayLike<number>, closed: boolean): void => {
    context.beginPath()
    for (let i = 0; i + 1 < points.length; i += 2) {
      if (i === 0) context.moveTo(points[i], points[i + 1])
      else context.lineTo(points[i], points[i + 1])
    }
    if (closed) context.closePath()
  }
  const setFont = (): void => {
    context.font = `${fontPx}px sans-serif`
    context.textBaseline = 'top'
  }
  const measure = (line: string): [number, number] => {
    setFont()
    return [context.measureText(line).width + 4, fontPx + 4]
  }
  return {
    width,
    height,
    polyline: (points, color, widthPx, closed = false) => {
      path(points, closed)
      context.lineWidth = widthPx
      context.lineJoin = 'round'
      context.lineCap = 'round'
      context.strokeStyle = css(color)
      context.stroke()
    },
    polygon: (points, color) => {
      path(points, true)
      context.fillStyle = css(color)
      context.fill('evenodd')
    },
    disc: (x, y, radiusPx, color) => {
      context.beginPath()
      context.arc(x, y, radiusPx, 0, 2 * Math.PI)
      context.fillStyle = css(color)
      context.fill()
    },
    mask: (mask, color) => {
      checkMask(mask, width, height)
      context.fillStyle = css(color)
      for (let y = 0; y < height; y++) {
        for (let x = 0; x < width; x++) {
          const start = x
          while (x < width && mask[y * width + x] !== 0) x++
          if (x > start) context.fillRect(start, y, x - start, 1)
        }
      }
    },
    text: (line, x, y, color, background) => {
      if (background) {
        context.fillStyle = css(background)
        context.fillRect(x, y, ...measure(line))
      }
      setFont()
      context.fillStyle = css(color)
      context.fillText(line, x + 2, y + 2)
    },
    textSize: measure,
  }
}
