import { noGrad } from '../autograd/modes.ts'
import { ShapeError, ValueError } from '../errors.ts'
import { indexSelect } from '../ops/index-select.ts'
import { defaultGenerator } from '../random/default.ts'
import type { Generator } from '../random/generator.ts'
import { select } from '../ops/views.ts'
import { fromData } from '../tensor/create.ts'
import { allocate } from '../tensor/dtype.ts'
import { show, sizeOf } from '../tensor/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'

/** Samples by number. `get` may give a Promise, for samples that are read from afar. */
export interface Dataset<Sample = unknown, Batch = unknown> {
  readonly size: number
  /** The sample of a number in [0, size). */
  get(index: number): Sample | Promise<Sample>
  /** Several samples at once, collated: a faster way that a loader takes when it is there. */
  batch?(indices: Int32Array): Batch
}

const checkIndex = (op: string, index: number, size: number): void => {
  if (Number.isInteger(index) && index >= 0 && index < size) return
  throw new ValueError({
    op,
    problem: 'the index is out of range',
    got: String(index),
    expected: `an integer in [0, ${size})`,
  })
}

/** A dataset over the first axis of tensors: sample i holds row i of each. */
export interface TensorDataset extends Dataset<Tensor[], Tensor[]> {
  readonly tensors: readonly Tensor[]
  /** The sample of a number in [0, size). */
  get(index: number): Tensor[]
  batch(indices: Int32Array): Tensor[]
}

/** Copies rows of a tensor, read once into ordinary memory where the backend can. */
const rowReader = (x: Tensor): ((indices: Int32Array) => Tensor) => {
  const { backend } = x
  if (!backend.synchronous)
    return (rows) => noGrad(() => indexSelect(x, 0, fromData(rows.slice(), [rows.length], 'i32', backend)))
  const width = sizeOf(x.shape.slice(1))
  const data = x.dataSync()
  return (indices) => {
    const out = allocate(x.dtype, indices.length * width)
    indices.forEach((from, i) => out.set(data.subarray(from * width, (from + 1) * width), i * width))
    return fromData(out, [indices.length, ...x.shape.slice(1)], x.dtype, backend)
  }
}

/**
 * A dataset over the first axis of tensors, as torch.utils.data.TensorDataset. Batches are copied from ordinary memory.
 * @throws ShapeError when there are no tensors, or their first axes differ.
 * @example
 * const data = tensorDataset(tensor([[1], [2], [3]]), tensor([0, 1, 0]))
 * data.size // => 3
 */
export const tensorDataset = (...tensors: readonly Tensor[]): TensorDataset => {
  const sizes = tensors.map((x) => x.shape[0])
  if (tensors.length === 0 || sizes.some((n) => n === undefined || n !== sizes[0])) {
    throw new ShapeError({
      op: 'tensorDataset',
      problem: 'the tensors do not have as many rows',
      got: tensors.map((x) => show(x.shape)).join(' and ') || 'no tensors',
      expected: 'equal first axes',
    })
  }
  const size = sizes[0]
  let readers: ((indices: Int32Array) => Tensor)[] | undefined
  return {
    tensors,
    size,
    get: (index) => {
      checkIndex('tensorDataset', index, size)
      return tensors.map((x) => select(x, 0, index))
    },
    batch: (indices) => {
      for (const index of indices) checkIndex('tensorDataset', index, size)
      readers ??= tensors.map(rowReader)
      return readers.map((read) => read(indices))
    },
  }
}

/** A dataset with samples like those of `D`. */
export type Subset<D extends Dataset> = Pick<D, 'get' | (keyof Dataset & keyof D & 'batch')> & { readonly size: number }

/**
 * Some samples of a dataset, in the given order.
 * @throws ValueError when an index is out of range.
 * @example subset(tensorDataset(tensor([5, 6, 7])), [2, 0]).get(0)[0].item() // => 7
 */
export const subset = <D extends Dataset>(dataset: D, indices: readonly number[] | Int32Array): Subset<D> => {
  for (const index of indices) checkIndex('subset', index, dataset.size)
  const { batch } = dataset
  const get: D['get'] = (index) => {
    checkIndex('subset', index, indices.length)
    return dataset.get(indices[index])
  }
  const part = { size: indices.length, get }
  if (batch === undefined) return part as Subset<D>
  return {
    ...part,
    batch: (list: Int32Array) =>
      batch.call(
        dataset,
        list.map((i) => indices[i]),
      ),
  } as Subset<D>
}

/**
 * Datasets one after the other.
 * @example concatDatasets(tensorDataset(tensor([1])), tensorDataset(tensor([2, 3]))).size // => 3
 */
export const concatDatasets = <Sample, Batch>(
  ...datasets: readonly Dataset<Sample, Batch>[]
): Dataset<Sample, Batch> => {
  const size = datasets.reduce((n, d) => n + d.size, 0)
  return {
    size,
    get: (index) => {
      checkIndex('concatDatasets', index, size)
      let at = index
      for (const dataset of datasets) {
        if (at < dataset.size) return dataset.get(at)
        at -= dataset.size
      }
      throw new ValueError({ op: 'concatDatasets', problem: 'a dataset changed its size', got: String(index) })
    },
  }
}

/** Sizes from shares that sum to 1, by PyTorch's rule: rounded down, the rest handed out from the front. */
const sizesOf = (total: number, lengths: readonly number[]): number[] => {
  const sum = lengths.reduce((a, b) => a + b, 0)
  if (sum === total && lengths.every((n) => Number.isInteger(n) && n >= 0)) return [...lengths]
  if (Math.abs(sum - 1) > 1e-9 || lengths.some((n) => !(n >= 0 && n <= 1))) {
    throw new ValueError({
      op: 'randomSplit',
      problem: 'the lengths do not fit',
      got: lengths.join(', '),
      expected: `sizes that sum to ${total}, or shares that sum to 1`,
    })
  }
  const sizes = lengths.map((share) => Math.floor(total * share))
  const rest = total - sizes.reduce((a, b) => a + b, 0)
  for (let i = 0; i < rest; i++) sizes[i % sizes.length]++
  return sizes
}

/**
 * Splits a dataset at random, with the draws of torch.utils.data.random_split.
 * @param lengths - sizes that sum to the dataset's, or shares that sum to 1
 * @throws ValueError when the lengths do not fit.
 * @example randomSplit(tensorDataset(tensor([1, 2, 3, 4, 5])), [0.6, 0.4]).map((d) => d.size) // => [3, 2]
 */
export const randomSplit = <D extends Dataset>(
  dataset: D,
  lengths: readonly number[],
  generator: Generator = defaultGenerator(),
): Subset<D>[] => {
  const sizes = sizesOf(dataset.size, lengths)
  const order = generator.randperm(dataset.size)
  let at = 0
  return sizes.map((size) => subset(dataset, order.subarray(at, (at += size))))
}
