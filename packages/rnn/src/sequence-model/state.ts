import { FormatError, ShapeError, tensor, type RecurrentStepper, type Tensor } from '@lanewise/core'
import type { States } from './sequence-model.ts'

const magic = 0x5453574c // LWST
const version = 1
const headerBytes = 20

const encode = (shape: readonly number[], values: Float32Array): Uint8Array<ArrayBuffer> => {
  const bytes = new Uint8Array(headerBytes + 4 * values.length)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, magic, true)
  view.setUint16(4, version, true)
  view.setUint16(6, shape[0], true)
  shape.slice(1).forEach((size, i) => view.setUint32(8 + 4 * i, size, true))
  values.forEach((value, i) => view.setFloat32(headerBytes + 4 * i, value, true))
  return bytes
}

const fail = (problem: string, got: string, expected: string): never => {
  throw new FormatError({ op: 'recurrent state', problem, got, expected })
}

/** Sizes [kinds, layers, N, H] and values, of bytes that are checked in full. */
const decode = (bytes: Uint8Array): { shape: number[]; values: Float32Array<ArrayBuffer> } => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (bytes.length < headerBytes || view.getUint32(0, true) !== magic) {
    return fail('not a recurrent state', `${bytes.length} bytes`, `bytes of stateToBytes`)
  }
  const found = view.getUint16(4, true)
  if (found !== version) return fail('the version is unknown', String(found), String(version))
  const shape = [view.getUint16(6, true), ...[8, 12, 16].map((at) => view.getUint32(at, true))]
  const count = shape.reduce((a, b) => a * b, 1)
  if (shape[0] < 1 || shape[0] > 2 || bytes.length !== headerBytes + 4 * count) {
    return fail(
      'the sizes do not fit the length',
      `${bytes.length} bytes for [${shape.join(', ')}]`,
      `${headerBytes + 4 * count}`,
    )
  }
  const values = new Float32Array(count)
  for (let i = 0; i < count; i++) {
    values[i] = view.getFloat32(headerBytes + 4 * i, true)
    if (!Number.isFinite(values[i]))
      return fail('a value is not finite', `${values[i]} at byte ${headerBytes + 4 * i}`, 'finite values')
  }
  return { shape, values }
}

/**
 * The states of recurrent layers, or a stepper's, as bytes: 20 of sizes, then little-endian f32. What a server keeps of
 * a user between two requests.
 * @param states - h, or h and c, each [layers, N, H]; or a stepper
 * @throws ShapeError when the states' shapes differ.
 * @example
 * const model = new SequenceModel({ numTokens: 5, hiddenSize: 8 })
 * const [stepper, other] = [model.stepper(), model.stepper()]
 * stepper.step(3)
 * const bytes = stateToBytes(stepper)
 * bytes.length // => 84
 * loadState(other, bytes)
 * stepper.step(1).join() === other.step(1).join() // => true
 */
export const stateToBytes = (states: States | RecurrentStepper): Uint8Array<ArrayBuffer> => {
  if ('stateShape' in states) return encode(states.stateShape, states.state())
  const [{ shape }] = states
  if (shape.length !== 3 || states.some((s) => s.shape.join() !== shape.join())) {
    throw new ShapeError({
      op: 'stateToBytes',
      problem: 'the states do not fit each other',
      got: states.map((s) => `[${s.shape.join(', ')}]`).join(' and '),
      expected: '[layers, N, H] for each',
    })
  }
  const values = new Float32Array(states.length * states[0].size)
  states.forEach((s, i) => values.set(s.dataSync(), i * s.size))
  return encode([states.length, ...shape], values)
}

/**
 * Reads the states that {@link stateToBytes} wrote.
 * @returns h, or h and c, each [layers, N, H]
 * @throws FormatError when the bytes are not such, are cut, or hold NaN or infinite values.
 */
export const statesFromBytes = (bytes: Uint8Array): Tensor[] => {
  const { shape, values } = decode(bytes)
  const size = values.length / shape[0]
  return Array.from({ length: shape[0] }, (_, i) =>
    tensor(values.subarray(i * size, (i + 1) * size), { shape: shape.slice(1) }),
  )
}

/**
 * Continues a stepper from the bytes of {@link stateToBytes}.
 * @throws FormatError when the bytes are not such, ShapeError when they belong to another model; the stepper's state is
 *   then unchanged.
 */
export const loadState = (stepper: RecurrentStepper, bytes: Uint8Array): void => {
  const { shape, values } = decode(bytes)
  if (shape.join() !== stepper.stateShape.join()) {
    throw new ShapeError({
      op: 'loadState',
      problem: 'the state is of another model',
      got: `[${shape.join(', ')}] (kinds, layers, N, H)`,
      expected: `[${stepper.stateShape.join(', ')}]`,
    })
  }
  stepper.setState(values)
}
