/* oxlint-disable no-restricted-properties -- reference loops */
import { gemm, gemmFlags } from '@lanewise/kernels-wasm/gemm'
import { gatePackBytes, rnn } from '@lanewise/kernels-wasm/rnn'
import type { OpDef } from '../autograd/op.ts'
import { gatesOf, type CellKind } from './recurrent.ts'

/** Where a packed recurrent weight holds row r, column k of [G H, H]: what the kernels of one step read in order. */
const packedAt = (H: number, r: number, k: number): number => ((r >> 4) * H + k) * 16 + (r & 15)

/** A recurrent weight [G H, H] in the order of {@link recurrentStepOp}. */
export const packRecurrentOp: OpDef<CellKind> = {
  name: 'packRecurrent',
  infer: ([w], cell) => [{ shape: [gatePackBytes(w.shape[1], gatesOf(cell)) / 4], dtype: w.dtype }],
  reference: ([w], cell, [y]) => {
    const [rows, H] = w.shape
    for (let r = 0; r < rows; r++) for (let k = 0; k < H; k++) y.data[packedAt(H, r, k)] = w.data[r * H + k]
  },
  wasm: (k, [w], cell, [spec]) => {
    if (w.dtype !== 'f32') return null
    const y = k.empty(spec.shape, 'f32')
    const kernels = k.use(rnn)
    const pack = cell === 'lstm' ? kernels.f32_lstm_pack : cell === 'gru' ? kernels.f32_gru_pack : kernels.f32_rnn_pack
    pack(k.contiguousPtr(w), k.ptr(y), w.shape[1])
    return [y]
  },
}

/** What {@link recurrentStepOp} does; the arrays belong to the caller. */
export interface StepAttrs {
  readonly cell: CellKind
  /** Which of the two places of a state is read; the other is written. */
  readonly from: number
  /** The row of the embedding, where there is one. */
  readonly token: number
  /** The input [in], where there is no embedding. */
  readonly input: Float32Array
  /** Gets the output. */
  readonly output: Float32Array
  readonly embedding: boolean
  readonly head: boolean
}

/** The inputs: states h and c [L, 2, H] (c [0] but for an LSTM), embedding [V, E], layers, head weight [O, H] and bias. */
interface Parts<T> {
  readonly h: T
  readonly c: T
  readonly embedding: T | null
  /** For each layer weight_ih, bias_ih, packed weight_hh, bias_hh. */
  readonly layers: readonly T[]
  readonly head: readonly [w: T, b: T] | null
}

export const partsOf = <T>(inputs: readonly T[], attrs: StepAttrs): Parts<T> => {
  const start = attrs.embedding ? 3 : 2
  const end = attrs.head ? inputs.length - 2 : inputs.length
  return {
    h: inputs[0],
    c: inputs[1],
    embedding: attrs.embedding ? inputs[2] : null,
    layers: inputs.slice(start, end),
    head: attrs.head ? [inputs[end], inputs[end + 1]] : null,
  }
}

const sigmoidOf = (x: number): number => 1 / (1 + Math.exp(-x))

/** W x + b. */
export const product = (w: ArrayLike<number>, x: ArrayLike<number>, b: ArrayLike<number>): Float64Array => {
  const size = x.length
  return Float64Array.from(b, (bias, r) => {
    let total = bias
    for (let k = 0; k < size; k++) total += w[r * size + k] * x[k]
    return total
  })
}

/**
 * One step of stacked recurrent layers for one sequence, in place: the states move on and the output lands in an array.
 * No graph, no new tensor. States hold two places; a step reads one and writes the other.
 */
export const recurrentStepOp: OpDef<StepAttrs> = {
  name: 'recurrentStep',
  mutates: [0, 1],
  infer: () => [],
  reference: (inputs, attrs) => {
    const { h, c, embedding, layers, head } = partsOf(inputs, attrs)
    const { cell, from, token } = attrs
    const H = h.shape[2]
    let x: ArrayLike<number> = attrs.input
    if (embedding !== null) x = embedding.data.subarray(token * embedding.shape[1], (token + 1) * embedding.shape[1])
    for (let i = 0; i < layers.length; i += 4) {
      const [wIh, bIh, packed, bHh] = layers.slice(i, i + 4)
      const old = (i / 2 + from) * H
      const now = (i / 2 + 1 - from) * H
      const xs = product(wIh.data, x, bIh.data)
      const sums = Float64Array.from(bHh.data, (bias, r) => {
        let total = bias
        for (let k = 0; k < H; k++) total += packed.data[packedAt(H, r, k)] * h.data[old + k]
        return total
      })
      for (let j = 0; j < H; j++) {
        const sum = (gate: number): number => xs[gate * H + j] + sums[gate * H + j]
        if (cell === 'lstm') {
          c.data[now + j] = sigmoidOf(sum(1)) * c.data[old + j] + sigmoidOf(sum(0)) * Math.tanh(sum(2))
          h.data[now + j] = sigmoidOf(sum(3)) * Math.tanh(c.data[now + j])
        } else if (cell === 'gru') {
          const z = sigmoidOf(sum(1))
          const candidate = Math.tanh(xs[2 * H + j] + sigmoidOf(sum(0)) * sums[2 * H + j])
          h.data[now + j] = (1 - z) * candidate + z * h.data[old + j]
        } else {
          h.data[now + j] = cell === 'relu' ? Math.max(0, sum(0)) : Math.tanh(sum(0))
        }
      }
      x = h.data.subarray(now, now + H)
    }
    attrs.output.set(head === null ? x : product(head[0].data, x, head[1].data))
  },
  wasm: (k, inputs, attrs) => {
    const { h, c, embedding, layers, head } = partsOf(inputs, attrs)
    if (h.dtype !== 'f32') return null
    const { cell, from, output } = attrs
    const H = h.shape[2]
    const GH = gatesOf(cell) * H
    const products = k.use(gemm)
    const steps = k.use(rnn)
    let size = embedding === null ? attrs.input.length : embedding.shape[1]
    const pWork = k.scratch(4 * Math.max(GH, output.length))
    const [pGates, pLinear] = [k.scratch(4 * GH), k.scratch(4 * H)]
    const pScratch = k.scratch(products.gemm_scratch_bytes(1, Math.max(GH, output.length), Math.max(size, H)))
    let pX = embedding === null ? k.scratch(4 * size) : k.ptr(embedding) + 4 * size * attrs.token
    if (embedding === null) {
      const { buffer, byteOffset, byteLength } = attrs.input
      k.bytesAt(pX, 4 * size).set(new Uint8Array(buffer, byteOffset, byteLength))
    }
    for (let i = 0; i < layers.length; i += 4) {
      const [pW, pB, pPacked, pBias] = [
        k.ptr(layers[i]),
        k.ptr(layers[i + 1]),
        k.ptr(layers[i + 2]),
        k.ptr(layers[i + 3]),
      ]
      products.f32_gemm(pX, size, 1, pW, 1, size, pWork, GH, 1, GH, size, gemmFlags.biasColumn, pB, pScratch)
      const at = i * 2 * H
      const pH = k.ptr(h) + at
      if (cell === 'lstm') steps.f32_lstm(pWork, pWork, pPacked, pBias, pH, k.ptr(c) + at, 0, 0, 1, 1, H, from, 1)
      else if (cell === 'gru') steps.f32_gru(pWork, pGates, pPacked, pBias, pH, pLinear, 0, 0, 1, 1, H, from, 1)
      else steps.f32_rnn(pWork, pPacked, pBias, pH, 0, 0, 1, 1, H, from, Number(cell === 'relu'))
      pX = pH + 4 * H * (1 - from)
      size = H
    }
    if (head !== null) {
      const [w, b] = head
      const O = output.length
      products.f32_gemm(pX, H, 1, k.ptr(w), 1, H, pWork, O, 1, O, H, gemmFlags.biasColumn, k.ptr(b), pScratch)
    }
    const bytes = k.bytesAt(head === null ? pX : pWork, output.byteLength)
    output.set(new Float32Array(bytes.buffer, bytes.byteOffset, output.length))
    return []
  },
}
