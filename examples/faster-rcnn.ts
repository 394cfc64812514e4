import { manualSeed, saveSafetensors, scope, Sgd, type Tensor } from '@lanewise/core'
import { detector, fasterRcnnResnet18Fpn, type FasterRcnn } from '@lanewise/cnn'
import { pictureToTensor } from '@lanewise/vision'
import type { Context, Metrics } from './lib/context.ts'
import { detectionSheet, measure } from './lib/detection-report.ts'
import { plot } from './lib/plot.ts'
import { kinds, sceneSize, streetSceneOf, type Kind, type Scene } from './lib/street-scenes.ts'

export const summary = 'Faster R-CNN learns to find cars, trucks, pedestrians and signs, then new things by a new head'

const firstKinds = kinds.slice(0, 4)
const newKinds = kinds.slice(4)

/** One size of the work: images of a step, steps of both trainings, held-out scenes. */
const sizes = {
  full: { batch: 8, steps: 450, headSteps: 150, heldOut: 200 },
  quick: { batch: 2, steps: 4, headSteps: 2, heldOut: 4 },
}

/** ResNet-18 of a quarter of the width, 64 channels of a small pyramid, anchors for small pictures. */
const build = (numClasses: number): FasterRcnn => {
  const ratios = [0.5, 1, 2]
  return fasterRcnnResnet18Fpn({
    numClasses,
    width: 16,
    outChannels: 32,
    minSize: sceneSize.height,
    maxSize: sceneSize.width,
    rpn: {
      anchors: { sizes: [[12], [20], [32], [48], [72]], aspectRatios: [ratios, ratios, ratios, ratios, ratios] },
      preNmsTopN: { train: 200, test: 100 },
      postNmsTopN: { train: 150, test: 60 },
      batchSizePerImage: 64,
    },
    box: { representationSize: 128, canonicalScale: 96, batchSizePerImage: 48 },
  })
}

interface Training {
  readonly label: string
  readonly kinds: readonly Kind[]
  readonly steps: number
  readonly batch: number
  readonly lr: number
  /** First scene; scenes are numbered from here. */
  readonly from: number
}

interface Curve {
  readonly name: string
  readonly points: (readonly [step: number, loss: number])[]
}

/**
 * SGD with momentum 0.9 and weight decay 5e-4. A rate of 1e-3 suits pre-trained weights; ours start from nothing:
 * the rate rises over the first 100 steps and falls to nothing over the last quarter.
 */
const train = async (
  model: FasterRcnn,
  { label, kinds: of, steps, batch, lr, from }: Training,
  { log, progress, signal }: Context,
): Promise<Curve[]> => {
  const optimizer = new Sgd(
    model.parameters().filter((p) => p.requiresGrad),
    { lr, momentum: 0.9, weightDecay: 5e-4 },
  )
  const [group] = optimizer.paramGroups
  const curves: Curve[] = ['classifier', 'box', 'objectness', 'proposal box'].map((name) => ({ name, points: [] }))
  const recent = [0, 0, 0, 0]
  const bar = progress(label, steps)
  for (let step = 0; step < steps; step++) {
    signal.throwIfAborted()
    if (group) group.lr = lr * Math.min(1, (step + 1) / 100, (4 * (steps - step)) / steps)
    const scenes = Array.from({ length: batch }, (_, i) => streetSceneOf(from + step * batch + i, of))
    const losses = scope(() => {
      const { total, classifier, boxReg, objectness, rpnBoxReg } = model.loss(imagesOf(scenes), targetsOf(scenes, of))
      optimizer.zeroGrad()
      total.backward()
      optimizer.step()
      return [classifier, boxReg, objectness, rpnBoxReg].map((x) => x.item())
    })
    losses.forEach((loss, k) => {
      recent[k] = step === 0 ? loss : 0.95 * (recent[k] ?? 0) + 0.05 * loss
      if (step % 5 === 0) curves[k]?.points.push([step, recent[k] ?? 0])
    })
    const sum = recent.reduce((a, b) => a + b)
    bar.update(step + 1, `loss ${sum.toFixed(3)}`)
    if ((step + 1) % 50 === 0)
      log(`${label}, step ${step + 1} of ${steps}: ${recent.map((v) => v.toFixed(3)).join(' + ')} = ${sum.toFixed(3)}`)
    if (step % 5 === 0) await new Promise((resume) => setImmediate(resume))
  }
  bar.stop()
  return curves
}

const imagesOf = (scenes: readonly Scene[]): Tensor[] => scenes.map(({ picture }) => pictureToTensor(picture))

const targetsOf = (scenes: readonly Scene[], of: readonly Kind[]): { boxes: number[]; labels: number[] }[] =>
  scenes.map(({ boxes, names }) => ({ boxes, labels: names.map((name) => 1 + of.findIndex((kind) => kind === name)) }))

/** Scenes that no training sees. */
const heldOutScenes = (count: number, of: readonly Kind[]): Scene[] =>
  Array.from({ length: count }, (_, i) => streetSceneOf(900_000_000 + i, of))

export const run = async (context: Context): Promise<Metrics> => {
  const { quick, seed, log, write } = context
  const { batch, steps, headSteps, heldOut } = quick ? sizes.quick : sizes.full
  manualSeed(seed)
  const model = build(firstKinds.length + 1)
  const parameters = model.parameters().reduce((n, p) => n + p.size, 0)
  log(`${parameters} parameters; scenes of ${sceneSize.width}x${sceneSize.height} with ${firstKinds.join(', ')}`)

  const start = performance.now()
  const from = 1_000_000 * (seed + 1)
  const curves = await train(model, { label: 'training', kinds: firstKinds, steps, batch, lr: 0.03, from }, context)
  const trainSeconds = (performance.now() - start) / 1000
  write('faster-rcnn-losses.svg', plot('Losses of Faster R-CNN', curves, 'step', 'loss'))
  const scenes = heldOutScenes(heldOut, firstKinds)
  const first = measure(model, scenes, firstKinds, context)
  write('faster-rcnn.safetensors', await saveSafetensors(model.stateDict()))
  const find = detector(model, { labels: firstKinds, scoreThreshold: 0.6 })
  write('faster-rcnn.png', detectionSheet(scenes.slice(0, 12), find))

  // What the body and the proposals know about things in a street serves for things of other classes too.
  model
    .train()
    .resetHead({ numClasses: newKinds.length + 1 })
    .freeze({ except: ['rpn', 'roi_heads'] })
  model.backbone.eval()
  const headStart = performance.now()
  const more = { label: 'new head', kinds: newKinds, steps: headSteps, batch, lr: 0.03, from: from + 500_000 }
  await train(model, more, context)
  const headSeconds = (performance.now() - headStart) / 1000
  const newScenes = heldOutScenes(heldOut, newKinds)
  const second = measure(model, newScenes, newKinds, context)
  const findNew = detector(model, { labels: newKinds, scoreThreshold: 0.6 })
  write('faster-rcnn-new-head.png', detectionSheet(newScenes.slice(0, 12), findNew))
  return {
    data: 'generated',
    map50: first.ap50,
    map: first.ap,
    ap50: first.perClass,
    newHeadMap50: second.ap50,
    newHeadMap: second.ap,
    newHeadAp50: second.perClass,
    parameters,
    steps,
    newHeadSteps: headSteps,
    trainSeconds,
    newHeadSeconds: headSeconds,
    imagesPerSecond: (steps * batch) / trainSeconds,
    detectionMs: first.millisecondsPerImage,
  }
}
