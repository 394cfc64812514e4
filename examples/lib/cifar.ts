import { decode as decodeJpeg } from '@cwasm/jpeg-turbo'
import { decode as decodePng } from 'fast-png'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { imageDataset, type ImageDataset, type ImageDatasetOptions } from '@lanewise/core'
import { cifar10, dataFolders, type NamedImages } from '@lanewise/core/node'

export interface CifarRequest extends ImageDatasetOptions {
  readonly data: string
  readonly signal: AbortSignal
  /** The training images or those for testing. Default true. */
  readonly train?: boolean
  /** Only the first images. Default all. */
  readonly limit?: number
}

/** Rows of 1,024 RGB pixels, one image each, as planes. */
const planesOfSheet = (path: string): Uint8Array => {
  const { data, width, height, channels } = decodePng(readFileSync(path))
  if (width !== 1024 || channels < 3)
    throw new RangeError(`${path}: got ${width}x${height}x${channels}, expected rows of 1024 RGB pixels.`)
  const planes = new Uint8Array(height * 3072)
  for (let i = 0; i < height; i++)
    for (let p = 0; p < 1024; p++)
      for (let c = 0; c < 3; c++) planes[i * 3072 + c * 1024 + p] = data[(i * 1024 + p) * channels + c] ?? 0
  return planes
}

/** The first 4,000 training images without losses, or null where they are not kept. */
export const losslessCifar = (root: string, options: ImageDatasetOptions = {}): ImageDataset | null => {
  for (const folder of dataFolders(root)) {
    const labels = join(folder, 'cifar10/convnetjs_batches_0-3.labels.u8')
    if (!existsSync(labels)) continue
    const sheets = [0, 1, 2, 3].map((i) => planesOfSheet(join(folder, `cifar10/convnetjs_cifar10_batch_${i}.png`)))
    const images = new Uint8Array(4000 * 3072)
    sheets.forEach((sheet, i) => images.set(sheet, i * 1000 * 3072))
    return imageDataset({ images, shape: [3, 32, 32], labels: new Uint8Array(readFileSync(labels)) }, options)
  }
  return null
}

const joined = (a: Uint8Array, b: Uint8Array): Uint8Array => {
  const all = new Uint8Array(a.length + b.length)
  all.set(a)
  all.set(b, a.length)
  return all
}

const bytesOf = (labels: Int32Array | Uint8Array): Uint8Array => Uint8Array.from(labels)

/** CIFAR-10: the original images where they are, else the JPEG packs, to whose training part the lossless images are added. */
export const cifar = async ({ data, signal, train = true, limit, ...options }: CifarRequest): Promise<NamedImages> => {
  const packs = await cifar10({
    root: data,
    signal,
    train,
    decode: (bytes) => decodeJpeg(bytes),
    ...(limit !== undefined && { limit }),
    ...options,
  })
  const extra = train && limit === undefined && packs.source.includes('JPEG') ? losslessCifar(data) : null
  if (extra === null) return packs
  const images = joined(packs.images, extra.images)
  const labels = joined(bytesOf(packs.labels), bytesOf(extra.labels))
  return {
    ...imageDataset({ images, shape: packs.shape, labels }, options),
    source: `${packs.source} and 4,000 lossless images`,
  }
}
