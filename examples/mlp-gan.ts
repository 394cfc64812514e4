import { sampleGrid } from '@lanewise/gan'
import type { Context, Metrics } from './lib/context.ts'
import { scoreDigits, trainOnDigits } from './lib/gan-digits.ts'
import { recipes } from './lib/gan-recipes.ts'
import { enlarge, png } from './lib/picture.ts'

export const summary = 'A GAN of fully connected layers learns digits: FID and Inception Score'

export const run = async (context: Context): Promise<Metrics> => {
  const { model, figures } = await trainOnDigits(recipes.mlpGan, context)
  const nine = sampleGrid(model.sample(9, { seed: context.seed }), { columns: 3 })
  context.write('mlp-gan-3x3.png', png(enlarge(nine, 3)))
  const score = await scoreDigits(model, context)
  return { ...score.figures, ...figures }
}
