import { describe, expect, it } from 'vitest'
import type { Detections } from '../detections.ts'
import { draws, drawBoxes, golden, worstError } from '../testing/golden.ts'
import { decodeBoxHead, decodeRetinaNet, decodeSsd, filterProposals } from './detectors.ts'
import { connectedComponents, segmentationMap } from './segmentation.ts'
import { decodeYoloDfl, decodeYoloV3, decodeYoloV5, decodeYoloV8 } from './yolo.ts'

const want = golden(new URL('./__golden__/detectors.json', import.meta.url))
const scaled = (seed: number, n: number, scale: number, shift = 0): Float32Array =>
  draws(seed, n).map((v) => Math.fround(v * scale) - shift)

// Scores pass through exp, boxes through exp and sums of up to 130 pixels: 1e-6 of the value.
const same = (got: Omit<Detections, 'labels'> & Partial<Detections>, name: string): void => {
  if (got.labels) expect(got.labels).toEqual(want[`${name} labels`].data)
  expect(worstError(got.scores, want[`${name} scores`].data)).toBeLessThan(1e-6)
  expect(worstError(got.boxes, want[`${name} boxes`].data)).toBeLessThan(1e-6)
}

const A = 150
const C = 6
const anchors = drawBoxes(1, A)
const imageSize = { width: 130, height: 110 }

describe("decoders of torchvision's detectors", () => {
  it('SSD', () => {
    const outputs = { boxRegression: scaled(2, 4 * A, 4, 2), classLogits: scaled(3, A * C, 6), anchors }
    same(decodeSsd(outputs, { imageSize, scoreThreshold: 0.15, topK: 40, maxDetections: 60 }), 'ssd')
  })

  it('RetinaNet', () => {
    const logits = scaled(4, A * C, 8, 6)
    const boxes = scaled(5, A * 4, 1, 0.5)
    const levels = [
      [0, 100],
      [100, 150],
    ].map(([from, to]) => ({
      classLogits: logits.subarray(from * C, to * C),
      boxRegression: boxes.subarray(4 * from, 4 * to),
      anchors: anchors.subarray(4 * from, 4 * to),
    }))
    same(decodeRetinaNet(levels, { imageSize, scoreThreshold: 0.5, topK: 70, maxDetections: 50 }), 'retina')
  })

  it('the region proposal network', () => {
    const outputs = {
      objectness: scaled(7, A, 6, 3),
      boxRegression: scaled(6, 4 * A, 1, 0.5),
      anchors,
      levels: [100, 50],
    }
    const options = { imageSize, preNmsTopN: 60, postNmsTopN: 40, nmsThreshold: 0.6, scoreThreshold: 0.3 }
    same(filterProposals(outputs, options), 'rpn')
  })

  it('the box head of Faster R-CNN', () => {
    const outputs = { classLogits: scaled(8, A * C, 7), boxRegression: scaled(9, A * C * 4, 6, 3), proposals: anchors }
    same(decodeBoxHead(outputs, { imageSize, maxDetections: 45 }), 'head')
  })

  it('give nothing for no anchors', () => {
    const none = { classLogits: [], boxRegression: [], anchors: [] }
    expect(decodeSsd(none, { imageSize }).scores.length).toBe(0)
    expect(decodeRetinaNet([none], { imageSize }).scores.length).toBe(0)
    expect(decodeBoxHead({ ...none, proposals: [] }, { imageSize }).scores.length).toBe(0)
    expect(filterProposals({ ...none, objectness: [], levels: [] }, { imageSize }).scores.length).toBe(0)
  })

  it('name what does not fit', () => {
    const outputs = { boxRegression: [0, 0, 0, 0], classLogits: [1, 2, 3], anchors: [0, 0, 1, 1, 0, 0, 2, 2] }
    expect(() => decodeSsd(outputs, { imageSize })).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: decodeSsd: class logits per anchor do not have 2 numbers each; got 3 numbers, expected a multiple of 2.]`,
    )
    expect(() => decodeRetinaNet([outputs], { imageSize })).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: decodeRetinaNet: the numbers of boxes and anchors do not match; got 4, expected 8.]`,
    )
    const proposals = { ...outputs, objectness: [1], levels: [2] }
    expect(() => filterProposals(proposals, { imageSize })).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: filterProposals: the levels and scores do not match; got 2, expected 1.]`,
    )
  })
})

describe('decoders of YOLO', () => {
  const grids = [
    {
      grid: [6, 8],
      stride: 16,
      anchors: [
        [30, 20],
        [10, 50],
      ],
    },
    {
      grid: [3, 4],
      stride: 32,
      anchors: [
        [90, 60],
        [40, 120],
      ],
    },
  ] as const
  const levels = grids.map((level, k) => ({
    ...level,
    output: scaled(20 + k, 2 * 8 * level.grid[0] * level.grid[1], 6, 3),
  }))

  it('v3, v5 and v8 follow their formulas', () => {
    same(decodeYoloV3(levels, { classes: 3 }), 'yolo3')
    same(decodeYoloV5(levels, { classes: 3 }), 'yolo5')
    same(
      decodeYoloV8(
        draws(30, 420).map((v, i) => (i < 120 ? v * 100 : i < 240 ? v * 40 : v)),
        { classes: 3 },
      ),
      'yolo8',
    )
  })

  it('the anchor-free levels follow their formula', () => {
    const free = grids.map(({ grid, stride }, k) => ({
      grid,
      stride,
      box: scaled(40 + k, 32 * grid[0] * grid[1], 6),
      classLogits: scaled(42 + k, 3 * grid[0] * grid[1], 8, 5),
    }))
    same(decodeYoloDfl(free, { classes: 3 }), 'dfl')
  })

  it('name what does not fit', () => {
    const level = { ...grids[0], output: [1, 2], box: [1, 2], classLogits: [1] }
    expect(() => decodeYoloV5([level], { classes: 3 })).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: decodeYoloV5: the output and its level do not match; got 2, expected 768.]`,
    )
    expect(() => decodeYoloV8([1, 2, 3], { classes: 3 })).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: decodeYoloV8: the output and its classes do not match; got 3, expected 0.]`,
    )
    expect(() => decodeYoloDfl([level], { classes: 3 })).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: decodeYoloDfl: an output does not fit its level; got 2 box and 1 class logits for 6x8, expected 4 * bins and 3 planes of 48.]`,
    )
  })
})

describe('segmentation', () => {
  const seg = golden(new URL('./__golden__/segmentation.json', import.meta.url))

  it('chooses and resizes as torch', () => {
    const logits = draws(50, 5 * 7 * 9)
    const options = { classes: 5, width: 9, height: 7 }
    expect([...segmentationMap(logits, options)]).toEqual([...seg.same.data])
    expect([...segmentationMap(logits, { ...options, outputSize: { width: 33, height: 20 } })]).toEqual([
      ...seg.up.data,
    ])
    expect([...segmentationMap(logits, { ...options, outputSize: { width: 5, height: 4 } })]).toEqual([
      ...seg.down.data,
    ])
    expect(() => segmentationMap(logits, { ...options, classes: 4 })).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: segmentationMap: the logits and their size do not match; got 315, expected 252.]`,
    )
  })

  it.each([4, 8] as const)('finds the components of SciPy, connectivity %s', (connectivity) => {
    const mask = draws(51, 1200).map((v) => (v > Math.fround(0.55) ? 1 : 0))
    const { labels, components } = connectedComponents(mask, { width: 40, height: 30, connectivity })
    expect(labels).toEqual(seg[`labels ${connectivity}`].data)
    expect(components.map((c) => c.area)).toEqual([...seg[`areas ${connectivity}`].data])
    expect(components.flatMap((c) => c.box)).toEqual([...seg[`boxes ${connectivity}`].data])
    expect(
      worstError(
        components.flatMap((c) => c.centroid),
        seg[`centroids ${connectivity}`].data,
      ),
    ).toBeLessThan(1e-13)
  })

  it('joins an arm that meets late', () => {
    const cup = [1, 0, 1, 1, 0, 1, 1, 1, 1]
    expect(connectedComponents(cup, { width: 3, height: 3 }).components).toHaveLength(1)
  })
})
