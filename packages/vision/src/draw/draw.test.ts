import { describe, expect, it } from 'vitest'
import { colorOf, drawBoxes, drawCurve, drawKeypoints, drawLabelMap, drawMasks, drawTracks, Trails } from './draw.ts'
import { glyphRows } from './font.ts'
import { canvasSurface, rasterSurface, type CanvasContext } from './surface.ts'

const blank = (width: number, height: number, channels = 1) => ({
  data: new Uint8ClampedArray(width * height * channels),
  width,
  height,
})
const at = ({ data, width }: ReturnType<typeof blank>, x: number, y: number): number => data[y * width + x]
const white = [255, 255, 255] as const

describe('a picture as surface', () => {
  it('fills the pixels whose middle is inside', () => {
    const p = blank(6, 5)
    rasterSurface(p).polygon([1, 1, 5, 1, 5, 3, 1, 3], white)
    expect(p.data.filter((v) => v === 255).length).toBe(8)
    expect([at(p, 1, 1), at(p, 4, 2), at(p, 5, 2), at(p, 1, 3)]).toEqual([255, 255, 0, 0])
  })

  it('draws lines of their width, smoothed, joints once', () => {
    const p = blank(20, 20)
    rasterSurface(p).polyline([2, 10, 18, 10], white, 4)
    expect([at(p, 10, 7), at(p, 10, 8), at(p, 10, 11), at(p, 10, 12)]).toEqual([0, 255, 255, 0])
    const q = blank(20, 20)
    rasterSurface(q).polyline([2, 2, 18, 18], white, 2)
    expect([at(q, 10, 10), at(q, 10, 12)]).toEqual([255, 22])
    const r = blank(20, 20)
    rasterSurface(r).polyline([5, 10, 10, 10, 15, 10], [255, 255, 255, 0.5], 6)
    expect([at(r, 7, 10), at(r, 10, 10), at(r, 12, 10)]).toEqual([128, 128, 128])
  })

  it('leaves out what lies outside or is not finite', () => {
    const p = blank(8, 8)
    const surface = rasterSurface(p)
    surface.polyline([-1e9, 4, 1e9, 4], white, 2)
    expect([at(p, 0, 4), at(p, 7, 4), at(p, 3, 7)]).toEqual([255, 255, 0])
    surface.polyline([NaN, 0, 5, 5], white, 2)
    surface.polyline([0, 20, 8, 20], white, 2)
    surface.disc(NaN, 1, 2, white)
    surface.text('8', -3, -3, white)
    expect(p.data.filter((v) => v > 0).length).toBeLessThan(8 * 4)
  })

  it('mixes colours by channel, opacity last', () => {
    const rgba = blank(1, 1, 4)
    rasterSurface(rgba).mask([1], [200, 100, 50, 0.5])
    expect([...rgba.data]).toEqual([100, 50, 25, 128])
    const grey = blank(1, 1)
    rasterSurface(grey).mask([1], [200, 100, 50])
    expect(grey.data[0]).toBe(Math.round(0.299 * 200 + 0.587 * 100 + 0.114 * 50))
    const float = { data: new Float32Array(3), width: 1, height: 1 }
    rasterSurface(float).mask([1], [255, 0, 51])
    expect([...float.data]).toEqual([1, 0, Math.fround(0.2)])
    expect(() => rasterSurface(grey).mask([1, 1], white)).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: Surface.mask: the mask does not fit; got 2 pixels for 1x1.]`,
    )
  })

  it('writes letters and digits', () => {
    const p = blank(14, 10)
    rasterSurface(p).text('H1', 0, 0, white)
    const rows = Array.from({ length: 9 }, (_, y) =>
      Array.from({ length: 13 }, (_, x) => (at(p, x, y) ? '#' : '.')).join(''),
    )
    expect(rows.slice(1, 8)).toEqual([
      '.#...#...#...',
      '.#...#..##...',
      '.#...#...#...',
      '.#####...#...',
      '.#...#...#...',
      '.#...#...#...',
      '.#...#..###..',
    ])
    expect(glyphRows('a')).toEqual(glyphRows('A'))
    expect(glyphRows('ß')).toEqual(glyphRows('?'))
  })
})

describe('drawings', () => {
  it('boxes, masks, labels, points and curves leave their marks', () => {
    const p = blank(40, 40, 3)
    const surface = rasterSurface(p)
    const rgb = (x: number, y: number) => [...p.data.subarray(3 * (y * 40 + x), 3 * (y * 40 + x) + 3)]
    drawBoxes(surface, [5, 15, 30, 35], { texts: ['car'], colors: [0, 255, 0] })
    expect(rgb(20, 15)).toEqual([0, 255, 0])
    expect(rgb(20, 25)).toEqual([0, 0, 0])
    const mask = new Uint8Array(1600)
    mask[25 * 40 + 20] = 1
    drawMasks(surface, mask, { colors: [[200, 0, 0]], opacity: 1 })
    expect(rgb(20, 25)).toEqual([200, 0, 0])
    const labels = new Uint8Array(1600).fill(255)
    labels[39] = 2
    drawLabelMap(surface, labels, { skip: [255], opacity: 1 })
    expect(rgb(39, 0)).toEqual([...colorOf(2)])
    drawKeypoints(surface, [10, 25, 14, 25], { skeleton: [[0, 1]], color: [9, 9, 9], radiusPx: 2 })
    expect(rgb(12, 25)).toEqual([9, 9, 9])
    drawCurve(surface, [0, 1], [0, 1], { color: [0, 0, 255], title: 'PR' })
    expect(rgb(20, 19)).toEqual([0, 0, 255])
    expect(() => drawBoxes(surface, [1, 2, 3])).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: drawBoxes: boxes do not have 4 numbers each; got 3 numbers, expected a multiple of 4.]`,
    )
    expect(() => drawCurve(surface, [1], [])).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: drawCurve: not as many x as y; got 1 and 0.]`,
    )
    expect(() => drawLabelMap(surface, [1])).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: drawLabelMap: the labels do not fill the surface; got 1 for 40x40.]`,
    )
  })

  it('tracks have tails of a limited length', () => {
    const trails = new Trails(3)
    for (let t = 0; t < 5; t++) trails.update([{ id: 1, box: [t, 0, t + 2, 4] }])
    expect(trails.of(1)).toEqual([3, 4, 4, 4, 5, 4])
    const p = blank(10, 10, 3)
    drawTracks(rasterSurface(p), [{ id: 1, box: [4, 0, 6, 4] }], trails)
    expect(p.data.some((v) => v > 0)).toBe(true)
    trails.reset()
    expect(trails.of(1)).toEqual([])
  })

  it('neighbouring ids have far colours', () => {
    for (let id = 0; id < 20; id++) {
      const [a, b] = [colorOf(id), colorOf(id + 1)]
      expect(Math.abs(a[0] - b[0]) + Math.abs(a[1] - b[1]) + Math.abs(a[2] - b[2])).toBeGreaterThan(150)
    }
  })
})

describe('a canvas as surface', () => {
  it('is drawn on with its own calls', () => {
    const calls: string[] = []
    const context: CanvasContext = {
      canvas: { width: 4, height: 2 },
      lineWidth: 0,
      lineJoin: '',
      lineCap: '',
      strokeStyle: '',
      fillStyle: '',
      font: '',
      textBaseline: '',
      beginPath: () => calls.push('begin'),
      closePath: () => calls.push('close'),
      moveTo: (x, y) => calls.push(`move ${x} ${y}`),
      lineTo: (x, y) => calls.push(`line ${x} ${y}`),
      arc: (x, y, r) => calls.push(`arc ${x} ${y} ${r}`),
      stroke: () => calls.push(`stroke ${context.lineWidth} ${String(context.strokeStyle)}`),
      fill: (rule) => calls.push(`fill ${rule ?? ''} ${String(context.fillStyle)}`),
      fillRect: (x, y, w, h) => calls.push(`rect ${x} ${y} ${w} ${h}`),
      fillText: (text, x, y) => calls.push(`text ${text} ${x} ${y} ${context.font}`),
      measureText: (text) => ({ width: text.length * 6 }),
    }
    const surface = canvasSurface(context)
    surface.polyline([0, 0, 1, 1], [1, 2, 3], 2)
    surface.polygon([0, 0, 1, 1, 0, 1], [1, 2, 3, 0.5])
    surface.disc(1, 2, 3, [1, 2, 3])
    surface.mask([0, 1, 1, 0, 1, 0, 0, 1], [1, 2, 3])
    surface.text('ab', 1, 1, [1, 2, 3], [4, 5, 6])
    expect(calls).toEqual([
      ...['begin', 'move 0 0', 'line 1 1', 'stroke 2 rgba(1, 2, 3, 1)'],
      ...['begin', 'move 0 0', 'line 1 1', 'line 0 1', 'close', 'fill evenodd rgba(1, 2, 3, 0.5)'],
      ...['begin', 'arc 1 2 3', 'fill  rgba(1, 2, 3, 1)'],
      ...['rect 1 0 2 1', 'rect 0 1 1 1', 'rect 3 1 1 1'],
      ...['rect 1 1 16 16', 'text ab 3 3 12px sans-serif'],
    ])
  })
})
