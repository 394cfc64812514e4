import { concat, noGrad, scope, ShapeError, Tensor, ValueError, type Batches } from '@lanewise/core'
import type { Matrix } from './matrix.ts'

/** Rows of features, one for each image: a tensor [N, d], or its numbers row by row. */
export type Features = Tensor | { readonly data: ArrayLike<number>; readonly width: number }

/** Features at hand. */
export interface Rows {
  readonly data: ArrayLike<number>
  readonly count: number
  readonly width: number
}

/**
 * Features as numbers, checked.
 * @throws ShapeError when they are no rows, ValueError when a number is not finite.
 */
export const rowsOf = (op: string, features: Features): Rows => {
  const [data, width, rank] =
    features instanceof Tensor
      ? [features.dataSync(), features.shape[1], features.rank]
      : [features.data, features.width, 2]
  if (rank !== 2 || !Number.isInteger(width) || width < 1 || data.length % width !== 0) {
    throw new ShapeError({
      op,
      problem: 'features are not rows',
      got: features instanceof Tensor ? `[${features.shape.join(',')}]` : `${data.length} numbers of width ${width}`,
      expected: '[N, d]',
      advice: 'Flatten maps, or average them over space',
    })
  }
  for (let i = 0; i < data.length; i++) {
    if (Number.isFinite(data[i])) continue
    throw new ValueError({
      op,
      problem: 'a feature is not finite',
      got: `${data[i]} in row ${Math.floor(i / width)}, column ${i % width}`,
    })
  }
  return { data, width, count: data.length / width }
}

/** Checks that two sets of features come from one extractor. */
export const checkWidths = (op: string, a: number, b: number): void => {
  if (a === b) return
  throw new ShapeError({
    op,
    problem: 'the features differ in width',
    got: `${a} and ${b}`,
    expected: 'features of one extractor',
  })
}

/**
 * Mean and covariance of features, gathered batch by batch in double precision, so that features need not be kept.
 * @example
 * import { tensor } from '@lanewise/core'
 * const stats = new FeatureStats(2)
 * stats.update(tensor([[0, 0], [2, 4]]))
 * stats.mean // => [1, 2]
 * stats.covariance() // => [2, 4, 4, 8]
 */
export class FeatureStats {
  readonly width: number
  /** Rows seen. */
  count = 0
  readonly mean: Float64Array<ArrayBuffer>
  /** Sums of products of deviations from the mean. */
  readonly #scatter: Matrix

  /** @param width - numbers in a row of features */
  constructor(width: number) {
    if (!Number.isInteger(width) || width < 1) {
      throw new ValueError({
        op: 'FeatureStats',
        problem: 'width is out of range',
        got: String(width),
        expected: 'an integer >= 1',
      })
    }
    this.width = width
    this.mean = new Float64Array(width)
    this.#scatter = new Float64Array(width * width)
  }

  /**
   * Adds rows of features.
   * @throws ShapeError when their width differs, ValueError when a number is not finite; nothing has changed then.
   */
  update(features: Features): this {
    const { data, count, width } = rowsOf('FeatureStats.update', features)
    checkWidths('FeatureStats.update', this.width, width)
    if (count === 0) return this
    const mean = new Float64Array(width)
    for (let i = 0; i < data.length; i++) mean[i % width] += data[i] / count
    const centred = new Float64Array(width)
    for (let row = 0; row < count; row++) {
      for (let j = 0; j < width; j++) centred[j] = data[row * width + j] - mean[j]
      this.#spread(centred, 1)
    }
    const shift = mean.map((value, j) => value - this.mean[j])
    const total = this.count + count
    this.#spread(shift, (this.count * count) / total)
    for (let j = 0; j < width; j++) this.mean[j] += (shift[j] * count) / total
    this.count = total
    return this
  }

  /**
   * The covariance matrix, row by row, over N - 1.
   * @throws ValueError with fewer than two rows.
   */
  covariance(): Float64Array<ArrayBuffer> {
    if (this.count < 2) {
      throw new ValueError({
        op: 'FeatureStats',
        problem: 'there are too few rows',
        got: String(this.count),
        expected: 'at least 2',
      })
    }
    return this.#scatter.map((value) => value / (this.count - 1))
  }

  /** Adds factor v v^T. */
  #spread(v: Float64Array, factor: number): void {
    const { width } = this
    const scatter = this.#scatter
    for (let i = 0; i < width; i++) {
      const scaled = factor * v[i]
      if (scaled === 0) continue
      const at = i * width
      for (let j = 0; j < width; j++) scatter[at + j] += scaled * v[j]
    }
  }
}

/** What {@link extractFeatures} takes. */
export interface ExtractOptions {
  readonly signal?: AbortSignal
}

/**
 * The features of images, batch by batch and without gradients.
 * @param extract - gives rows [n, d] of images [n, ...]; put the network in evaluation mode before
 * @param images - batches of images
 * @returns [N, d]
 * @throws ValueError when there are no images; the signal's reason when it is aborted.
 * @example
 * import { ones, reshape } from '@lanewise/core'
 * (await extractFeatures((x) => reshape(x, [-1, 4]), [ones([3, 1, 2, 2]), ones([2, 1, 2, 2])])).shape // => [5, 4]
 */
export const extractFeatures = async (
  extract: (images: Tensor) => Tensor,
  images: Batches<Tensor>,
  { signal }: ExtractOptions = {},
): Promise<Tensor> => {
  const parts: Tensor[] = []
  for await (const batch of images) {
    signal?.throwIfAborted()
    parts.push(scope(() => noGrad(() => extract(batch))))
  }
  if (parts.length === 0)
    throw new ValueError({ op: 'extractFeatures', problem: 'there are no images', expected: 'at least one batch' })
  const all = parts.length === 1 ? parts[0] : noGrad(() => concat(parts))
  if (parts.length > 1) for (const part of parts) part.dispose()
  return all
}
