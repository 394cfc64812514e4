import { ShapeError, ValueError } from '../errors.ts'
import type { Tensor } from '../tensor/tensor.ts'

/** Plain numbers in logical order: an array or a typed array. */
export type Numbers = ArrayLike<number>

/** What a metric reads: plain numbers in logical order, or a tensor of any shape with as many. */
export type MetricInput = Numbers | Tensor

/**
 * The numbers of a metric's input, a tensor's in logical order.
 * @throws BackendError for a tensor of an asynchronous backend: `await x.data()` gives its numbers.
 */
export const numbersOf = (values: MetricInput): Numbers => ('dataSync' in values ? values.dataSync() : values)

/** Predictions and targets as numbers, which pair up and are some. */
export const pairsOf = (op: string, predicted: MetricInput, target: MetricInput): readonly [Numbers, Numbers] => {
  const pairs = [numbersOf(predicted), numbersOf(target)] as const
  checkPairs(op, ...pairs)
  return pairs
}

/** Checks that two lists pair up and hold something. */
const checkPairs = (op: string, predicted: Numbers, target: Numbers): void => {
  if (predicted.length !== target.length) {
    throw new ShapeError({
      op,
      problem: 'predictions and targets do not pair up',
      got: `${predicted.length} and ${target.length}`,
      expected: 'the same number',
    })
  }
  checkSome(op, target)
}

/** Checks that a list is not empty. */
const checkSome = (op: string, values: Numbers): void => {
  if (values.length === 0)
    throw new ValueError({ op, problem: 'nothing to measure', got: '0 values', expected: 'at least 1' })
}

/** Checks a number of classes. */
export const checkClasses = (op: string, numClasses: number): void => {
  if (Number.isInteger(numClasses) && numClasses >= 1) return
  throw new ValueError({ op, problem: 'not a number of classes', got: String(numClasses), expected: 'an integer >= 1' })
}

/** Checks that scores are one row of `numClasses` for each target. */
export const checkRows = (op: string, scores: Numbers, target: Numbers, numClasses: number): void => {
  checkClasses(op, numClasses)
  if (scores.length === target.length * numClasses) return checkSome(op, target)
  throw new ShapeError({
    op,
    problem: 'the scores are not a row of classes for each target',
    got: `${scores.length} scores, ${target.length} targets, ${numClasses} classes`,
    expected: `${target.length * numClasses} scores`,
  })
}

/** Checks that each value is a class in [0, numClasses), or `ignoreIndex`. */
export const checkLabels = (
  op: string,
  what: string,
  labels: Numbers,
  numClasses: number,
  ignoreIndex?: number,
): void => {
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i]
    if (label === ignoreIndex || (Number.isInteger(label) && label >= 0 && label < numClasses)) continue
    throw new ValueError({
      op,
      problem: `a ${what} is not a class`,
      got: `${label} at ${i}`,
      expected: `an integer in [0, ${numClasses})${ignoreIndex === undefined ? '' : ` or ${ignoreIndex}`}`,
    })
  }
}

/** Checks that no value is NaN: it has no rank. */
export const checkNotNaN = (op: string, values: Numbers): void => {
  for (let i = 0; i < values.length; i++) {
    if (Number.isNaN(values[i]))
      throw new ValueError({ op, problem: 'a score is NaN', got: `NaN at ${i}`, expected: 'numbers' })
  }
}
