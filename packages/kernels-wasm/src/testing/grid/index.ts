import type { Reference } from './case.ts'
import { elementwiseReferences } from './elementwise.ts'
import { indexReferences } from './gather.ts'
import { imageReferences } from './image.ts'
import { normReferences } from './norm.ts'
import { optimReferences } from './optim.ts'
import { poolReferences } from './pool.ts'
import { randomReferences } from './random.ts'
import { reduceReferences } from './reduce.ts'
import { rnnReferences } from './rnn.ts'
import { softmaxReferences } from './softmax.ts'

/** Plain loops by group and by the name that a manifest row refers to. */
export const references: Readonly<Record<string, Readonly<Record<string, Reference>>>> = {
  arithmetic: elementwiseReferences,
  simple: elementwiseReferences,
  exponential: elementwiseReferences,
  activation: elementwiseReferences,
  special: elementwiseReferences,
  compare: elementwiseReferences,
  integer: elementwiseReferences,
  move: elementwiseReferences,
  half: elementwiseReferences,
  sum: reduceReferences,
  reduce: reduceReferences,
  softmax: softmaxReferences,
  'log-softmax': softmaxReferences,
  norm: normReferences,
  pool: poolReferences,
  index: indexReferences,
  optim: optimReferences,
  random: randomReferences,
  uniform: randomReferences,
  rnn: rnnReferences,
  image: imageReferences,
}
