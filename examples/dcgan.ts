import type { Context, Metrics } from './lib/context.ts'
import { scoreDigits, trainOnDigits } from './lib/gan-digits.ts'
import { recipes } from './lib/gan-recipes.ts'

export const summary = 'DCGAN learns digits of 32 pixels: FID and Inception Score'

export const run = async (context: Context): Promise<Metrics> => {
  const { model, figures } = await trainOnDigits(recipes.dcgan, context)
  const score = await scoreDigits(model, context)
  return { ...score.figures, ...figures }
}
