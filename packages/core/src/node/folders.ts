/// <reference types="node" />
import { existsSync, statSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { extname, join } from 'node:path'
import type { Dataset } from '../data/dataset.ts'
import { ValueError } from '../errors.ts'
import { toTensor, type Transform } from '../images/image.ts'
import type { Tensor } from '../tensor/tensor.ts'
import type { Decoder } from './decode.ts'
import { dataFolders, missing } from './files.ts'

/** What {@link imageFolder} takes. */
export interface ImageFolderOptions {
  /** Decodes a picture's file. */
  readonly decode: Decoder
  /** Applied to each image [C, H, W] in [0, 1]. */
  readonly transform?: Transform
  /** Endings of the files to take. Default jpg, jpeg, png, ppm, bmp, pgm, tif, tiff and webp, as torchvision. */
  readonly extensions?: readonly string[]
}

/** Images on disk with their classes; samples are read when asked for, so a loader needs `for await`. */
export interface ImageFolder extends Dataset<[Tensor, number]> {
  /** The names of the sub-folders, in order. */
  readonly classes: readonly string[]
  /** Path and class of each image. */
  readonly files: readonly { readonly path: string; readonly label: number }[]
  /** One image and its class, read from its file. */
  get(index: number): Promise<[Tensor, number]>
}

const usual = ['.jpg', '.jpeg', '.png', '.ppm', '.bmp', '.pgm', '.tif', '.tiff', '.webp']

/** The files below a folder, in the order of their names. */
const filesBelow = async (folder: string): Promise<string[]> => {
  const entries = await readdir(folder, { withFileTypes: true })
  entries.sort((a, b) => (a.name < b.name ? -1 : 1))
  const nested = await Promise.all(
    entries.map((e) => (e.isDirectory() ? filesBelow(join(folder, e.name)) : [join(folder, e.name)])),
  )
  return nested.flat()
}

/**
 * A dataset of the images below a folder: each sub-folder is a class, as torchvision's ImageFolder.
 * @throws ValueError when there is no folder, no class or no image.
 */
export const imageFolder = async (folder: string, options: ImageFolderOptions): Promise<ImageFolder> => {
  const { decode, transform, extensions } = options
  const wanted = extensions?.map((e) => (e.startsWith('.') ? e : `.${e}`).toLowerCase()) ?? usual
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory())
    throw new ValueError({ op: 'imageFolder', problem: 'there is no such folder', got: folder })
  const entries = await readdir(folder, { withFileTypes: true })
  const classes = entries
    .filter((e) => e.isDirectory())
    .map((e) => e.name)
    .sort()
  const lists = await Promise.all(classes.map((name) => filesBelow(join(folder, name))))
  const files = lists.flatMap((paths, label) =>
    paths.filter((path) => wanted.includes(extname(path).toLowerCase())).map((path) => ({ path, label })),
  )
  if (files.length === 0) {
    throw new ValueError({
      op: 'imageFolder',
      problem: 'there are no images',
      got: `${classes.length} sub-folders of ${folder}`,
      expected: `sub-folders with files that end in ${wanted.join(', ')}`,
    })
  }
  return {
    size: files.length,
    classes,
    files,
    get: async (index) => {
      if (!(Number.isInteger(index) && index >= 0 && index < files.length)) {
        throw new ValueError({
          op: 'imageFolder',
          problem: 'the index is out of range',
          got: String(index),
          expected: `an integer in [0, ${files.length})`,
        })
      }
      const { path, label } = files[index]
      const x = toTensor(await decode(await readFile(path)))
      return [transform === undefined ? x : transform(x), label]
    },
  }
}

/**
 * A text file of a data folder, such as `text/tinyshakespeare.txt`, or of any path.
 * @throws ValueError when it is not there.
 */
export const textFile = async (name: string, options: { readonly root?: string } = {}): Promise<string> => {
  for (const path of [name, ...dataFolders(options.root).map((folder) => join(folder, name))]) {
    if (existsSync(path)) return readFile(path, 'utf8')
  }
  throw missing('textFile', name)
}
