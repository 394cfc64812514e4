import { DataLoader, manualSeed, noGrad, pad, saveSafetensors, scope, type Tensor } from '@lanewise/core'
import {
  extractFeatures,
  fid,
  inceptionScore,
  sampleGrid,
  type GenerativeModel,
  type PlayerOptimizers,
} from '@lanewise/gan'
import type { Context, Metrics } from './context.ts'
import { digitFeatures, digits, inBatches, type DigitFeatures } from './digit-features.ts'
import { png } from './picture.ts'
import { plot } from './plot.ts'

/** How much a digits example trains: with --quick, and in full. */
export interface Size {
  /** Training digits. */
  readonly digits: number
  readonly epochs: number
  readonly batchSize: number
}

/** An example that trains a model on digits. */
export interface Recipe {
  readonly name: string
  readonly build: (quick: boolean) => GenerativeModel
  /** Default: the model's own. */
  readonly optimizer?: PlayerOptimizers
  /** A sheet of samples after every so many epochs. Default 1. */
  readonly sheetEvery?: number
  readonly quick: Size
  readonly full: Size
}

/** Batches [images, labels] in the size that the model makes. */
const batches = (
  loader: DataLoader<unknown, [Tensor, Tensor]>,
  size: number,
): AsyncIterable<readonly Tensor[]> | DataLoader<unknown, [Tensor, Tensor]> =>
  size === 28
    ? loader
    : {
        async *[Symbol.asyncIterator]() {
          for (const [x, y] of loader) yield [noGrad(() => pad(x, [2, 2, 2, 2], { value: -1 })), y] as const
        },
      }

/** Trains the recipe's model, with a sheet of samples after each epoch, and keeps its weights under out/. */
export const trainOnDigits = async (
  recipe: Recipe,
  context: Context,
): Promise<{ model: GenerativeModel; figures: Metrics }> => {
  const { quick, seed, signal, log, progress, write } = context
  const { name, build } = recipe
  const size = recipe[quick ? 'quick' : 'full']
  const data = await digits(context, size.digits)
  manualSeed(seed)
  const model = build(quick)
  const loader = new DataLoader(data, { batchSize: size.batchSize, shuffle: true, dropLast: true })
  const bar = progress(`training ${name}`, size.epochs * loader.length)
  const curves = new Map<string, [number, number][]>()
  const start = performance.now()
  let steps = 0
  const train = batches(loader, model.sampleShape[1] ?? 28)
  for await (const e of model.fit(train, {
    epochs: size.epochs,
    signal,
    samples: { count: 80, every: recipe.sheetEvery ?? 1 },
    ...(recipe.optimizer !== undefined && { optimizer: recipe.optimizer }),
  })) {
    steps = e.step
    if (e.kind === 'step') {
      for (const [player, loss] of Object.entries(e.losses)) {
        if (!curves.has(player)) curves.set(player, [])
        curves.get(player)?.push([e.step, loss])
      }
      const losses = Object.entries(e.losses).map(([player, loss]) => `${player} ${loss.toFixed(3)}`)
      bar.update(e.step, losses.join(', '))
      if (e.step % 100 === 0) log(`step ${e.step}: ${JSON.stringify(e.losses)}`)
    } else {
      if (e.samples !== undefined) {
        const sheet = png(sampleGrid(e.samples, { columns: 10 }))
        write(`${name}-epoch-${e.epoch}.png`, sheet)
        write(`${name}.png`, sheet)
      }
      log(`epoch ${e.epoch} of ${size.epochs}: ${JSON.stringify(e.losses)}, ${e.seconds.toFixed(0)} s`)
    }
  }
  bar.stop()
  const trainSeconds = (performance.now() - start) / 1000
  const series = [...curves].map(([player, points]) => ({ name: player, points }))
  write(`${name}-loss.svg`, plot(`${name}: losses`, series, 'batches', 'loss'))
  write(weightsFile(recipe, quick), await saveSafetensors(model.stateDict()))
  return {
    model,
    figures: { data: data.source, trainingDigits: size.digits, epochs: size.epochs, steps, trainSeconds },
  }
}

/** Where {@link trainOnDigits} keeps a model's weights. */
export const weightsFile = ({ name }: Recipe, quick: boolean): string => `${name}${quick ? '-quick' : ''}.safetensors`

/** Features and logits of digits, from the feature net. */
export interface Judged {
  readonly features: Tensor
  readonly logits: Tensor
}

export const judge = async (net: DigitFeatures, images: Iterable<Tensor>, signal: AbortSignal): Promise<Judged> => {
  const features = await extractFeatures((x) => net.body.forward(x), images, { signal })
  return { features, logits: scope(() => noGrad(() => net.head.forward(features))) }
}

/** The test digits' features: what generated digits are measured against. */
export const realFeatures = async (net: DigitFeatures, context: Context, train = false): Promise<Judged> => {
  const data = await digits(context, judgedDigits(context.quick), train)
  const loader = new DataLoader(data, { batchSize: 100 })
  return judge(net, imagesOf(loader), context.signal)
}

function* imagesOf(loader: DataLoader<unknown, [Tensor, Tensor]>): Iterable<Tensor> {
  for (const [x] of loader) yield x
}

/** How many digits are compared. */
export const judgedDigits = (quick: boolean): number => (quick ? 200 : 10_000)

/** FID against the test digits and Inception Score, both by the feature net. */
export const scoreDigits = async (
  model: GenerativeModel,
  context: Context,
): Promise<{ net: DigitFeatures; samples: Tensor; figures: Metrics }> => {
  const { quick, seed, signal } = context
  const { net, accuracy } = await digitFeatures(context)
  const samples = model.sample(judgedDigits(quick), { seed })
  const [real, made] = [await realFeatures(net, context), await judge(net, inBatches(samples), signal)]
  const score = inceptionScore(made.logits)
  const figures = {
    fid: fid(real.features, made.features),
    inceptionScore: score.mean,
    inceptionScoreStd: score.std,
    realInceptionScore: inceptionScore(real.logits).mean,
    featureNetAccuracy: accuracy,
  }
  return { net, samples, figures }
}
