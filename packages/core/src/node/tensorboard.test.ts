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
import { crc32c, openScalarLog, tensorboard } from './tensorboard.ts'

const folders: string[] = []
const folder = async (): Promise<string> => {
  folders.push(await mkdtemp(join(tmpdir(), 'lanewise-')))
  return folders.at(-1)!
}
afterEach(async () => {
  for (const path of folders.splice(0)) await rm(path, { recursive: true })
})

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
const readLog = async (path: string): Promise<Entry[]> => {
  const [version, ...events] = recordsOf(await readFile(path)).map(fieldsOf)
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

test('the checksum of the standard, and the first bytes of every event file', async () => {
  expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283)
  const log = await openScalarLog(await folder())
  await log.close()
  const bytes = await readFile(log.path)
  expect(bytes.subarray(0, 13).toString('hex')).toBe('1800000000000000a37f4b2209') // as TensorFlow's files begin
})

test('figures come back as f32, from the first step to the largest', async () => {
  const log = await openScalarLog(join(await folder(), 'new', 'run'))
  await log.write(0, { 'a/b': 0.1 })
  await log.write(300, { a: -2, größe: Infinity, none: NaN })
  await log.write(Number.MAX_SAFE_INTEGER, {})
  await log.close()
  expect(await readLog(log.path)).toEqual([
    { step: 0, scalars: { 'a/b': Math.fround(0.1) } },
    { step: 300, scalars: { a: -2, größe: Infinity, none: NaN } },
    { step: Number.MAX_SAFE_INTEGER, scalars: {} },
  ])
})

const data = tensorDataset(tensor([[0], [1], [2], [3]]), tensor([[1], [3], [5], [7]]))

/** Two epochs of two batches; their events, and what was logged. */
const run = async (everySteps?: number): Promise<{ events: FitEvent[]; entries: Entry[] }> => {
  const path = await folder()
  const events: FitEvent[] = []
  const keep = { step: (e: FitEvent) => void events.push(e), epoch: (e: FitEvent) => void events.push(e) }
  const logged = tensorboard(path, everySteps === undefined ? {} : { everySteps })
  const passes = fit(new Linear(1, 1), {
    train: new DataLoader(data, { batchSize: 2 }),
    validation: new DataLoader(data, { batchSize: 4 }),
    loss: mseLoss,
    metrics: { bias: () => 0.25 },
    optimizer: sgd({ lr: 0.125 }),
    schedule: exponentialLr({ gamma: 0.5 }),
    epochs: 2,
    callbacks: [keep, logged],
  })
  for await (const _ of passes);
  const files = await readdir(path)
  expect(files.length).toBe(1)
  return { events, entries: await readLog(join(path, files[0])) }
}

const epochEntry = (e: FitEvent, extra: Readonly<Record<string, number>> = {}): Entry => ({
  step: e.step,
  scalars: {
    'loss/train': Math.fround(e.loss),
    'loss/validation': Math.fround(e.validation!.loss),
    'bias/validation': 0.25,
    ...extra,
  },
})

test('a run of fit', async () => {
  const { events, entries } = await run()
  expect(events.map((e) => [e.kind, e.step, e.lr])).toEqual([
    ['step', 1, 0.125],
    ['step', 2, 0.125],
    ['epoch', 2, 0.125],
    ['step', 3, 0.0625],
    ['step', 4, 0.0625],
    ['epoch', 4, 0.0625],
  ])
  expect(entries).toEqual(
    events.map((e) =>
      e.kind === 'epoch'
        ? epochEntry(e)
        : { step: e.step, scalars: { 'loss/batch': Math.fround(e.batchLoss), lr: e.lr } },
    ),
  )
})

test('epochs only', async () => {
  const { events, entries } = await run(0)
  expect(entries).toEqual(events.filter((e) => e.kind === 'epoch').map((e) => epochEntry(e, { lr: e.lr })))
})

test('errors', async () => {
  expect(() => tensorboard('x', { everySteps: 1.5 })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: tensorboard: everySteps is out of range; got 1.5, expected a whole number from 0 on.]`,
  )
  const log = await openScalarLog(await folder())
  await expect(log.write(-1, { a: 1 })).rejects.toThrowErrorMatchingInlineSnapshot(
    `[ValueError: tensorboard: not a step; got -1, expected a whole number from 0 on.]`,
  )
  await log.close()
})
