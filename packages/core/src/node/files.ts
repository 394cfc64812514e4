/// <reference types="node" />
import { Buffer } from 'node:buffer'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import process from 'node:process'
import { AbortError, FormatError, ValueError } from '../errors.ts'

/** Writes a file so that a reader sees the old one or the new one, never a part: beside it first, then renamed. */
export const writeFileAtomic = async (path: string, bytes: Uint8Array | string): Promise<void> => {
  await mkdir(dirname(path), { recursive: true })
  const partial = `${path}.${process.pid}.${counter++}.partial`
  try {
    const file = await open(partial, 'w')
    try {
      await file.writeFile(bytes)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(partial, path)
  } catch (error) {
    await rm(partial, { force: true })
    throw error
  }
}

let counter = 0

/** Where data sets are looked for: the folder given, `LANEWISE_DATA`, then `../shared/data`; those that exist. */
export const dataFolders = (given?: string): string[] =>
  [given, process.env['LANEWISE_DATA'], '../shared/data']
    .filter((path) => path !== undefined && existsSync(path))
    .map((path) => resolve(path!))

/** Where downloads are kept: `LANEWISE_CACHE`, else `.cache/lanewise` in the home folder. */
export const cacheFolder = (): string => process.env['LANEWISE_CACHE'] ?? join(homedir(), '.cache', 'lanewise')

/** A file that a loader needs. */
export interface RemoteFile {
  /** Path below a data folder and below the cache. */
  readonly path: string
  /** Public addresses, tried in order. */
  readonly urls: readonly string[]
  /** Of the whole file, as its publisher states it. */
  readonly md5: string
  /** A little more than the file's size: a download ends there. */
  readonly maxBytes: number
}

/** How a loader may fetch files. */
export interface FetchOptions {
  /** Folder of data sets. Default: `LANEWISE_DATA`, then `../shared/data`. */
  readonly root?: string
  /** Fetch what is not there. Default true. */
  readonly download?: boolean
  /** Stops a download. */
  readonly signal?: AbortSignal
  /** Called with the bytes that arrived and the bytes expected. */
  readonly onProgress?: (done: number, total: number, file: string) => void
}

const md5 = (bytes: Uint8Array): string => createHash('md5').update(bytes).digest('hex')

/** Downloads one file, no further than its bound. */
const download = async (url: string, file: RemoteFile, { signal, onProgress }: FetchOptions): Promise<Uint8Array> => {
  const response = await fetch(url, signal === undefined ? {} : { signal })
  if (!response.ok || response.body === null)
    throw new FormatError({ op: 'download', problem: 'the server refused', got: `${response.status} for ${url}` })
  const total = Number(response.headers.get('content-length')) || file.maxBytes
  const parts: Uint8Array[] = []
  let at = 0
  for await (const part of response.body) {
    at += part.length
    if (at > file.maxBytes)
      throw new FormatError({
        op: 'download',
        problem: 'the file is too long',
        got: `${at} bytes from ${url}`,
        expected: `at most ${file.maxBytes}`,
      })
    parts.push(part)
    onProgress?.(at, total, file.path)
  }
  const bytes = Buffer.concat(parts)
  if (md5(bytes) !== file.md5)
    throw new FormatError({
      op: 'download',
      problem: 'the checksum does not fit',
      got: `${at} bytes with MD5 ${md5(bytes)} from ${url}`,
      expected: file.md5,
    })
  return bytes
}

/**
 * The bytes of a file: from a data folder, from the cache, or downloaded, checked and kept in the cache.
 * @returns null when it is nowhere and cannot be fetched
 */
export const obtain = async (file: RemoteFile, options: FetchOptions = {}): Promise<Uint8Array | null> => {
  for (const folder of dataFolders(options.root)) {
    const path = join(folder, file.path)
    if (existsSync(path)) return readFile(path)
  }
  const cached = join(cacheFolder(), file.path)
  if (existsSync(cached)) {
    const bytes = await readFile(cached)
    if (md5(bytes) === file.md5) return bytes
    await rm(cached, { force: true })
  }
  if (options.download === false) return null
  for (const url of file.urls) {
    try {
      const bytes = await download(url, file, options)
      await writeFileAtomic(cached, bytes)
      return bytes
    } catch (error) {
      if (options.signal?.aborted === true)
        throw new AbortError({ op: 'download', problem: 'stopped', got: file.path, cause: error })
    }
  }
  return null
}

/** Throws: a file is nowhere. */
export const missing = (op: string, what: string): ValueError =>
  new ValueError({
    op,
    problem: 'the data set was not found',
    got: what,
    expected: 'its files below root, LANEWISE_DATA or ../shared/data, or a network to fetch them from',
  })
