import { sampleGrid } from '@lanewise/gan'
import type { Context, Metrics } from './lib/context.ts'
import { classesOf, inBatches } from './lib/digit-features.ts'
import { scoreDigits, trainOnDigits } from './lib/gan-digits.ts'
import { recipes } from './lib/gan-recipes.ts'
import { png } from './lib/picture.ts'

export const summary =
  'A conditional GAN draws the digit it is asked for: how often a classifier agrees, FID, Inception Score'

export const run = async (context: Context): Promise<Metrics> => {
  const { model, figures } = await trainOnDigits(recipes.cgan, context)
  // Sample i was asked to be of class i % 10.
  const { net, samples, figures: scores } = await scoreDigits(model, context)
  const classes = [...inBatches(samples)].flatMap((images) => classesOf(net, images))
  const agreeing = classes.filter((label, i) => label === i % 10).length
  context.write('cgan.png', png(sampleGrid(model.sample(100, { seed: context.seed }), { columns: 10 })))
  return { labelAgreement: agreeing / classes.length, ...scores, ...figures }
}
