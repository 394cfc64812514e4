import type { Context, Metrics } from './lib/context.ts'
import { scoreDigits, trainOnDigits } from './lib/gan-digits.ts'
import { recipes } from './lib/gan-recipes.ts'

export const summary = 'The GAN of the Keras tutorials learns digits: FID and Inception Score'

export const run = async (context: Context): Promise<Metrics> => {
  const { model, figures } = await trainOnDigits(recipes.kerasMnistGan, context)
  const score = await scoreDigits(model, context)
  return { ...score.figures, ...figures }
}
