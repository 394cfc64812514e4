import { readFileSync } from 'node:fs'
import { Conv2d, Flatten, Linear, manualSeed, rand, scope, Sequential, Sgd, Tanh, type Tensor } from '@lanewise/core'
import { expect, it } from 'vitest'
import { relativeError } from '../testing/arrays.ts'
import { Rcnn } from './rcnn.ts'

interface Recorded {
  readonly sizes: [number, number][]
  readonly proposals: number[][][]
  readonly objects: number[][][]
  readonly labels: number[][]
  readonly classifier: number
  readonly boxReg: number
  readonly gradients: Record<string, number[]>
  /** Of 20 steps of SGD with momentum. */
  readonly steps: number[]
  /** After them. */
  readonly weights: Record<string, number[]>
  readonly detections: { boxes: number[]; scores: number[]; labels: number[] }[]
}

const recorded: Recorded = JSON.parse(readFileSync(new URL('__golden__/rcnn.json', import.meta.url), 'utf8'))
const proposals = recorded.proposals.map((boxes) => boxes.flat())
const targets = recorded.objects.map((boxes, i) => ({ boxes: boxes.flat(), labels: recorded.labels[i] }))

/** The model of tools/golden/cnn_rcnn.py and its images: the same draws; room for every region, so that none is drawn. */
const build = (): { model: Rcnn; images: Tensor[] } => {
  manualSeed(0)
  const features = new Sequential(
    new Conv2d(3, 6, 3, { stride: 2, padding: 1 }),
    new Tanh(),
    new Flatten(),
    new Linear(6 * 36, 24),
    new Tanh(),
  )
  const model = new Rcnn(features, {
    numClasses: 3,
    featureSize: 24,
    warpSize: 12,
    scoreThreshold: -0.9,
    batchSizePerImage: 64,
    positiveFraction: 0.5,
  })
  return { model, images: recorded.sizes.map(([h, w]) => rand([3, h, w])) }
}

it("gives the losses and gradients of torchvision's parts", () => {
  const { model, images } = build()
  const { classifier, boxReg, total } = model.forward(images, proposals, targets).losses!
  expect(relativeError([classifier.item(), boxReg.item()], [recorded.classifier, recorded.boxReg])).toBeLessThan(1e-6)
  total.backward()
  const gradients = new Map([...model.namedParameters()].map(([name, p]) => [name, p.grad!.dataSync()]))
  expect([...gradients.keys()]).toEqual(expect.arrayContaining(Object.keys(recorded.gradients)))
  for (const [name, expected] of Object.entries(recorded.gradients))
    expect(relativeError(gradients.get(name)!, expected), name).toBeLessThan(1e-5)
})

it('learns and detects as they do', () => {
  const { model, images } = build()
  const optimizer = new Sgd(model.parameters(), { lr: 0.05, momentum: 0.9 })
  const losses = recorded.steps.map(() =>
    scope(() => {
      const { total } = model.forward(images, proposals, targets).losses!
      optimizer.zeroGrad()
      total.backward()
      optimizer.step()
      return total.item()
    }),
  )
  // Rounding grows by the step.
  expect(relativeError(losses, recorded.steps)).toBeLessThan(1e-5)
  const state = model.stateDict()
  for (const [name, expected] of Object.entries(recorded.weights))
    expect(relativeError(state.get(name)!.dataSync(), expected), name).toBeLessThan(1e-4)
  const { detections } = model.eval().forward(images, proposals)
  expect(detections.map((d) => Array.from(d.labels))).toEqual(recorded.detections.map((d) => d.labels))
  detections.forEach((found, i) => {
    expect(relativeError(found.scores, recorded.detections[i].scores)).toBeLessThan(1e-4)
    expect(relativeError(found.boxes, recorded.detections[i].boxes)).toBeLessThan(1e-4)
  })
})
