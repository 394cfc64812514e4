import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { tensorDataset } from '../data/dataset.ts'
import { DataLoader } from '../data/loader.ts'
import { mseLoss } from '../losses/distance.ts'
import { Linear } from '../nn/linear.ts'
import { sgd } from '../optim/index.ts'
import { exponentialLr } from '../schedules/decay.ts'
import { tensor } from '../tensor/create.ts'
import { fit, type FitEvent } from '../train/fit.ts'
import { eventFileScalars, eventFileStart } from '../train/tensorboard.ts'
import { tensorBoardFile } from './tensorboard.ts'

const folders: string[] = []
const folder = async (): Promise<string> => {
  folders.push(await mkdtemp(join(tmpdir(), 'lanewise-')))
  return folders.at(-1)!
}
afterEach(async () => {
  for (const path of folders.splice(0)) await rm(path, { recursive: true })
})

/** CRC-32C, bit by bit. */
const crc32c = (bytes: Uint8Array): number => {
  let crc = 0xffffffff
  for (let i = 0; i < 8 * bytes.length; i++) {
    const bit = (crc ^ (bytes[i >> 3] >> (i & 7))) & 1
    crc = (crc >>> 1) ^ (bit === 1 ? 0x82f63b78 : 0)
  }
  return ~crc >>> 0
}

const unmasked = (masked: number): number => {
  const turned = (masked - 0xa282ead8) >>> 0
  return ((turned << 15) | (turned >>> 17)) >>> 0
}

/** The data of each record, after both checksums. */
const recordsOf = (bytes: Buffer): Buffer[] => {
  const found: Buffer[] = []
  for (let at = 0; at < bytes.length;) {
    const size = Number(bytes.readBigUInt64LE(at))
    const data = bytes.subarray(at + 12, at + 12 + size)
    expect(unmasked(bytes.readUInt32LE(at + 8))).toBe(crc32c(bytes.subarray(at, at + 8)))
    expect(unmasked(bytes.readUInt32LE(at + 12 + size))).toBe(crc32c(data))
    found.push(data)
    at += size + 16
  }
  return found
}

/** The fields of a message: numbers, or bytes for those with a length. */
const fieldsOf = (data: Buffer): [number: number, value: number | Buffer][] => {
  const fields: [number, number | Buffer][] = []
  let at = 0
  const varint = (): number => {
    let [value, scale] = [0, 1]
    for (; data[at] > 127; scale *= 128) value += (data[at++] - 128) * scale
    return value + data[at++] * scale
  }
  while (at < data.length) {
    const key = varint()
    const kind = key & 7
    const size = kind === 1 ? 8 : kind === 5 ? 4 : varint()
    if (kind === 0) fields.push([key >> 3, size])
    else if (kind === 1) fields.push([key >> 3, data.readDoubleLE(at)])
    else if (kind === 5) fields.push([key >> 3, data.readFloatLE(at)])
    else fields.push([key >> 3, data.subarray(at, at + size)])
    if (kind !== 0) at += size
  }
  return fields
}

interface Entry {
  readonly step: number
  readonly scalars: Readonly<Record<string, number>>
}

/** The scalars of an event file, after a look at its first record and its times. */
const entriesOf = (bytes: Buffer): Entry[] => {
  const [version, ...events] = recordsOf(bytes).map(fieldsOf)
  expect(version.map(([number, value]) => [number, number === 1 ? 0 : String(value)])).toEqual([
    [1, 0],
    [3, 'brain.Event:2'],
  ])
  return events.map((fields) => {
    const event = new Map(fields)
    expect(Math.abs(Number(event.get(1)) - Date.now() / 1000)).toBeLessThan(60)
    const values = fieldsOf(event.get(5) as Buffer).map(([number, value]) => {
      expect(number).toBe(1)
      const scalar = new Map(fieldsOf(value as Buffer))
      return [String(scalar.get(1)), Number(scalar.get(2))] as const
    })
    return { step: Number(event.get(2) ?? 0), scalars: Object.fromEntries(values) }
  })
}

test('the checksum of the standard', () => {
  expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283)
})

test('figures come back as f32, from the first step to the largest', () => {
  const seconds = Date.now() / 1000
  const written: Entry[] = [
    { step: 0, scalars: { 'a/b': Math.fround(0.1) } },
    { step: 300, scalars: { a: -2, größe: Infinity, none: NaN } },
    { step: Number.MAX_SAFE_INTEGER, scalars: {} },
  ]
  const records = written.map(({ step, scalars }) => eventFileScalars(step, scalars, seconds))
  expect(entriesOf(Buffer.concat([eventFileStart(seconds), ...records]))).toEqual(written)
})

const data = tensorDataset(tensor([[0], [1], [2], [3]]), tensor([[1], [3], [5], [7]]))

test('a run of fit in a file of a new folder', async () => {
  const path = join(await folder(), 'new', 'run')
  const events: FitEvent[] = []
  const note = { step: (e: FitEvent) => void events.push(e), epoch: (e: FitEvent) => void events.push(e) }
  const passes = fit(new Linear(1, 1), {
    train: new DataLoader(data, { batchSize: 2 }),
    validation: new DataLoader(data, { batchSize: 4 }),
    loss: mseLoss,
    metrics: { bias: () => 0.25 },
    optimizer: sgd({ lr: 0.125 }),
    schedule: exponentialLr({ gamma: 0.5 }),
    epochs: 2,
    callbacks: [note, tensorBoardFile(path, { everySteps: 1 })],
  })
  for await (const _ of passes);
  const files = await readdir(path)
  expect(files).toEqual([expect.stringContaining('tfevents')])
  const lrs = events.map((e) => [e.kind, e.step, e.lr])
  expect(lrs).toEqual([
    ['step', 1, 0.125],
    ['step', 2, 0.125],
    ['epoch', 2, 0.125],
    ['step', 3, 0.0625],
    ['step', 4, 0.0625],
    ['epoch', 4, 0.0625],
  ])
  const batch = (e: FitEvent): Entry['scalars'] => ({ 'train/batch_loss': Math.fround(e.batchLoss), 'train/lr': e.lr })
  const epoch = (e: FitEvent): Entry['scalars'] => ({
    'train/loss': Math.fround(e.loss),
    'train/epoch': e.epoch,
    'validation/loss': Math.fround(e.validation!.loss),
    'validation/bias': 0.25,
  })
  expect(entriesOf(await readFile(join(path, files[0])))).toEqual(
    events.map((e) => ({ step: e.step, scalars: e.kind === 'epoch' ? epoch(e) : batch(e) })),
  )
})
