import { existsSync } from 'node:fs'
import { join } from 'node:path'
import {
  crossEntropy,
  DataLoader,
  evaluate,
  Generator,
  imageDataset,
  manualSeed,
  noGrad,
  optim,
  scope,
  softmax,
  type ImageDataset,
} from '@lanewise/core'
import { cifar10Classes, dataFolders, readSafetensorsFile } from '@lanewise/core/node'
import { gaussianBlur } from '@lanewise/vision'
import { cifarResnet20, loadWeights, type CifarResNet } from '@lanewise/cnn'
import { cifar } from './lib/cifar.ts'
import type { Context, Metrics } from './lib/context.ts'
import { plot } from './lib/plot.ts'
import { train } from './lib/training.ts'

export const summary = 'A trained ResNet-20 learns six animals from few images, against one from nothing; then watched'

const animals = ['bird', 'cat', 'deer', 'dog', 'frog', 'horse']
const imagenet = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] }

/** The first `perClass` images of each animal, with labels from 0 to 5. */
const animalsOf = (from: ImageDataset, perClass: number): ImageDataset => {
  const classes = animals.map((name) => cifar10Classes.indexOf(name))
  const left = animals.map(() => perClass)
  const chosen = [...from.labels.keys()].filter((i) => {
    const animal = classes.indexOf(from.labels[i] ?? -1)
    if (animal < 0 || left[animal] === 0) return false
    left[animal] = (left[animal] ?? 0) - 1
    return true
  })
  const images = new Uint8Array(chosen.length * 3072)
  chosen.forEach((i, at) => images.set(from.images.subarray(i * 3072, (i + 1) * 3072), at * 3072))
  const labels = Uint8Array.from(chosen, (i) => classes.indexOf(from.labels[i] ?? -1))
  return imageDataset({ images, shape: [3, 32, 32], labels }, imagenet)
}

/** A change of an image's bytes [3, 32, 32]. */
type Corruption = (pixels: Uint8Array, generator: Generator) => Uint8Array

const clamped = (pixels: Uint8Array, f: (value: number, i: number) => number): Uint8Array =>
  Uint8Array.from(pixels, (v, i) => Math.max(0, Math.min(255, Math.round(f(v, i)))))

const corruptions: Readonly<Record<string, Corruption>> = {
  none: (pixels) => pixels,
  noise: (pixels, generator) => {
    const noise = generator.normal(new Float32Array(pixels.length), 0, 25)
    return clamped(pixels, (v, i) => v + (noise[i] ?? 0))
  },
  blur: (pixels) => {
    const planes = [0, 1, 2].map((c) => ({ data: pixels.subarray(c * 1024, (c + 1) * 1024), width: 32, height: 32 }))
    return Uint8Array.from(planes.flatMap((plane) => [...gaussianBlur(plane, 7, 1.5).data]))
  },
  dark: (pixels) => clamped(pixels, (v) => 0.35 * v),
  fog: (pixels) => clamped(pixels, (v) => 0.4 * v + 140),
}

const corrupted = (from: ImageDataset, corrupt: Corruption, seed: number): ImageDataset => {
  const generator = new Generator(seed)
  const images = new Uint8Array(from.images.length)
  for (let at = 0; at < images.length; at += 3072)
    images.set(corrupt(from.images.subarray(at, at + 3072), generator), at)
  return imageDataset({ images, shape: from.shape, labels: from.labels }, imagenet)
}

/** What can be seen of a model in use: how sure it is, and, where the truth is known later, how often right. */
const watch = (model: CifarResNet, images: ImageDataset): { confidence: number; accuracy: number } => {
  let [sure, right] = [0, 0]
  model.eval()
  for (const [x, y] of new DataLoader(images, { batchSize: 50 })) {
    scope(() => {
      const rows = noGrad(() => softmax(model.forward(x))).dataSync()
      y.dataSync().forEach((label, i) => {
        const row = rows.subarray(6 * i, 6 * i + 6)
        const best = Math.max(...row)
        sure += best
        if (row.indexOf(best) === label) right++
      })
    })
  }
  return { confidence: sure / images.size, accuracy: right / images.size }
}

const weightsIn = (root: string): string => {
  const found = dataFolders(root)
    .map((folder) => join(folder, 'resnet-cifar10/resnet20.safetensors'))
    .find((path) => existsSync(path))
  if (found !== undefined) return found
  throw new RangeError(
    'transfer: the trained weights are not here; expected resnet-cifar10/resnet20.safetensors below the data folder. Convert them from github.com/akamaster/pytorch_resnet_cifar10, or pass --data.',
  )
}

export const run = async (context: Context): Promise<Metrics> => {
  const { data, quick, seed, signal, log, write } = context
  const weights = weightsIn(data)
  const perClass = quick ? 5 : 25
  const images = animalsOf(await cifar({ data, signal, ...imagenet, limit: quick ? 100 : 1000 }), perClass)
  const all = await cifar({ data, signal, ...imagenet, train: false, ...(quick && { limit: 100 }) })
  const test = animalsOf(all, quick ? 5 : 200)
  log(`${images.size} images to learn from and ${test.size} to test, of ${animals.join(', ')}: ${all.source}`)
  const epochs = quick ? 1 : 12
  const teach = async (name: string, model: CifarResNet, lr: number, epochs: number): Promise<number[]> => {
    const loader = new DataLoader(images, { batchSize: 25, shuffle: true })
    const optimizer = optim.adam({ lr })
    const events = await train(context, name, model, { train: loader, loss: crossEntropy, optimizer, epochs })
    return events.map((e) => e.loss)
  }

  manualSeed(seed)
  const tuned = loadWeights(cifarResnet20(), await readSafetensorsFile(weights)).resetHead({
    numClasses: animals.length,
  })
  log('The new head alone, on frozen features:')
  const head = await teach('transfer-head', tuned.freeze({ except: ['linear'] }), 1e-2, quick ? 1 : 6)
  log('The whole network, in small steps:')
  const whole = await teach('transfer-whole', tuned.unfreeze(), 1e-4, quick ? 1 : 6)
  manualSeed(seed)
  const fresh = cifarResnet20({ numClasses: animals.length })
  log('The same images from nothing:')
  const nothing = await teach('transfer-from-nothing', fresh, 3e-3, epochs)
  write('transfer.svg', lossPlot([...head, ...whole], nothing))

  const loader = new DataLoader(test, { batchSize: 50 })
  const [a, b] = [
    await evaluate(tuned, loader, { loss: crossEntropy, signal }),
    await evaluate(fresh, loader, { loss: crossEntropy, signal }),
  ]
  log(`fine-tuned ${percent(a['accuracy'] ?? 0)}, from nothing ${percent(b['accuracy'] ?? 0)}`)

  const stream = animalsOf(all, quick ? 3 : 50)
  const seen: Record<string, { confidence: number; accuracy: number; alarm: boolean }> = {}
  for (const [name, corrupt] of Object.entries(corruptions)) {
    signal.throwIfAborted()
    const figures = watch(tuned, corrupted(stream, corrupt, seed))
    // In use only the confidence is known: a fall of 5 points below that on clean images is worth a look.
    const alarm = figures.confidence < (seen['none']?.confidence ?? 0) - 0.05
    seen[name] = { ...figures, alarm }
    log(
      `${name}: confidence ${percent(figures.confidence)}, accuracy ${percent(figures.accuracy)}${alarm ? ', alarm' : ''}`,
    )
    await new Promise((resume) => setImmediate(resume))
  }
  return {
    testAccuracy: a['accuracy'] ?? 0,
    fromNothingAccuracy: b['accuracy'] ?? 0,
    images: images.size,
    testImages: test.size,
    watched: seen,
    data: all.source,
  }
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`

const lossPlot = (tuned: readonly number[], fresh: readonly number[]): string =>
  plot(
    'Loss on the training images',
    [
      { name: 'fine-tuned', points: tuned.map((loss, i) => [i + 1, loss]) },
      { name: 'from nothing', points: fresh.map((loss, i) => [i + 1, loss]) },
    ],
    'epoch',
    'loss',
  )
