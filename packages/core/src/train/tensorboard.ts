import { ValueError } from '../errors.ts'
import type { FitEvent } from './fit.ts'
import type { Callback } from './callbacks.ts'

/** CRC-32C by bytes, as TensorFlow's record format uses it. */
const crc32c = (bytes: Uint8Array): number => {
  let crc = 0xffffffff
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1
  }
  return ~crc >>> 0
}

/** The checksum as it stands in a record: turned and shifted, so that it does not check itself. */
const masked = (bytes: Uint8Array): number => {
  const crc = crc32c(bytes)
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0
}

const join = (...parts: readonly (Uint8Array | readonly number[])[]): Uint8Array<ArrayBuffer> => {
  const out = new Uint8Array(parts.reduce((n, p) => n + p.length, 0))
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}

// Protocol buffers: each field is its number and kind, then its value.

const varint = (value: number): number[] => {
  const bytes: number[] = []
  let rest = value
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128)
  return [...bytes, rest]
}

const double = (field: number, value: number): Uint8Array => {
  const bytes = new Uint8Array(9)
  bytes[0] = field * 8 + 1
  new DataView(bytes.buffer).setFloat64(1, value, true)
  return bytes
}

const float = (field: number, value: number): Uint8Array => {
  const bytes = new Uint8Array(5)
  bytes[0] = field * 8 + 5
  new DataView(bytes.buffer).setFloat32(1, value, true)
  return bytes
}

const nested = (field: number, bytes: Uint8Array): Uint8Array => join([field * 8 + 2], varint(bytes.length), bytes)

const text = (field: number, value: string): Uint8Array => nested(field, new TextEncoder().encode(value))

/** One record: its length, its bytes, and a checksum after each. */
const record = (data: Uint8Array): Uint8Array<ArrayBuffer> => {
  const length = new Uint8Array(8)
  new DataView(length.buffer).setBigUint64(0, BigInt(data.length), true)
  const checksum = (bytes: Uint8Array): Uint8Array => {
    const out = new Uint8Array(4)
    new DataView(out.buffer).setUint32(0, masked(bytes), true)
    return out
  }
  return join(length, checksum(length), data, checksum(data))
}

/**
 * The first record of a TensorBoard event file.
 * @param seconds - the time since 1970
 */
export const eventFileStart = (seconds: number): Uint8Array<ArrayBuffer> =>
  record(join(double(1, seconds), text(3, 'brain.Event:2')))

/**
 * A record of figures at a step, for a TensorBoard event file.
 * @param seconds - the time since 1970
 * @throws ValueError when the step is not a whole number.
 * @source TensorFlow's event.proto, summary.proto and record format; checked against a known header in tensorboard.test.ts
 * @example eventFileScalars(3, { loss: 0.5 }, 0).length // => 42
 */
export const eventFileScalars = (
  step: number,
  figures: Readonly<Record<string, number>>,
  seconds: number,
): Uint8Array<ArrayBuffer> => {
  if (!(Number.isSafeInteger(step) && step >= 0)) {
    throw new ValueError({
      op: 'eventFileScalars',
      problem: 'not a step',
      got: String(step),
      expected: 'a whole number >= 0',
    })
  }
  const values = Object.entries(figures).map(([name, value]) => nested(1, join(text(1, name), float(2, value))))
  return record(join(double(1, seconds), [16], varint(step), nested(5, join(...values))))
}

/** The figures of an event under TensorBoard's usual names. */
const figuresOf = (event: FitEvent): Record<string, number> => {
  if (event.kind === 'step') return { 'train/batch_loss': event.batchLoss, 'train/lr': event.lr }
  const { samples: _, ...validation } = event.validation ?? { samples: 0 }
  const named = Object.entries(validation).map(([name, value]) => [`validation/${name}`, value] as const)
  return { 'train/loss': event.loss, 'train/epoch': event.epoch, ...Object.fromEntries(named) }
}

/** What {@link tensorBoard} takes. */
export interface TensorBoardOptions {
  /** Appends bytes to the event file, whose name must hold `tfevents`. */
  readonly append: (bytes: Uint8Array<ArrayBuffer>) => void | Promise<void>
  /** Batches between two records, beside those after epochs. Default 10. */
  readonly everySteps?: number
  /** The time in seconds since 1970. Default: the clock. */
  readonly now?: () => number
}

/**
 * Writes losses, rates and validation figures of {@link fit} as a TensorBoard event file.
 * @throws ValueError when `everySteps` is not an integer >= 1.
 * @example
 * const parts = []
 * const callback = tensorBoard({ append: (bytes) => void parts.push(bytes) })
 * await callback.start()
 * parts.length // => 1
 */
export const tensorBoard = (options: TensorBoardOptions): Callback => {
  const { append, everySteps = 10, now = () => Date.now() / 1000 } = options
  if (!(Number.isInteger(everySteps) && everySteps >= 1)) {
    throw new ValueError({
      op: 'tensorBoard',
      problem: 'not a number of steps',
      got: `everySteps ${everySteps}`,
      expected: 'an integer >= 1',
    })
  }
  return {
    start: () => append(eventFileStart(now())),
    step: (event) =>
      event.step % everySteps === 0 ? append(eventFileScalars(event.step, figuresOf(event), now())) : undefined,
    epoch: (event) => append(eventFileScalars(event.step, figuresOf(event), now())),
  }
}
