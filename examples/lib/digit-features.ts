import { existsSync } from 'node:fs'
import { join } from 'node:path'
import {
  Adam,
  Conv2d,
  cosineAnnealingLr,
  crossEntropy,
  DataLoader,
  Flatten,
  Generator,
  Linear,
  MaxPool2d,
  Module,
  noGrad,
  ReLU,
  saveSafetensors,
  scope,
  Sequential,
  slice,
  type Tensor,
} from '@lanewise/core'
import { mnist, readSafetensorsFile } from '@lanewise/core/node'
import type { Context } from './context.ts'

/** LeNet for digits 28x28 in [-1, 1]: 84 features, 10 logits. */
export class DigitFeatures extends Module {
  readonly body = new Sequential(
    new Conv2d(1, 6, 5, { padding: 2 }),
    new ReLU(),
    new MaxPool2d(2),
    new Conv2d(6, 16, 5),
    new ReLU(),
    new MaxPool2d(2),
    new Flatten(),
    new Linear(400, 120),
    new ReLU(),
    new Linear(120, 84),
    new ReLU(),
  )
  readonly head = new Linear(84, 10)

  forward(x: Tensor): Tensor {
    return this.head.forward(this.body.forward(x))
  }
}

/** Digits in [-1, 1], as generators make them. */
export const digits = (
  context: Pick<Context, 'data' | 'signal'>,
  limit: number,
  train = true,
): ReturnType<typeof mnist> =>
  mnist({ root: context.data, signal: context.signal, train, limit, mean: [0.5], std: [0.5] })

/** Shows the digits again, 100 at a time; those of 32 pixels lose two on each side. */
export function* inBatches(images: Tensor): Iterable<Tensor> {
  for (let at = 0; at < images.shape[0]!; at += 100) yield cut28(slice(images, 0, at, at + 100))
}

const cut28 = (x: Tensor): Tensor => (x.shape[2] === 32 ? slice(slice(x, 2, 2, 30), 3, 2, 30) : x)

/** The share of digits that the net takes for their labels. */
const accuracyOn = (net: DigitFeatures, loader: DataLoader<unknown, [Tensor, Tensor]>): number => {
  let right = 0
  let count = 0
  for (const [x, y] of loader)
    scope(() =>
      noGrad(() => {
        const truth = y.dataSync()
        classesOf(net, x).forEach((label, i) => (right += label === truth[i] ? 1 : 0))
        count += truth.length
      }),
    )
  return right / count
}

/** The likeliest class of each image. */
export const classesOf = (net: DigitFeatures, images: Tensor): number[] =>
  scope(() =>
    noGrad(() => {
      const logits = net.forward(images).dataSync()
      return Array.from({ length: logits.length / 10 }, (_, row) => {
        const scores = Array.from(logits.subarray(10 * row, 10 * row + 10), Number)
        return scores.indexOf(Math.max(...scores))
      })
    }),
  )

/**
 * The net whose features and classes judge generated digits: trained on MNIST once, then kept under out/.
 * Its accuracy on the test digits tells how far it can be trusted.
 */
export const digitFeatures = async (context: Context): Promise<{ net: DigitFeatures; accuracy: number }> => {
  const { quick, signal, progress, outDir, log } = context
  const [size, epochs] = quick ? [3000, 1] : [20_000, 3]
  const net = new DigitFeatures()
  const test = new DataLoader(await digits(context, quick ? 500 : 10_000, false), { batchSize: 100 })
  const file = join(outDir, `digit-features-${size}.safetensors`)
  if (existsSync(file)) {
    net.loadStateDict(await readSafetensorsFile(file))
  } else {
    const data = await digits(context, size)
    const train = new DataLoader(data, { batchSize: 64, shuffle: true, generator: new Generator(0) })
    const optimizer = new Adam(net.parameters(), { lr: 2e-3 })
    const schedule = cosineAnnealingLr({ tMax: epochs * train.length })(optimizer)
    const bar = progress('feature net', epochs * train.length)
    let step = 0
    for (let epoch = 0; epoch < epochs; epoch++) {
      for (const [x, y] of train) {
        signal.throwIfAborted()
        scope(() => {
          optimizer.zeroGrad()
          crossEntropy(net.forward(x), y).backward()
          optimizer.step()
          schedule.step()
        })
        bar.update(++step)
        if (step % 20 === 0) await new Promise((resume) => setImmediate(resume))
      }
    }
    bar.stop()
    context.write(`digit-features-${size}.safetensors`, await saveSafetensors(net.stateDict()))
  }
  net.eval()
  const accuracy = accuracyOn(net, test)
  log(`feature net: ${(100 * accuracy).toFixed(2)} % of the test digits right`)
  return { net, accuracy }
}
