import type { Reference } from './case.ts'
import { elementwiseReferences } from './elementwise.ts'
import { normReferences } from './norm.ts'
import { reduceReferences } from './reduce.ts'
import { softmaxReferences } from './softmax.ts'

/** Plain loops by group and by the name that a manifest row refers to. */
export const references: Readonly<Record<string, Readonly<Record<string, Reference>>>> = {
  elementwise: elementwiseReferences,
  reduce: reduceReferences,
  softmax: softmaxReferences,
  norm: normReferences,
}
