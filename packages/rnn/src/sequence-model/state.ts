import { FormatError, ShapeError, tensor, ValueError, type RecurrentStepper, type Tensor } from '@lanewise/core'
import type { States } from './sequence-model.ts'

const magic = 0x5453574c // LWST

/** Sizes of states: layers and sequences of each, and the values of one layer of each kind. */
interface Sizes {
  readonly layers: number
  readonly sequences: number
  /** [H] of h, or [H, H] of h and c; with a projection they differ. */
  readonly kinds: readonly number[]
}

const headerBytes = { 1: 20, 2: 24 }

const shown = ({ kinds, layers, sequences }: Sizes): string =>
  kinds.map((size) => `[${layers}, ${sequences}, ${size}]`).join(' and ')

/** Version 1: magic, version, kinds, layers, sequences, H. Version 2 has the sizes of h and c, which differ. */
const encode = ({ kinds, layers, sequences }: Sizes, values: Float32Array): Uint8Array<ArrayBuffer> => {
  const version = kinds.every((size) => size === kinds[0]) ? 1 : 2
  const start = headerBytes[version]
  const bytes = new Uint8Array(start + 4 * values.length)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, magic, true)
  view.setUint16(4, version, true)
  view.setUint16(6, kinds.length, true)
  const sizes = [layers, sequences, ...kinds.slice(0, version)]
  sizes.forEach((size, i) => view.setUint32(8 + 4 * i, size, true))
  values.forEach((value, i) => view.setFloat32(start + 4 * i, value, true))
  return bytes
}

const fail = (problem: string, got: string, expected: string): never => {
  throw new FormatError({ op: 'recurrent state', problem, got, expected })
}

/** Sizes and values, of bytes that are checked in full. */
const decode = (bytes: Uint8Array): { sizes: Sizes; values: Float32Array<ArrayBuffer> } => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (bytes.length < headerBytes[1] || view.getUint32(0, true) !== magic) {
    return fail('not a recurrent state', `${bytes.length} bytes`, `bytes of stateToBytes`)
  }
  const version = view.getUint16(4, true)
  if (version !== 1 && version !== 2) return fail('the version is unknown', String(version), '1 or 2')
  const start = headerBytes[version]
  if (bytes.length < start) return fail('not a recurrent state', `${bytes.length} bytes`, `bytes of stateToBytes`)
  const count = view.getUint16(6, true)
  const [layers, sequences, first] = [8, 12, 16].map((at) => view.getUint32(at, true))
  const kinds = version === 2 ? [first, view.getUint32(20, true)] : new Array<number>(Math.min(count, 3)).fill(first)
  const total = layers * sequences * kinds.reduce((a, b) => a + b, 0)
  if (count < 1 || count > 2 || kinds.length !== count || bytes.length !== start + 4 * total) {
    const sizes = shown({ layers, sequences, kinds })
    return fail('the sizes do not fit the length', `${bytes.length} bytes for ${sizes}`, `${start + 4 * total}`)
  }
  const values = new Float32Array(total)
  for (let i = 0; i < total; i++) {
    values[i] = view.getFloat32(start + 4 * i, true)
    if (!Number.isFinite(values[i]))
      return fail('a value is not finite', `${values[i]} at byte ${start + 4 * i}`, 'finite values')
  }
  return { sizes: { layers, sequences, kinds }, values }
}

const sizesOf = ({ stateShape: [, layers, sequences], stateSizes: kinds }: RecurrentStepper): Sizes => ({
  layers,
  sequences,
  kinds,
})

/**
 * The states of recurrent layers, or a stepper's, as bytes: 20 of sizes (24 with a projection), then little-endian f32.
 * What a server keeps of a user between two requests.
 * @param states - h, or h and c, each [layers, N, H]; or a stepper
 * @throws ShapeError when the states do not fit each other, ValueError when a value is not finite.
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
  if ('stateShape' in states) return encode(sizesOf(states), finite(states.state()))
  const [{ shape }] = states
  if (
    shape.length !== 3 ||
    states.some((s) => s.rank !== 3 || s.shape.slice(0, 2).join() !== shape.slice(0, 2).join())
  ) {
    throw new ShapeError({
      op: 'stateToBytes',
      problem: 'the states do not fit each other',
      got: states.map((s) => `[${s.shape.join(', ')}]`).join(' and '),
      expected: '[layers, N, H] for each',
    })
  }
  const values = new Float32Array(states.reduce((sum, s) => sum + s.size, 0))
  let at = 0
  for (const s of states) {
    values.set(s.dataSync(), at)
    at += s.size
  }
  return encode({ layers: shape[0], sequences: shape[1], kinds: states.map((s) => s.shape[2]) }, finite(values))
}

/** Values that {@link statesFromBytes} will take back. */
const finite = (values: Float32Array): Float32Array => {
  const at = values.findIndex((value) => !Number.isFinite(value))
  if (at < 0) return values
  throw new ValueError({
    op: 'stateToBytes',
    problem: 'a value is not finite',
    got: `${values[at]} at ${at}`,
    expected: 'finite values',
    advice: 'Keep the state from before; the input or the weights are out of range',
  })
}

/**
 * Reads the states that {@link stateToBytes} wrote.
 * @returns h, or h and c, each [layers, N, H]
 * @throws FormatError when the bytes are not such, are cut, or hold NaN or infinite values.
 * @example
 * const model = new SequenceModel({ inputSize: 2, numOutputs: 1, hiddenSize: 8, numLayers: 2 })
 * statesFromBytes(stateToBytes(model.stepper())).map((s) => s.shape) // => [[2, 1, 8], [2, 1, 8]]
 */
export const statesFromBytes = (bytes: Uint8Array): Tensor[] => {
  const {
    sizes: { layers, sequences, kinds },
    values,
  } = decode(bytes)
  const rows = layers * sequences
  const starts = [0, rows * kinds[0]]
  return kinds.map((size, i) =>
    tensor(values.subarray(starts[i], starts[i] + rows * size), { shape: [layers, sequences, size] }),
  )
}

/**
 * Continues a stepper from the bytes of {@link stateToBytes}.
 * @throws FormatError when the bytes are not such, ShapeError when they belong to another model; the stepper's state is
 *   then unchanged.
 * @example
 * const [small, large] = [8, 9].map((hiddenSize) => new SequenceModel({ numTokens: 5, hiddenSize }).stepper())
 * loadState(small, stateToBytes(large)) // => throws ShapeError: loadState: the state is of another model
 */
export const loadState = (stepper: RecurrentStepper, bytes: Uint8Array): void => {
  const { sizes, values } = decode(bytes)
  const own = sizesOf(stepper)
  if (shown(sizes) !== shown(own)) {
    throw new ShapeError({
      op: 'loadState',
      problem: 'the state is of another model',
      got: `${shown(sizes)}: layers, N, H`,
      expected: shown(own),
    })
  }
  stepper.setState(values)
}
