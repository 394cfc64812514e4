import { ShapeError } from '../errors.ts'
import { fromData } from '../tensor/create.ts'
import { show, sizeOf, type Shape } from '../tensor/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import type { Dataset } from './dataset.ts'

/** Bytes of images with their classes. */
export interface ImageArrays {
  /** Pixels 0..255 of all images, channels first. */
  readonly images: Uint8Array
  /** [C, H, W] of one image. */
  readonly shape: Shape
  readonly labels: Int32Array | Uint8Array
}

/** How {@link imageDataset} scales pixels. */
export interface ImageDatasetOptions {
  /** Taken off each channel after scaling to [0, 1]. Default 0. */
  readonly mean?: readonly number[]
  /** Divides each channel then. Default 1. */
  readonly std?: readonly number[]
}

/** Images and classes; a sample is [image f32 [C, H, W], class i32], a batch [images [N, C, H, W], classes [N]]. */
export interface ImageDataset extends Dataset<[Tensor, number], [Tensor, Tensor]>, ImageArrays {
  /** One image and its class. */
  get(index: number): [Tensor, number]
  batch(indices: Int32Array): [Tensor, Tensor]
}

/** For each channel, the f32 value of every byte: x / 255, then (x - mean) / std, each step rounded as PyTorch's. */
const tables = (channels: number, { mean, std }: ImageDatasetOptions): Float32Array[] =>
  Array.from({ length: channels }, (_, c) =>
    Float32Array.from({ length: 256 }, (_, value) => {
      const x = Math.fround(value / 255)
      const centred = mean === undefined ? x : Math.fround(x - Math.fround(mean[c % mean.length]))
      return std === undefined ? centred : centred / Math.fround(std[c % std.length])
    }),
  )

/**
 * A dataset over bytes of images: pixels become f32 in [0, 1], then lose the mean and are divided by std, as
 * torchvision's ToTensor and Normalize do. The bytes stay outside of the backend's memory.
 * @throws ShapeError when the bytes do not fit the shape and the labels.
 * @example
 * const data = imageDataset({ images: Uint8Array.of(0, 255), shape: [1, 1, 2], labels: Uint8Array.of(7) })
 * data.get(0)[0].toArray() // => [[[0, 1]]]
 */
export const imageDataset = (arrays: ImageArrays, options: ImageDatasetOptions = {}): ImageDataset => {
  const { images, shape, labels } = arrays
  const [C, H, W] = shape
  const pixels = sizeOf(shape)
  if (shape.length !== 3 || images.length !== labels.length * pixels) {
    throw new ShapeError({
      op: 'imageDataset',
      problem: 'the bytes do not fit',
      got: `${images.length} bytes for ${labels.length} images ${show(shape)}`,
      expected: '[C, H, W], and C H W bytes for every label',
    })
  }
  const values = tables(C, options)
  const read = (index: number, out: Float32Array, at: number): void => {
    const from = index * pixels
    for (let c = 0; c < C; c++) {
      const table = values[c]
      for (let i = c * H * W; i < (c + 1) * H * W; i++) out[at + i] = table[images[from + i]]
    }
  }
  return {
    ...arrays,
    size: labels.length,
    get: (index) => {
      const out = new Float32Array(pixels)
      read(index, out, 0)
      return [fromData(out, shape, 'f32'), labels[index]]
    },
    batch: (indices) => {
      const out = new Float32Array(indices.length * pixels)
      indices.forEach((index, i) => read(index, out, i * pixels))
      const classes = Int32Array.from(indices, (index) => labels[index])
      return [fromData(out, [indices.length, ...shape], 'f32'), fromData(classes, [indices.length], 'i32')]
    },
  }
}
