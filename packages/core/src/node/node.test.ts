import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { decode as decodePng, encode as encodePng } from 'fast-png'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { DataLoader } from '../data/loader.ts'
import { writeIdx } from '../io/idx.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { cifar10 } from './cifar.ts'
import type { Decoder } from './decode.ts'
import { obtain, writeFileAtomic } from './files.ts'
import { imageFolder, textFile } from './folders.ts'
import { fashionMnist, mnist } from './mnist.ts'
import { readTar } from './tar.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lanewise-'))
  vi.stubEnv('LANEWISE_CACHE', join(folder, 'cache'))
  vi.stubEnv('LANEWISE_DATA', join(folder, 'none'))
  vi.spyOn(process, 'cwd').mockReturnValue(folder)
})
afterEach(() => {
  vi.unstubAllEnvs()
  vi.restoreAllMocks()
  rmSync(folder, { recursive: true })
})

const put = (path: string, bytes: Uint8Array | string): void => {
  mkdirSync(join(folder, path, '..'), { recursive: true })
  writeFileSync(join(folder, path), bytes)
}

const putDigits = (set: string, stem: string, count: number): void => {
  const images = Uint8Array.from({ length: count * 784 }, (_, i) => i % 256)
  const labels = Uint8Array.from({ length: count }, (_, i) => i % 10)
  put(`${set}/${stem}-images-idx3-ubyte.gz`, gzipSync(writeIdx({ dtype: 'u8', shape: [count, 28, 28], data: images })))
  put(`${set}/${stem}-labels-idx1-ubyte.gz`, gzipSync(writeIdx({ dtype: 'u8', shape: [count], data: labels })))
}

test('MNIST comes from a data folder; a limit is taken', async () => {
  putDigits('mnist', 'train', 5)
  putDigits('fashion-mnist', 't10k', 3)
  const data = await mnist({ root: folder, limit: 4 })
  expect([data.size, data.source, data.get(3)[1], data.get(0)[0].shape]).toEqual([4, 'MNIST', 3, [1, 28, 28]])
  expect((await fashionMnist({ root: folder, train: false })).size).toBe(3)
})

test('without files and network, generated digits stand in and say so', async () => {
  const options = { root: folder, download: false, limit: 20 }
  const data = await mnist(options)
  expect([data.size, data.source]).toEqual([20, 'generated digits'])
  await expect(mnist({ ...options, fallback: false })).rejects.toThrowErrorMatchingInlineSnapshot(
    `[ValueError: mnist: the data set was not found; got MNIST, expected its files below root, LANEWISE_DATA or ../shared/data, or a network to fetch them from.]`,
  )
  await expect(fashionMnist(options)).rejects.toThrow('Fashion-MNIST')
})

test('a damaged file is refused', async () => {
  putDigits('mnist', 'train', 2)
  put('mnist/train-images-idx3-ubyte.gz', gzipSync(Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 1, 5)))
  await expect(mnist({ root: folder })).rejects.toThrowErrorMatchingInlineSnapshot(
    `[FormatError: mnist: not a file of this data set; got u8 of rank 1 in train-images-idx3-ubyte, expected u8 of rank 3.]`,
  )
})

const serve = async (body: Uint8Array): Promise<{ url: string; hits: () => number; close: () => void }> => {
  let hits = 0
  const server = createServer((_, response) => {
    hits++
    response.end(body)
  })
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/x`,
    hits: () => hits,
    close: () => server.close(),
  }
}

test('a download is checked, kept, and leaves no half file', async () => {
  const body = Uint8Array.from({ length: 5000 }, (_, i) => i % 251)
  const server = await serve(body)
  try {
    const md5 = createHash('md5').update(body).digest('hex')
    const file = { path: 'a/b.bin', urls: [server.url], md5, maxBytes: 10_000 }
    const seen: number[] = []
    expect(await obtain(file, { root: folder, onProgress: (done) => void seen.push(done) })).toEqual(Buffer.from(body))
    expect(seen.at(-1)).toBe(5000)
    expect(await obtain(file, { root: folder })).toEqual(Buffer.from(body))
    expect(server.hits()).toBe(1)
    put('cache/a/b.bin', 'rotten')
    expect(await obtain(file, { root: folder })).toEqual(Buffer.from(body))
    expect(server.hits()).toBe(2)
    for (const wrong of [{ md5: '0'.repeat(32) }, { maxBytes: 4999 }]) {
      expect(await obtain({ ...file, path: 'a/c.bin', ...wrong }, { root: folder })).toBeNull()
    }
    expect(readdirSync(join(folder, 'cache/a'))).toEqual(['b.bin'])
    const aborted = obtain({ ...file, path: 'd' }, { root: folder, signal: AbortSignal.abort() })
    await expect(aborted).rejects.toThrow('stopped')
  } finally {
    server.close()
  }
})

test('a write that fails leaves the old file', async () => {
  const path = join(folder, 'x')
  await writeFileAtomic(path, 'old')
  await expect(writeFileAtomic(join(path, 'y'), 'new')).rejects.toThrow()
  expect(await textFile('x', { root: folder })).toBe('old')
  await expect(textFile('y', { root: folder })).rejects.toThrow('y')
})

const header = (name: string, size: number): Uint8Array => {
  const bytes = new Uint8Array(512)
  bytes.set(new TextEncoder().encode(name))
  bytes.set(new TextEncoder().encode(`${size.toString(8).padStart(11, '0')}\0`), 124)
  bytes[156] = 0x30
  return bytes
}

test('tar archives are read, cut ones refused', () => {
  const bytes = Buffer.concat([
    header('a', 3),
    Buffer.from('abc').subarray(),
    new Uint8Array(509),
    header('b', 0),
    new Uint8Array(1024),
  ])
  expect([...readTar(bytes)].map(([name, data]) => [name, data.length])).toEqual([
    ['a', 3],
    ['b', 0],
  ])
  expect(() => readTar(bytes.subarray(0, 514))).toThrowErrorMatchingInlineSnapshot(
    `[FormatError: tar: the archive is damaged; got a file of 3 bytes at byte 0 of 514, expected files that end within the archive.]`,
  )
})

test('CIFAR-10 comes from its binary version or from packs', async () => {
  const records = (n: number): Uint8Array =>
    Uint8Array.from({ length: n * 3073 }, (_, i) => (i % 3073 === 0 ? i % 10 : i % 256))
  put('cifar10/test_batch.bin', records(3))
  const data = await cifar10({ root: folder, train: false, limit: 2 })
  expect([data.size, data.source, data.get(1)[1]]).toEqual([2, 'CIFAR-10', 3])
  const picture = { width: 32, height: 32, channels: 3, data: new Uint8Array(3072).fill(51), depth: 8 } as const
  const file = encodePng(picture)
  put('cifar10/jpeg_train.jpegs.bin', Buffer.concat([file, file]))
  put('cifar10/jpeg_train.offsets.u32le', new Uint8Array(Uint32Array.of(0, file.length, 2 * file.length).buffer))
  put('cifar10/jpeg_train.labels.u8', Uint8Array.of(4, 9))
  const packs = await cifar10({ root: folder, decode: decodePng as Decoder })
  expect([packs.size, packs.source, packs.get(1)[1]]).toEqual([2, 'CIFAR-10 (JPEG)', 9])
  expect(packs.get(1)[0].dataSync()[0]).toBeCloseTo(0.2, 6)
  put('cifar10/jpeg_train.labels.u8', Uint8Array.of(4, 10))
  await expect(cifar10({ root: folder, decode: decodePng as Decoder })).rejects.toThrow(
    /^cifar10: not a label; got 10 at byte 1 of .*labels.u8, expected below 10.$/,
  )
  put('cifar10/jpeg_train.labels.u8', Uint8Array.of(4, 9))
  const uneven: Decoder = () => ({ width: 32, height: 32, data: new Uint8Array(1024 * 2.5) })
  await expect(cifar10({ root: folder, decode: uneven })).rejects.toThrow('expected 32x32 pixels of 1 to 4 bytes')
  put('cifar10/jpeg_train.labels.u8', Uint8Array.of(4))
  await expect(cifar10({ root: folder, decode: decodePng as Decoder })).rejects.toThrowErrorMatchingInlineSnapshot(
    `[FormatError: cifar10: the pack does not fit itself; got 12 bytes of offsets for 1 labels, expected 8.]`,
  )
})

test('the shared packs decode', async (context) => {
  const shared = process.env['npm_config_local_prefix'] ?? join(import.meta.dirname, '../../../..')
  const root = join(shared, '../shared/data')
  if (!existsSync(join(root, 'cifar10'))) return context.skip('CIFAR-10 is not here')
  const labels: number[] = []
  const decode: Decoder = () => ({ data: new Uint8Array(3072), width: 32, height: 32 })
  const data = await cifar10({ root, train: false, limit: 10, decode })
  for (let i = 0; i < 10; i++) labels.push(data.get(i)[1])
  expect(labels).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
})

test('an image folder gives its classes in order', async () => {
  const file = encodePng({ width: 2, height: 1, channels: 1, data: Uint8Array.of(0, 255), depth: 8 })
  for (const path of ['cat/2.png', 'cat/1.PNG', 'ant/deep/x.png', 'ant/note.txt']) put(path, file)
  const data = await imageFolder(folder, { decode: decodePng as Decoder })
  expect(data.classes).toEqual(['ant', 'cat'])
  expect(data.files.map((f) => f.label)).toEqual([0, 1, 1])
  const batches: (readonly [number[], unknown])[] = []
  for await (const [x, y] of new DataLoader(data, { batchSize: 2 }))
    batches.push([[...x.shape], (y as Tensor).toArray()])
  expect(batches).toEqual([
    [
      [2, 1, 1, 2],
      [0, 1],
    ],
    [[1, 1, 1, 2], [1]],
  ])
  await expect(imageFolder(join(folder, 'cat'), { decode: decodePng as Decoder })).rejects.toThrow(
    'there are no images',
  )
  await expect(data.get(data.size)).rejects.toThrow('imageFolder: the index is out of range')
  for (const path of ['no', 'ant/note.txt'])
    await expect(imageFolder(join(folder, path), { decode: decodePng as Decoder })).rejects.toThrow('no such folder')
})
