/// <reference types="node" />
import { Buffer } from 'node:buffer'
import { mkdir, open, type FileHandle } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { ValueError } from '../errors.ts'
import type { Callback } from '../train/callbacks.ts'
import type { FitEvent } from '../train/fit.ts'

/** CRC-32C (polynomial 0x1edc6f41, reflected), in [0, 2^32). */
export const crc32c = (bytes: Uint8Array): number => {
  let c = 0xffffffff
  for (const byte of bytes) {
    c ^= byte
    for (let bit = 0; bit < 8; bit++) c = (c >>> 1) ^ (c & 1 ? 0x82f63b78 : 0)
  }
  return ~c >>> 0
}

/** The form in which TFRecord files hold a CRC: turned by 15 bits, plus a constant. */
const masked = (bytes: Uint8Array): number => {
  const crc = crc32c(bytes)
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0
}

const uint32 = (x: number): Buffer => {
  const out = Buffer.alloc(4)
  out.writeUInt32LE(x)
  return out
}

/** A TFRecord: length in 8 bytes, its CRC, the data, its CRC. */
const record = (data: Uint8Array): Buffer => {
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(data.length))
  return Buffer.concat([length, uint32(masked(length)), data, uint32(masked(data))])
}

// Protocol buffers: a field is its number and kind of encoding in one varint, then the value.
const VARINT = 0
const FIXED64 = 1
const LENGTH = 2
const FIXED32 = 5

const varint = (x: number): Buffer => {
  const bytes: number[] = []
  let rest = x
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128)
  return Buffer.from([...bytes, rest])
}

const field = (number: number, kind: number, ...value: readonly Buffer[]): Buffer =>
  Buffer.concat([varint(number * 8 + kind), ...value])

const message = (number: number, value: Buffer): Buffer => field(number, LENGTH, varint(value.length), value)

const double = (x: number): Buffer => {
  const out = Buffer.alloc(8)
  out.writeDoubleLE(x)
  return out
}

const float = (x: number): Buffer => {
  const out = Buffer.alloc(4)
  out.writeFloatLE(x)
  return out
}

/** An Event: 1 wall time in seconds, 2 step, and 3 the file's version or 5 a Summary. */
const event = (seconds: number, step: number, what: Buffer): Buffer =>
  record(Buffer.concat([field(1, FIXED64, double(seconds)), field(2, VARINT, varint(step)), what]))

/** A Summary of scalars: values (1) of tag (1) and simple_value (2). */
const summary = (scalars: Readonly<Record<string, number>>): Buffer =>
  message(
    5,
    Buffer.concat(
      Object.entries(scalars).map(([tag, value]) =>
        message(1, Buffer.concat([message(1, Buffer.from(tag)), field(2, FIXED32, float(value))])),
      ),
    ),
  )

/** Scalars in the event files that TensorBoard reads. */
export interface ScalarLog {
  /** The file's path. */
  readonly path: string
  /** Appends figures by tag; `step` is a whole number from 0 on. */
  write(step: number, scalars: Readonly<Record<string, number>>): Promise<void>
  close(): Promise<void>
}

let counter = 0

/**
 * Starts an event file in a folder, which is made when it is not there. Each call of `write` reaches the file at once;
 * values are stored as f32.
 * @source Read back with TensorBoard 2's framing and field numbers in tensorboard.test.ts
 */
export const openScalarLog = async (folder: string): Promise<ScalarLog> => {
  await mkdir(folder, { recursive: true })
  const now = Date.now() / 1000
  const name = `events.out.tfevents.${String(Math.floor(now)).padStart(10, '0')}.${hostname()}.${process.pid}.${counter++}`
  const path = join(folder, name)
  const file: FileHandle = await open(path, 'wx')
  await file.appendFile(event(now, 0, message(3, Buffer.from('brain.Event:2'))))
  return {
    path,
    write: async (step, scalars) => {
      if (!(Number.isSafeInteger(step) && step >= 0))
        throw new ValueError({
          op: 'tensorboard',
          problem: 'not a step',
          got: String(step),
          expected: 'a whole number from 0 on',
        })
      await file.appendFile(event(Date.now() / 1000, step, summary(scalars)))
    },
    close: () => file.close(),
  }
}

/** What {@link tensorboard} takes. */
export interface TensorboardOptions {
  /** Batches between two entries of the last batch's loss; 0 for none. Default 1. */
  readonly everySteps?: number
}

const epochFigures = ({
  loss,
  validation = {} as NonNullable<FitEvent['validation']>,
}: FitEvent): Record<string, number> => {
  const figures: Record<string, number> = { 'loss/train': loss }
  for (const [name, value] of Object.entries(validation)) if (name !== 'samples') figures[`${name}/validation`] = value
  return figures
}

/**
 * Logs a run of {@link fit} for TensorBoard: the tags `loss/batch` and `lr` by step, `loss/train` and
 * `NAME/validation` after each epoch, all over the number of batches so far.
 * @param folder - one folder a run
 * @throws ValueError when `everySteps` is not a whole number.
 * @example
 * const callback = tensorboard('runs/first', { everySteps: 10 })
 * typeof callback.step // => 'function'
 */
export const tensorboard = (folder: string, { everySteps = 1 }: TensorboardOptions = {}): Callback => {
  if (!(Number.isInteger(everySteps) && everySteps >= 0))
    throw new ValueError({
      op: 'tensorboard',
      problem: 'everySteps is out of range',
      got: String(everySteps),
      expected: 'a whole number from 0 on',
    })
  let log: ScalarLog | null = null
  const write = async (step: number, scalars: Readonly<Record<string, number>>): Promise<void> => {
    log ??= await openScalarLog(folder)
    await log.write(step, scalars)
  }
  return {
    step: async ({ step, batchLoss, lr }) => {
      if (everySteps > 0 && step % everySteps === 0) await write(step, { 'loss/batch': batchLoss, lr })
    },
    epoch: (event) => write(event.step, { ...epochFigures(event), lr: event.lr }),
    end: async () => {
      const open = log
      log = null
      await open?.close()
    },
  }
}
