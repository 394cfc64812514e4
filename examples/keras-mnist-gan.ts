import { Generator, manualSeed, noGrad, saveSafetensors, scope, type AnyModule } from '@lanewise/core'
import { readSafetensorsFile } from '@lanewise/core/node'
import { kerasMnistGan, type Gan } from '@lanewise/gan'
import type { Context, Metrics } from './lib/context.ts'
import { scoreDigits, trainOnDigits } from './lib/gan-digits.ts'
import { recipes } from './lib/gan-recipes.ts'

export const summary = 'The GAN of the Keras tutorials learns digits: FID and Inception Score'

/** Saves the generator, the discriminator and both together, and loads each file into a new model's part. */
const saveAndLoad = async (model: Gan, { write, seed }: Context): Promise<boolean> => {
  const partsOf = (gan: Gan): Record<string, AnyModule> => ({ ...gan.players(), combined: gan })
  const files = new Map<string, string>()
  for (const [part, module] of Object.entries(partsOf(model)))
    files.set(part, write(`keras-mnist-gan-${part}.safetensors`, await saveSafetensors(module.stateDict())))
  /** The discriminator's scores of what the generator draws: both parts have a say. */
  const scoresOf = (gan: Gan): string =>
    scope(() =>
      noGrad(() => gan.eval().forward(gan.latent(4, new Generator(seed))))
        .dataSync()
        .join(),
    )
  const expected = scoresOf(model)
  manualSeed(seed + 1)
  for (const parts of [['generator', 'discriminator'], ['combined']]) {
    const other = kerasMnistGan({ batchNorm: true })
    for (const part of parts) partsOf(other)[part]?.loadStateDict(await readSafetensorsFile(files.get(part) ?? ''))
    if (scoresOf(other) !== expected) return false
  }
  return true
}

export const run = async (context: Context): Promise<Metrics> => {
  const { model, figures } = await trainOnDigits(recipes.kerasMnistGan, context)
  const reloadedEqual = await saveAndLoad(model as Gan, context)
  const score = await scoreDigits(model, context)
  return { ...score.figures, reloadedEqual, ...figures }
}
