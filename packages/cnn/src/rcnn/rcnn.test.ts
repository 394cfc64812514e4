import {
  AdaptiveAvgPool2d,
  Conv2d,
  Flatten,
  manualSeed,
  ReLU,
  scope,
  Sequential,
  Sgd,
  tensor,
  type Tensor,
} from '@lanewise/core'
import { boxIou, gridAnchors } from '@lanewise/vision'
import { describe, expect, it } from 'vitest'
import { ResNetFpn } from '../faster-rcnn/faster-rcnn.ts'
import { BasicBlock } from '../resnet/blocks.ts'
import { ResNet } from '../resnet/resnet.ts'
import { relativeError } from '../testing/arrays.ts'
import { FastRcnn, type RegionResult } from './fast-rcnn.ts'
import { Rcnn, warpRegions } from './rcnn.ts'

const side = 64

/** A black square with one bright box; the class is its colour. */
const scene = (label: number, [x1, y1, x2, y2]: readonly number[]): Tensor => {
  const pixels = new Float32Array(3 * side * side)
  for (let y = y1; y < y2; y++) for (let x = x1; x < x2; x++) pixels[(label * side + y) * side + x] = 1
  return tensor(pixels, { shape: [3, side, side] })
}

const boxes = [
  [10, 20, 34, 44],
  [24, 8, 60, 40],
]
const targets = boxes.map((box, i) => ({ boxes: box, labels: [i + 1] }))
const images = (): Tensor[] => boxes.map((box, i) => scene(i + 1, box))
const proposals = Array.from({ length: 2 }, () =>
  gridAnchors({
    sizes: [[24, 36]],
    aspectRatios: [[1]],
    grids: [[8, 8]],
    imageSize: { width: side, height: side },
  }),
)

const plain = { imageMean: [0.5, 0.5, 0.5], imageStd: [0.5, 0.5, 0.5] }

const fast = (): FastRcnn => {
  manualSeed(0)
  const network = new ResNet({ block: BasicBlock, layers: [1, 1, 1, 1], width: 8 })
  const box = { representationSize: 32, batchSizePerImage: 32, poolSize: 5 }
  return new FastRcnn(new ResNetFpn(network, 8), { numClasses: 3, minSize: side, box, ...plain })
}

const slow = (): Rcnn => {
  manualSeed(0)
  const features = new Sequential(
    new Conv2d(3, 8, 3, { stride: 2, padding: 1 }),
    new ReLU(),
    new Conv2d(8, 16, 3, { stride: 2, padding: 1 }),
    new ReLU(),
    new AdaptiveAvgPool2d(4),
    new Flatten(),
  )
  return new Rcnn(features, {
    numClasses: 3,
    featureSize: 256,
    warpSize: 16,
    batchSizePerImage: 32,
    positiveFraction: 0.5,
  })
}

type RegionModel = FastRcnn | Rcnn

const learn = (model: RegionModel, steps: number, lr: number): number => {
  const x = images()
  const optimizer = new Sgd(model.parameters(), { lr, momentum: 0.9 })
  let last = Infinity
  for (let step = 0; step < steps; step++) {
    last = scope(() => {
      const { total } = model.forward(x, proposals, targets).losses!
      optimizer.zeroGrad()
      total.backward()
      optimizer.step()
      return total.item()
    })
  }
  return last
}

const expectFound = ({ detections, losses }: RegionResult): void => {
  expect(losses).toBe(null)
  detections.forEach((found, i) => {
    expect(found.labels[0]).toBe(i + 1)
    expect(boxIou(found.boxes.subarray(0, 4), boxes[i])[0]).toBeGreaterThan(0.6)
  })
}

describe.each([
  ['Fast R-CNN', fast, { steps: 40, lr: 0.02, most: 0.4 }],
  ['R-CNN', slow, { steps: 80, lr: 0.05, most: 0.3 }],
] as const)('%s', (name, build, { steps, lr, most }) => {
  it('finds what it has learnt, in its place', () => {
    const model: RegionModel = build()
    expect(learn(model, steps, lr)).toBeLessThan(most)
    expectFound(model.eval().forward(images(), proposals))
  })

  it('gives every parameter a gradient but those of levels that no region is pooled from', () => {
    const model: RegionModel = build()
    model.forward(images(), proposals, targets).losses!.total.backward()
    const without = [...model.namedParameters()].filter(([, p]) => p.grad!.dataSync().every((g) => g === 0))
    expect(without.map(([path]) => path).filter((path) => !/fpn\.layer_blocks\.[123]/.test(path))).toEqual([])
  })

  it('finds nothing where nothing is proposed', () => {
    const model: RegionModel = build()
    const { detections } = model.eval().forward(images(), [[], proposals[1]])
    expect(detections[0].scores.length).toBe(0)
  })

  it('names wrong input', () => {
    const model: RegionModel = build()
    const [image] = images()
    const prefix = name === 'R-CNN' ? 'Rcnn' : 'FastRcnn'
    const message = (fn: () => unknown): string => {
      try {
        fn()
      } catch (error) {
        return String(error)
      }
      return 'nothing was thrown'
    }
    expect(message(() => model.forward([image], [], targets.slice(0, 1)))).toBe(
      `ValueError: ${prefix}: proposals and images do not match; got 0 lists for 1 images, expected one for each.`,
    )
    expect(message(() => model.forward([image], [[1, 2, 3]], targets.slice(0, 1)))).toBe(
      `ShapeError: ${prefix}: the proposals of image 0 are no boxes; got 3 numbers, expected 4 finite numbers for each: x1, y1, x2, y2.`,
    )
    expect(message(() => model.forward([image], [[]], [{ boxes: [], labels: [] }]))).toContain(
      'there is no region to train with; got neither proposals nor objects, expected a region in at least one image.',
    )
    expect(message(() => model.forward([image], [[1, 2, 3, 4]]))).toBe(
      `ValueError: ${prefix}: there are no targets to train with; expected boxes and labels of each image. Switch to evaluation with eval() to detect.`,
    )
    expect(message(() => model.forward([image], [[1, 2, 3, 4]], [{ boxes: [1, 1, 4, 4], labels: [3] }]))).toBe(
      `ValueError: ${prefix}: label 0 of target 0 is no class; got 3, expected 1 to 2, 0 being the background. Build the model with numClasses = classes + 1.`,
    )
  })
})

describe('R-CNN', () => {
  it('refuses a network that gives something else than features', () => {
    const model = new Rcnn(new Sequential(new Flatten()), { numClasses: 2, featureSize: 5, warpSize: 2 })
    expect(() => model.eval().forward(images(), proposals)).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: Rcnn: the network gives something else than features; got f32[256,12], expected [regions, 5].]`,
    )
    expect(() => new Rcnn(new Sequential(), { numClasses: 1, featureSize: 5 })).toThrowErrorMatchingInlineSnapshot(
      `[ValueError: Rcnn: numClasses does not fit; got 1, expected a whole number >= 2: the classes and the background.]`,
    )
  })

  it('gives margins of the hinge loss: nothing is found where all are below the threshold', () => {
    manualSeed(0)
    const options = { numClasses: 3, featureSize: 12, warpSize: 2, scoreThreshold: 1e6 }
    const model = new Rcnn(new Sequential(new Flatten()), options)
    expect(
      model
        .eval()
        .forward(images(), proposals)
        .detections.map((d) => d.scores.length),
    ).toEqual([0, 0])
  })
})

describe('warpRegions', () => {
  it('cuts regions out of images of different sizes', () => {
    const ramp = (height: number, width: number): Tensor =>
      tensor(
        Float32Array.from({ length: height * width }, (_, i) => i % width),
        { shape: [1, height, width] },
      )
    const squares = warpRegions(
      [ramp(6, 8), ramp(4, 12)],
      [Float32Array.of(2, 1, 6, 5), Float32Array.of(4, 0, 8, 4)],
      2,
    )
    expect(squares.shape).toEqual([2, 1, 2, 2])
    // Columns of pixels have their centres at whole numbers and a half: the left half of 2 to 6 is centred on 3.
    expect(relativeError(squares.dataSync(), [2.5, 4.5, 2.5, 4.5, 4.5, 6.5, 4.5, 6.5])).toBeLessThan(1e-6)
  })
})
