import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { crossEntropy, DataLoader, evaluate, manualSeed, predict, subset, type ImageDataset } from '@lanewise/core'
import { cifar10Classes, dataFolders, readSafetensorsFile } from '@lanewise/core/node'
import { cifarResnet20, cifarResnet44, loadWeights, type CifarResNet } from '@lanewise/cnn'
import { cifar, losslessCifar } from './lib/cifar.ts'
import type { Context, Metrics } from './lib/context.ts'

export const summary = 'Trained ResNet-20 and ResNet-44 for CIFAR-10 from PyTorch: their logits and test accuracy'

const imagenet = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] }

const folderOf = (root: string): string => {
  const found = dataFolders(root)
    .map((folder) => join(folder, 'resnet-cifar10'))
    .find((folder) => existsSync(join(folder, 'resnet20.safetensors')))
  if (found !== undefined) return found
  throw new RangeError(
    'resnet-cifar-pretrained: the trained weights are not here; expected resnet-cifar10/resnet20.safetensors below the data folder. Convert them from github.com/akamaster/pytorch_resnet_cifar10, or pass --data.',
  )
}

/** The largest difference from the logits that the file holds, over the first images. */
const logitDiff = async (model: CifarResNet, images: ImageDataset, path: string, count: number): Promise<number> => {
  const stored = readFileSync(path)
  const expected = new Float32Array(stored.buffer.slice(stored.byteOffset, stored.byteOffset + stored.length))
  const first = new DataLoader(
    subset(
      images,
      Array.from({ length: count }, (_, i) => i),
    ),
    { batchSize: 50 },
  )
  const values = await (await predict(model, first)).data()
  return Math.max(...Array.from(values, (v, i) => Math.abs(v - (expected[i] ?? NaN))))
}

export const run = async ({ data, quick, seed, signal, log, progress }: Context): Promise<Metrics> => {
  const folder = folderOf(data)
  const lossless = losslessCifar(data, imagenet)
  if (lossless === null) throw new RangeError('resnet-cifar-pretrained: the lossless CIFAR-10 images are not here.')
  const test = await cifar({ data, signal, ...imagenet, train: false, ...(quick && { limit: 300 }) })
  manualSeed(seed)
  const count = quick ? 50 : 200
  const diffs: number[] = []
  const models = [
    ['resnet20', cifarResnet20()],
    ['resnet44', cifarResnet44()],
  ] as const
  for (const [name, model] of models) {
    signal.throwIfAborted()
    loadWeights(model, await readSafetensorsFile(join(folder, `${name}.safetensors`)))
    diffs.push(await logitDiff(model, lossless, join(folder, `${name}.convnetjs_batch0.first200.logits.f32le`), count))
    log(`${name}: logits of ${count} images within ${diffs.at(-1)?.toExponential(2)} of the stored ones`)
  }
  const bar = progress('testing', test.size)
  const start = performance.now()
  const perClass = cifar10Classes.map(() => [0, 0] as [right: number, all: number])
  let seen = 0
  const result = await evaluate(models[0][1], new DataLoader(test, { batchSize: 100 }), {
    loss: crossEntropy,
    signal,
    metrics: {
      accuracy: async (output, target) => {
        const [logits, classes] = [await output.data(), await target.data()]
        let right = 0
        for (let i = 0; i < classes.length; i++) {
          const row = logits.subarray(10 * i, 10 * i + 10)
          const hit = row.indexOf(Math.max(...row)) === classes[i]
          const tally = perClass[classes[i] ?? 0]
          if (tally !== undefined) tally[1]++
          if (hit && tally !== undefined) tally[0]++
          if (hit) right++
        }
        bar.update((seen += classes.length))
        return right / classes.length
      },
    },
  })
  bar.stop()
  const seconds = (performance.now() - start) / 1000
  const accuracy = result['accuracy'] ?? 0
  log(`resnet20: ${(100 * accuracy).toFixed(2)} % of ${test.size} test images (${test.source})`)
  return {
    resnet20TestAccuracy: accuracy,
    resnet20MaxLogitDiff: diffs[0] ?? null,
    resnet44MaxLogitDiff: diffs[1] ?? null,
    perClass: Object.fromEntries(
      cifar10Classes.map((name, i) => [name, (perClass[i]?.[0] ?? 0) / Math.max(1, perClass[i]?.[1] ?? 0)]),
    ),
    imagesPerSecond: test.size / seconds,
    data: test.source,
  }
}
