import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Generator, rand } from '@lanewise/core'
import { readSafetensorsFile } from '@lanewise/core/node'
import { fid, inceptionScore, kid } from '@lanewise/gan'
import type { Context, Metrics } from './lib/context.ts'
import { digitFeatures, inBatches } from './lib/digit-features.ts'
import {
  judge,
  judgedDigits,
  realFeatures,
  trainOnDigits,
  weightsFile,
  type Judged,
  type Recipe,
} from './lib/gan-digits.ts'
import { recipes } from './lib/gan-recipes.ts'

export const summary =
  'FID, KID and Inception Score of real digits, noise and every model, by the features of a LeNet trained here'

/** A model of an earlier run of its example, or else one that was trained as little as with --quick. */
const trained = async (recipe: Recipe, context: Context): Promise<ReturnType<Recipe['build']>> => {
  const file = join(context.outDir, weightsFile(recipe, context.quick))
  if (!existsSync(file)) {
    context.log(`${recipe.name}: no weights in ${file}; trained briefly. Run its example first for its figures.`)
    return (await trainOnDigits(recipe, { ...context, quick: true })).model
  }
  const model = recipe.build(context.quick)
  model.loadStateDict(await readSafetensorsFile(file))
  return model
}

export const run = async (context: Context): Promise<Metrics> => {
  const { quick, seed, signal, log } = context
  const { net, accuracy } = await digitFeatures(context)
  const count = judgedDigits(quick)
  const real = await realFeatures(net, context)
  const noise = rand([count, 1, 28, 28], { generator: new Generator(seed) })
  const sets: [string, () => Promise<Judged>][] = [
    ['real', () => realFeatures(net, context, true)],
    ['noise', () => judge(net, inBatches(noise), signal)],
    ...Object.entries<Recipe>(recipes).map(([name, recipe]): [string, () => Promise<Judged>] => [
      name,
      async () => judge(net, inBatches((await trained(recipe, context)).sample(count, { seed })), signal),
    ]),
  ]
  const bar = context.progress('measuring', sets.length)
  const metrics: Metrics = { featureNetAccuracy: accuracy }
  for (const [i, [name, make]] of sets.entries()) {
    const made = await make()
    const distance = kid(real.features, made.features, { subsets: quick ? 4 : 20, subsetSize: Math.min(1000, count) })
    const figures = {
      fid: fid(real.features, made.features),
      kid: distance.mean,
      inceptionScore: inceptionScore(made.logits).mean,
    }
    metrics[`realAgainst${name.charAt(0).toUpperCase()}${name.slice(1)}`] = figures
    log(`${name}: ${JSON.stringify(figures)}`)
    bar.update(i + 1)
  }
  bar.stop()
  return metrics
}
