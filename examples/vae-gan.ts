import { concat, DataLoader, noGrad, scope } from '@lanewise/core'
import { sampleGrid, type VaeGan } from '@lanewise/gan'
import type { Context, Metrics } from './lib/context.ts'
import { digits } from './lib/digit-features.ts'
import { scoreDigits, trainOnDigits } from './lib/gan-digits.ts'
import { recipes } from './lib/gan-recipes.ts'
import { png } from './lib/picture.ts'

export const summary = 'VAE-GAN learns to code and draw digits: FID, Inception Score, reconstructions'

/** Test digits above their reconstructions. */
const drawReconstructions = async (model: VaeGan, context: Context): Promise<void> => {
  for (const [x] of new DataLoader(await digits(context, 16, false), { batchSize: 8 })) {
    const pairs = scope(() => noGrad(() => concat([x, model.eval().forward(x)])))
    context.write('vae-gan-reconstructions.png', png(sampleGrid(pairs)))
  }
}

export const run = async (context: Context): Promise<Metrics> => {
  const { model, figures } = await trainOnDigits(recipes.vaeGan, context)
  await drawReconstructions(model as VaeGan, context)
  const score = await scoreDigits(model, context)
  return { ...score.figures, ...figures }
}
