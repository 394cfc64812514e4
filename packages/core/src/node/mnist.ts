import { FormatError } from '../errors.ts'
import { imageDataset, type ImageDataset, type ImageDatasetOptions } from '../data/images.ts'
import { strokeDigits } from '../data/digits.ts'
import { readIdx } from '../io/idx.ts'
import { gunzip, isGzip } from '../io/inflate.ts'
import { missing, obtain, type FetchOptions, type RemoteFile } from './files.ts'

/** How {@link mnist} and {@link fashionMnist} find and scale their images. */
export interface MnistOptions extends ImageDatasetOptions, FetchOptions {
  /** The 60,000 training images, or the 10,000 for testing. Default true. */
  readonly train?: boolean
  /** Only the first images. Default all. */
  readonly limit?: number
}

/** Where one of the two data sets with this layout is published. */
interface Source {
  readonly name: string
  readonly folder: string
  readonly mirrors: readonly string[]
  /** MD5 of the packed files: training images and labels, test images and labels. */
  readonly md5: readonly [string, string, string, string]
}

const files = ['train-images-idx3-ubyte', 'train-labels-idx1-ubyte', 't10k-images-idx3-ubyte', 't10k-labels-idx1-ubyte']

const digits: Source = {
  name: 'MNIST',
  folder: 'mnist',
  mirrors: ['https://ossci-datasets.s3.amazonaws.com/mnist/', 'http://yann.lecun.com/exdb/mnist/'],
  md5: [
    'f68b3c2dcbeaaa9fbdd348bbdeb89873',
    'd53e105ee54ea40749a09fcbcd1e9432',
    '9fb629c4189551a2d022fa330f9573f3',
    'ec29112dd5afa0611ce80d1b7f02629c',
  ],
}

const clothes: Source = {
  name: 'Fashion-MNIST',
  folder: 'fashion-mnist',
  mirrors: ['http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/'],
  md5: [
    '8d4fb7e6c68d591d4c3dfef9ec88bf0d',
    '25c81989df183df01b3e8a0aad5dffbe',
    'bef4ecab320f06d8554ea6380940ec79',
    'bb300cfdad3c16e7a12a480ee83cd310',
  ],
}

const remote = (source: Source, which: number): RemoteFile => ({
  path: `${source.folder}/${files[which]}.gz`,
  urls: source.mirrors.map((mirror) => `${mirror}${files[which]}.gz`),
  md5: source.md5[which],
  maxBytes: 2 ** 26,
})

const read = async (
  source: Source,
  which: number,
  options: FetchOptions,
  rank: number,
): Promise<{ data: Uint8Array; shape: readonly number[] } | null> => {
  const bytes = await obtain(remote(source, which), options)
  if (bytes === null) return null
  const { dtype, shape, data } = readIdx(isGzip(bytes) ? await gunzip(bytes) : bytes)
  if (dtype === 'u8' && shape.length === rank) return { data, shape }
  throw new FormatError({
    op: source.folder,
    problem: 'not a file of this data set',
    got: `${dtype} of rank ${shape.length} in ${files[which]}`,
    expected: `u8 of rank ${rank}`,
  })
}

const load = async (source: Source, options: MnistOptions): Promise<ImageDataset | null> => {
  const first = options.train === false ? 2 : 0
  const images = await read(source, first, options, 3)
  const labels = images === null ? null : await read(source, first + 1, options, 1)
  if (images === null || labels === null) return null
  const [N, H, W] = images.shape
  const count = Math.min(N, options.limit ?? N)
  return imageDataset(
    { images: images.data.subarray(0, count * H * W), shape: [1, H, W], labels: labels.data.subarray(0, count) },
    options,
  )
}

/** What to do without the files. */
export interface FallbackOptions {
  /** Let generated digits stand in. Default true. */
  readonly fallback?: boolean
}

/** Images with the name of what they are. */
export type NamedImages = ImageDataset & {
  /** Such as `MNIST`, or `generated digits` where those stand in. */
  readonly source: string
}

/** Stroke-drawn digits in the place of MNIST. */
const generated = (options: MnistOptions): NamedImages => {
  const train = options.train !== false
  const count = Math.min(options.limit ?? Infinity, train ? 12_000 : 2_000)
  const { images, labels } = strokeDigits(count, { seed: train ? 0 : 1 })
  return {
    ...imageDataset({ images: images.data, shape: [1, 28, 28], labels: labels.data }, options),
    source: 'generated digits',
  }
}

/**
 * The MNIST digits: 28x28 images of 10 classes, from `root`, `LANEWISE_DATA`, `../shared/data`, the cache, or
 * downloaded, checked and kept. A sample is [f32 [1, 28, 28] in [0, 1], class]. Where they cannot be had, generated
 * digits stand in (12,000 and 2,000), and `source` says so.
 * @throws ValueError without `fallback`, when they are nowhere and cannot be fetched; FormatError when a file is damaged.
 * @source LeCun, Cortes and Burges
 */
export const mnist = async (options: MnistOptions & FallbackOptions = {}): Promise<NamedImages> => {
  const found = await load(digits, options)
  if (found !== null) return { ...found, source: 'MNIST' }
  if (options.fallback === false) throw missing('mnist', 'MNIST')
  return generated(options)
}

/**
 * Fashion-MNIST: {@link mnist} with ten kinds of clothes.
 * @throws ValueError when it is nowhere and cannot be fetched; FormatError when a file is damaged.
 * @source Xiao, Rasul and Vollgraf 2017
 */
export const fashionMnist = async (options: MnistOptions = {}): Promise<ImageDataset> => {
  const found = await load(clothes, options)
  if (found === null) throw missing('fashionMnist', 'Fashion-MNIST')
  return found
}
