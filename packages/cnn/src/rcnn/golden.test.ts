import {
  Conv2d,
  copyInto,
  Flatten,
  Linear,
  manualSeed,
  MaxPool2d,
  Module,
  mul,
  noGrad,
  rand,
  ReLU,
  scope,
  Sequential,
  Sgd,
  Tanh,
  type Tensor,
} from '@lanewise/core'
import { describe, expect, it } from 'vitest'
import type { PyramidBackbone } from '../faster-rcnn/faster-rcnn.ts'
import type { RegionPool } from '../faster-rcnn/roi-heads.ts'
import { resizeBoxes, sizeOfImage } from '../faster-rcnn/transform.ts'
import { goldenArrays, relativeError } from '../testing/arrays.ts'
import { FastRcnn, roiMaxPool } from './fast-rcnn.ts'
import { Rcnn, warpRegions } from './rcnn.ts'

// As in tools/golden/cnn_rcnn.py, with room for every region, so that none is drawn.
const proposals = [
  [
    [4, 4, 30, 30],
    [8, 10, 28, 33],
    [20, 5, 60, 39],
    [0, 0, 10, 10],
    [33, 20, 47, 36],
    [2, 2, 61, 38],
  ].flat(),
  [
    [1, 3, 40, 25],
    [10, 10, 50, 50],
    [30, 30, 46, 58],
    [25, 28, 48, 60],
    [5, 40, 20, 55],
  ].flat(),
]
const targets = [
  { boxes: [6, 8, 29, 32, 24, 4, 58, 40], labels: [1, 2] },
  { boxes: [28, 30, 47, 59], labels: [2] },
]
const imagesOf = (): Tensor[] => [rand([3, 40, 62]), rand([3, 60, 52])]
const regions = proposals.map((own) => Float32Array.from(own))

const rcnn = (): Rcnn => {
  const features = new Sequential(
    new Conv2d(3, 6, 3, { stride: 2, padding: 1 }),
    new Tanh(),
    new Flatten(),
    new Linear(6 * 36, 24),
    new Tanh(),
  )
  const room = { batchSizePerImage: 64, positiveFraction: 0.5 }
  return new Rcnn(features, { numClasses: 3, featureSize: 24, warpSize: 12, scoreThreshold: -0.9, ...room })
}

/** Scores and codes of the proposals. */
const rawOfRcnn = (model: Rcnn, images: readonly Tensor[]): [Tensor, Tensor] => {
  const seen = model.features.forward(warpRegions(images, regions, 12)) as Tensor
  return [model.svm.forward(seen), model.bbox_pred.forward(seen)]
}

/** Two stages in the manner of VGG: one map at a quarter of the image's size. */
class Trunk extends Module<[x: Tensor], Tensor[]> implements PyramidBackbone {
  readonly outChannels = 6
  readonly body = new Sequential(
    new Conv2d(3, 4, 3, { padding: 1 }),
    new ReLU(),
    new MaxPool2d(2),
    new Conv2d(4, 6, 3, { padding: 1 }),
    new ReLU(),
    new MaxPool2d(2),
  )
  forward(x: Tensor): Tensor[] {
    return [this.body.forward(x)]
  }
}

const fastRcnn = (pool: RegionPool | undefined): FastRcnn => {
  const room = { batchSizePerImage: 64, positiveFraction: 0.5 }
  return new FastRcnn(new Trunk(), {
    numClasses: 3,
    minSize: 48,
    maxSize: 80,
    imageMean: [0.4, 0.5, 0.6],
    imageStd: [0.2, 0.3, 0.4],
    sizeDivisible: 16,
    box: { ...(pool && { pool }), poolSize: 4, representationSize: 24, scoreThreshold: 0.2, ...room },
  })
}

/** The recording's factors on two weights, which set the scores apart. */
const setApart = (model: FastRcnn): void => {
  const { box_predictor, box_head } = model.roi_heads
  noGrad(() => [box_predictor.cls_score.weight, box_head.fc6.weight].forEach((w) => copyInto(w, mul(w, 4))))
}

const rawOfFast = (model: FastRcnn, images: readonly Tensor[]): [Tensor, Tensor] => {
  const batch = model.transform.batch(images, true)
  const resized = regions.map((own, i) => resizeBoxes(own, sizeOfImage(images[i]), batch.sizes[i]))
  const outputs = model.roi_heads.classify(model.backbone.forward(batch.images), resized, batch.sizes)
  return [outputs.classLogits, outputs.boxRegression]
}

interface Subject {
  readonly model: Rcnn | FastRcnn
  readonly images: Tensor[]
  readonly raw: [Tensor, Tensor]
}

/** Draws in the recording's order: the weights, then the images. */
const subjectOf = <M extends Rcnn | FastRcnn>(
  build: () => M,
  prepare: (model: M) => void,
  raw: (model: M, images: readonly Tensor[]) => [Tensor, Tensor],
): Subject => {
  manualSeed(0)
  const model = build()
  const images = imagesOf()
  prepare(model)
  return { model, images, raw: noGrad(() => raw(model, images)) }
}

const fastSubject = (pool?: RegionPool): Subject => subjectOf(() => fastRcnn(pool), setApart, rawOfFast)

describe.each([
  ['rcnn', 0.05, (): Subject => subjectOf(rcnn, () => {}, rawOfRcnn)],
  ['fast-rcnn-max', 0.02, (): Subject => fastSubject(roiMaxPool)],
  ['fast-rcnn-align', 0.02, (): Subject => fastSubject()],
] as const)('%s, put together from torchvision', (name, lr, make) => {
  const recorded = goldenArrays(new URL(`./__golden__/${name}.json`, import.meta.url))

  it('gives the same scores and codes, losses, and gradient of every parameter', () => {
    const { model, images, raw } = make()
    expect(raw.map((x) => x.shape)).toEqual([recorded['scores'].shape, recorded['codes'].shape])
    expect(relativeError(raw[0].dataSync(), recorded['scores'].data)).toBeLessThan(1e-6)
    expect(relativeError(raw[1].dataSync(), recorded['codes'].data)).toBeLessThan(1e-6)
    const { classifier, boxReg, total } = model.forward(images, proposals, targets).losses!
    const [first, second] = recorded['losses'].data
    expect(relativeError([classifier.item(), boxReg.item()], [first, second])).toBeLessThan(1e-6)
    total.backward()
    const names = [...model.namedParameters()].map(([path]) => path)
    expect(names.map((path) => `gradient ${path}`).sort()).toEqual(
      Object.keys(recorded)
        .filter((key) => key.startsWith('gradient '))
        .sort(),
    )
    for (const [path, p] of model.namedParameters())
      expect(relativeError(p.grad!.dataSync(), recorded[`gradient ${path}`].data), path).toBeLessThan(1e-5)
  })

  it('takes the same steps, and finds the same after them', () => {
    const { model, images } = make()
    const optimizer = new Sgd(model.parameters(), { lr, momentum: 0.9 })
    const losses: number[] = []
    for (let step = 0; step < recorded['losses'].shape[0]; step++) {
      scope(() => {
        const { classifier, boxReg, total } = model.forward(images, proposals, targets).losses!
        optimizer.zeroGrad()
        total.backward()
        optimizer.step()
        losses.push(classifier.item(), boxReg.item())
      })
      if (step > 0) continue
      const state = model.stateDict()
      for (const [key, { data }] of Object.entries(recorded))
        if (key.startsWith('stepped '))
          expect(relativeError(state.get(key.slice(8))!.dataSync(), data), key).toBeLessThan(1e-6)
    }
    // Rounding grows by the step.
    expect(relativeError(losses, recorded['losses'].data)).toBeLessThan(1e-5)
    const { detections } = model.eval().forward(images, proposals)
    detections.forEach((found, i) => {
      expect(Array.from(found.labels)).toEqual(Array.from(recorded[`found labels ${i}`].data))
      expect(relativeError(found.scores, recorded[`found scores ${i}`].data)).toBeLessThan(1e-4)
      expect(relativeError(found.boxes, recorded[`found boxes ${i}`].data)).toBeLessThan(1e-4)
    })
  })
})

it('max pooling takes one map', () => {
  const maps = [rand([1, 6, 4, 4]), rand([1, 6, 2, 2])]
  expect(() =>
    roiMaxPool(maps, [Float32Array.of(0, 0, 4, 4)], { outputSize: 1, imageSizes: [{ width: 8, height: 8 }] }),
  ).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: roiMaxPool: there is not one feature map; got 2 maps, expected one. Use a backbone without a pyramid, or leave the default pool.]`,
  )
})
