import { FormatError, tensor, Tensor, type StateDict } from '@lanewise/core'
import type { RecurrentLayer } from '../sequence-model/sequence-model.ts'

/** A weight as files hold it: f32 or f64 values in row-major order. */
export interface WeightArray {
  readonly shape: readonly number[]
  readonly data: ArrayLike<number> | ArrayLike<bigint>
}

/** Weights by name, as core's readers of safetensors, npz, TensorFlow.js and raw files give them. */
export type NamedWeights = ReadonlyMap<string, WeightArray | Tensor>

/** A weight's values, checked. */
export interface Matrix {
  readonly shape: readonly number[]
  readonly data: Float32Array<ArrayBuffer>
}

/**
 * How a framework names, lays out and orders the weights of recurrent layers: gives them under torch's names, in
 * torch's layout. {@link torchWeights}, {@link kerasWeights}, {@link onnxWeights} and {@link tensorFlowWeights} make one.
 */
export type Dialect = (weights: ReadonlyMap<string, Matrix>, layer: RecurrentLayer) => ReadonlyMap<string, Matrix>

const floats = (weight: WeightArray | Tensor): ArrayLike<number> | null => {
  const data = weight instanceof Tensor ? weight.dataSync() : weight.data
  return data instanceof Float32Array || data instanceof Float64Array || Array.isArray(data) ? data : null
}

/** A weight as f32 values. */
export const matrixOf = (name: string, weight: WeightArray | Tensor): Matrix => {
  const data = floats(weight)
  const size = weight.shape.reduce((a, b) => a * b, 1)
  if (data !== null && data.length === size) return { shape: weight.shape, data: Float32Array.from(data) }
  throw new FormatError({
    op: 'recurrent weights',
    problem: `${name} does not hold the values of its shape`,
    got: data === null ? 'another element type' : `${data.length} values for [${weight.shape.join(', ')}]`,
    expected: 'f32 or f64 values',
  })
}

/**
 * Loads the weights of another framework into a recurrent layer. Nothing changes unless all of them fit.
 * @param layer - an RNN, LSTM or GRU with the sizes of the weights
 * @param weights - by the framework's names; see the dialect
 * @param dialect - where the weights come from
 * @throws FormatError when the weights are not such, ValueError or ShapeError when they are of another layer.
 * @example
 * import { LSTM, ones } from '@lanewise/core'
 * const lstm = new LSTM(2, 3)
 * const keras = new Map([['kernel', ones([2, 12])], ['recurrent_kernel', ones([3, 12])], ['bias', ones([12])]])
 * loadRecurrentWeights(lstm, keras, kerasWeights())
 * lstm.stateDict().get('bias_ih_l0').dataSync()[0] // => 1
 */
export const loadRecurrentWeights = (layer: RecurrentLayer, weights: NamedWeights, dialect: Dialect): void => {
  const read = new Map([...weights].map(([name, weight]) => [name, matrixOf(name, weight)]))
  const state: StateDict = new Map()
  for (const [name, { shape, data }] of dialect(read, layer)) state.set(name, tensor(data, { shape }))
  layer.loadStateDict(state)
}
