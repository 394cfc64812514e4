/// <reference types="node" />
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { imageDataset, type ImageDatasetOptions } from '../data/images.ts'
import { FormatError } from '../errors.ts'
import { readCifar10 } from '../io/cifar.ts'
import { gunzip } from '../io/inflate.ts'
import { dataFolders, missing, obtain, type FetchOptions, type RemoteFile } from './files.ts'
import type { Decoder } from './decode.ts'
import { planesOf } from './decode.ts'
import type { NamedImages } from './mnist.ts'
import { readTar } from './tar.ts'

/** What {@link cifar10} takes. */
export interface CifarOptions extends ImageDatasetOptions, FetchOptions {
  /** The training images or those for testing. Default true. */
  readonly train?: boolean
  /** Only the first images. Default all. */
  readonly limit?: number
  /** Decodes JPEG: needed for packs of JPEG files, whose pixels are close to the original ones but not the same. */
  readonly decode?: Decoder
}

/** The names of the ten classes. */
export const cifar10Classes: readonly string[] = [
  'airplane',
  'automobile',
  'bird',
  'cat',
  'deer',
  'dog',
  'frog',
  'horse',
  'ship',
  'truck',
]

const archive: RemoteFile = {
  path: 'cifar10/cifar-10-binary.tar.gz',
  urls: ['https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz'],
  md5: 'c32a1d4ab5d03f1284b67883e8d87530',
  maxBytes: 2 ** 28,
}

interface Arrays {
  readonly images: Uint8Array
  readonly labels: Uint8Array
}

const joined = (parts: readonly Uint8Array[]): Uint8Array => {
  const all = new Uint8Array(parts.reduce((n, p) => n + p.length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}

const together = (parts: readonly Arrays[]): Arrays => ({
  images: joined(parts.map((p) => p.images)),
  labels: joined(parts.map((p) => p.labels)),
})

/** The batches of the binary version in a folder, or null. */
const fromBinaries = async (folder: string, names: readonly string[]): Promise<Arrays | null> => {
  const paths = names.map((name) => join(folder, name))
  if (!paths.every((path) => existsSync(path))) return null
  const parts = await Promise.all(paths.map(async (path) => readCifar10(await readFile(path))))
  return together(parts.map(({ images, labels }) => ({ images: images.data, labels: labels.data })))
}

/** One pack of JPEG files: the files back to back, where each begins, and their labels. */
const fromPack = async (stem: string, decode: Decoder, limit: number): Promise<Arrays> => {
  const [bytes, offsets, labels] = await Promise.all(
    ['jpegs.bin', 'offsets.u32le', 'labels.u8'].map((end) => readFile(`${stem}.${end}`)),
  )
  const view = new DataView(offsets.buffer, offsets.byteOffset, offsets.length)
  const count = Math.min(labels.length, limit)
  if (offsets.length !== 4 * (labels.length + 1)) {
    throw new FormatError({
      op: 'cifar10',
      problem: 'the pack does not fit itself',
      got: `${offsets.length} bytes of offsets for ${labels.length} labels`,
      expected: `${4 * (labels.length + 1)}`,
    })
  }
  const stranger = labels.findIndex((label) => label >= cifar10Classes.length)
  if (stranger !== -1) {
    throw new FormatError({
      op: 'cifar10',
      problem: 'not a label',
      got: `${labels[stranger]} at byte ${stranger} of ${stem}.labels.u8`,
      expected: `below ${cifar10Classes.length}`,
    })
  }
  const images = new Uint8Array(count * 3072)
  for (let i = 0; i < count; i++) {
    const [from, to] = [view.getUint32(4 * i, true), view.getUint32(4 * i + 4, true)]
    if (from > to || to > bytes.length) {
      throw new FormatError({
        op: 'cifar10',
        problem: 'an offset lies outside of the pack',
        got: `${from} to ${to}`,
        expected: `at most ${bytes.length}`,
      })
    }
    images.set(planesOf('cifar10', await decode(bytes.subarray(from, to)), 32, 32), i * 3072)
  }
  return { images, labels: labels.subarray(0, count) }
}

/** Packs of JPEG files in a folder, or null. */
const fromPacks = async (
  folder: string,
  names: readonly string[],
  decode: Decoder,
  limit: number,
): Promise<Arrays | null> => {
  const stems = names.map((name) => join(folder, name)).filter((stem) => existsSync(`${stem}.jpegs.bin`))
  if (stems.length === 0) return null
  const parts: Arrays[] = []
  let left = limit
  for (const stem of stems) {
    if (left <= 0) break
    parts.push(await fromPack(stem, decode, left))
    left -= parts[parts.length - 1].labels.length
  }
  return together(parts)
}

const batchNames = (train: boolean): string[] =>
  train ? [1, 2, 3, 4, 5].map((i) => `data_batch_${i}.bin`) : ['test_batch.bin']
const packNames = (train: boolean): string[] => (train ? ['jpeg_train', 'jpeg_train_2'] : ['jpeg_test_a'])

const find = async (options: CifarOptions): Promise<(Arrays & { readonly source: string }) | null> => {
  const train = options.train !== false
  for (const root of dataFolders(options.root)) {
    for (const folder of [join(root, 'cifar10'), join(root, 'cifar-10-batches-bin')]) {
      const found = await fromBinaries(folder, batchNames(train))
      if (found !== null) return { ...found, source: 'CIFAR-10' }
      const packs =
        options.decode === undefined
          ? null
          : await fromPacks(folder, packNames(train), options.decode, options.limit ?? Infinity)
      if (packs !== null) return { ...packs, source: 'CIFAR-10 (JPEG)' }
    }
  }
  const bytes = await obtain(archive, options)
  if (bytes === null) return null
  const files = readTar(await gunzip(bytes))
  const parts = batchNames(train).map((name) => {
    const file = files.get(`cifar-10-batches-bin/${name}`)
    if (file === undefined)
      throw new FormatError({
        op: 'cifar10',
        problem: 'the archive lacks a file',
        got: [...files.keys()].join(', '),
        expected: name,
      })
    return readCifar10(file)
  })
  return {
    ...together(parts.map(({ images, labels }) => ({ images: images.data, labels: labels.data }))),
    source: 'CIFAR-10',
  }
}

/**
 * CIFAR-10: 32x32 colour images of 10 classes ({@link cifar10Classes}), from the binary version or from packs of JPEG
 * files in `root`, `LANEWISE_DATA` or `../shared/data`, from the cache, or downloaded, checked and kept. A sample is
 * [f32 [3, 32, 32] in [0, 1], class].
 * @throws ValueError when it is nowhere and cannot be fetched; FormatError when a file is damaged.
 * @source Krizhevsky 2009
 */
export const cifar10 = async (options: CifarOptions = {}): Promise<NamedImages> => {
  const found = await find(options)
  if (found === null) throw missing('cifar10', 'CIFAR-10')
  const count = Math.min(found.labels.length, options.limit ?? Infinity)
  const arrays = {
    images: found.images.subarray(0, count * 3072),
    shape: [3, 32, 32],
    labels: found.labels.subarray(0, count),
  }
  return { ...imageDataset(arrays, options), source: found.source }
}
