import { ValueError } from '@lanewise/core'
import { checkCount, float32, read, type Values } from '../arrays.ts'
import { descending } from '../order.ts'

/** What the sampler needs of core's Generator. */
export interface PermutationSource {
  /** A random order of 0 .. n-1. */
  randperm(n: number): ArrayLike<number>
}

/** Options of {@link sampleBalanced}. */
export interface SampleOptions {
  /** Most anchors to take. */
  readonly count: number
  /** Largest share of them that are positive. */
  readonly positiveFraction: number
  /** Where the random orders come from: first that of the positives, then that of the negatives. */
  readonly generator: PermutationSource
}

/** Indices that a sampler chose, ascending. */
export interface BalancedSample {
  readonly positive: Int32Array
  readonly negative: Int32Array
}

/**
 * A random choice of anchors with at most a share of positives; negatives fill the rest.
 * @param labels - per anchor: 1 or more is positive, 0 negative, below 0 ignored
 * @throws ValueError when the count is negative or the share is outside [0, 1].
 * @source Checked against torchvision's BalancedPositiveNegativeSampler 0.14, to the same draws, in anchors.test.ts
 * @example
 * const generator = { randperm: (n: number) => Int32Array.from({ length: n }, (_, i) => i) }
 * sampleBalanced([1, 0, 0, -1], { count: 2, positiveFraction: 0.5, generator }).negative // => [1]
 */
export const sampleBalanced = (
  labels: Values,
  { count, positiveFraction, generator }: SampleOptions,
): BalancedSample => {
  if (!(count >= 0 && positiveFraction >= 0 && positiveFraction <= 1)) {
    throw new ValueError({
      op: 'sampleBalanced',
      problem: 'count or share is out of range',
      got: `count ${count}, positiveFraction ${positiveFraction}`,
      expected: 'count >= 0 and a share in [0, 1]',
    })
  }
  const l = read(labels)
  const positive: number[] = []
  const negative: number[] = []
  for (let i = 0; i < l.length; i++) {
    if (l[i] >= 1) positive.push(i)
    else if (l[i] === 0) negative.push(i)
  }
  const wanted = Math.min(positive.length, Math.floor(count * positiveFraction))
  const take = (from: readonly number[], n: number): Int32Array => {
    const order = generator.randperm(from.length)
    return Int32Array.from({ length: n }, (_, i) => from[order[i]]).sort()
  }
  const chosen = take(positive, wanted)
  return { positive: chosen, negative: take(negative, Math.min(negative.length, count - wanted)) }
}

/**
 * The positives, and for each of them `ratio` of the negatives with the largest losses (hard negative mining, SSD).
 * Equal losses go to the lower index.
 * @param losses - classification loss of each anchor of one image, [A]
 * @param labels - per anchor: 1 or more is positive, 0 negative, below 0 ignored
 * @throws ShapeError when the counts do not match; ValueError when the ratio is negative.
 * @source Liu et al. 2016; checked against torchvision's SSD.compute_loss 0.14 in anchors.test.ts
 * @example
 * sampleHardest([0.1, 0.9, 0.3, 0.8], [1, 0, 0, 0], 2).negative // => [1, 3]
 */
export const sampleHardest = (losses: Values, labels: Values, ratio = 3): BalancedSample => {
  const loss = float32(losses)
  const l = read(labels)
  checkCount('sampleHardest', 'the numbers of labels and losses', l.length, loss.length)
  if (!(ratio >= 0)) {
    throw new ValueError({
      op: 'sampleHardest',
      problem: 'the ratio is negative',
      got: String(ratio),
      expected: 'a number from 0 on',
    })
  }
  const positive: number[] = []
  for (let i = 0; i < l.length; i++) if (l[i] >= 1) positive.push(i)
  const hardest = descending(loss).filter((i) => l[i] === 0)
  return {
    positive: Int32Array.from(positive),
    negative: hardest.slice(0, Math.floor(ratio * positive.length)).sort(),
  }
}
