import { FormatError } from '../errors.ts'
import type { ArrayData } from './array-data.ts'

type Bytes = Extract<ArrayData, { dtype: 'u8' }>

/** Images [N, 3, 32, 32] and labels [N], as bytes. */
export interface CifarBatch {
  readonly images: Bytes
  readonly labels: Bytes
}

/** A CIFAR-100 batch also has the 20 coarse labels. */
export interface Cifar100Batch extends CifarBatch {
  readonly coarseLabels: Bytes
}

const PIXELS = 3072

/** Splits records of `heads` label bytes and one image. Each label is below its limit. */
const split = (op: string, bytes: Uint8Array, limits: readonly number[]): { labels: Bytes[]; images: Bytes } => {
  const heads = limits.length
  const record = heads + PIXELS
  const count = bytes.length / record
  if (!Number.isInteger(count)) {
    throw new FormatError({
      op,
      problem: 'the file does not hold whole records',
      got: `${bytes.length} bytes`,
      expected: `a multiple of ${record}`,
    })
  }
  const labels = limits.map((): Bytes => ({ dtype: 'u8', shape: [count], data: new Uint8Array(count) }))
  const pixels = new Uint8Array(count * PIXELS)
  for (let n = 0; n < count; n++) {
    const at = n * record
    limits.forEach((limit, head) => {
      const label = bytes[at + head]
      if (label >= limit)
        throw new FormatError({
          op,
          problem: 'not a label',
          got: `${label} at byte ${at + head}`,
          expected: `below ${limit}`,
        })
      labels[head].data[n] = label
    })
    pixels.set(bytes.subarray(at + heads, at + record), n * PIXELS)
  }
  return { labels, images: { dtype: 'u8', shape: [count, 3, 32, 32], data: pixels } }
}

/**
 * Reads a batch of the binary version of CIFAR-10: records of a label and 3,072 pixels, red, green, blue planes.
 * @throws FormatError when the file is not whole records or a label is not below 10.
 * @source Krizhevsky 2009
 */
export const readCifar10 = (bytes: Uint8Array): CifarBatch => {
  const { labels, images } = split('cifar10', bytes, [10])
  return { images, labels: labels[0] }
}

/**
 * Reads the binary version of CIFAR-100: records of a coarse label, a fine label and 3,072 pixels.
 * @throws FormatError when the file is not whole records, or a label is not below 20 (coarse) or 100.
 * @source Krizhevsky 2009
 */
export const readCifar100 = (bytes: Uint8Array): Cifar100Batch => {
  const { labels, images } = split('cifar100', bytes, [20, 100])
  return { images, labels: labels[1], coarseLabels: labels[0] }
}
