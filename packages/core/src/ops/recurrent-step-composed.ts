/* oxlint-disable no-restricted-properties -- reference loops */
import { arithmetic } from '@lanewise/kernels-wasm/arithmetic'
import { exponential } from '@lanewise/kernels-wasm/exponential'
import { gemm, gemmFlags } from '@lanewise/kernels-wasm/gemm'
import type { OpDef } from '../autograd/op.ts'
import { partsOf, product, type StepAttrs } from './recurrent-step.ts'

const sigmoidOf = (x: number): number => 1 / (1 + Math.exp(-x))

/** Weights of a layer, and the next layer's place: weight_ih, bias_ih, weight_hh, bias_hh, and weight_hr of an LSTM. */
const countOf = ({ cell }: StepAttrs): number => (cell === 'lstm' ? 5 : 4)

/**
 * As `recurrentStepOp` for the cells that have no kernel of their own: an LSTM with a projection, h [L, 2, P] and c
 * [L, 2, H], and a GRU that resets before its product. Recurrent weights come as they are, not packed.
 */
export const composedStepOp: OpDef<StepAttrs> = {
  name: 'composedStep',
  mutates: [0, 1],
  infer: () => [],
  reference: (inputs, attrs) => {
    const { h, c, embedding, layers, head } = partsOf(inputs, attrs)
    const { cell, from, token } = attrs
    const [P, H] = [h.shape[2], cell === 'lstm' ? c.shape[2] : h.shape[2]]
    let x: ArrayLike<number> = attrs.input
    if (embedding !== null) x = embedding.data.subarray(token * embedding.shape[1], (token + 1) * embedding.shape[1])
    for (let layer = 0; layer < h.shape[0]; layer++) {
      const [wIh, bIh, wHh, bHh, wHr] = layers.slice(layer * countOf(attrs))
      const [old, now] = [2 * layer + from, 2 * layer + 1 - from]
      const before = h.data.subarray(old * P, (old + 1) * P)
      const xs = product(wIh.data, x, bIh.data)
      const sums = product(wHh.data, before, bHh.data)
      const s = (gate: number, j: number): number => xs[gate * H + j] + sums[gate * H + j]
      if (cell === 'lstm') {
        const full = Float64Array.from({ length: H }, (_, j) => {
          const next = sigmoidOf(s(1, j)) * c.data[old * H + j] + sigmoidOf(s(0, j)) * Math.tanh(s(2, j))
          c.data[now * H + j] = next
          return sigmoidOf(s(3, j)) * Math.tanh(next)
        })
        h.data.set(product(wHr.data, full, new Float64Array(P)), now * P)
      } else {
        const reset = Float64Array.from(before, (value, j) => sigmoidOf(s(0, j)) * value)
        const inner = product(wHh.data.subarray(2 * H * H), reset, bHh.data.subarray(2 * H))
        for (let j = 0; j < H; j++) {
          const z = sigmoidOf(s(1, j))
          h.data[now * H + j] = (1 - z) * Math.tanh(xs[2 * H + j] + inner[j]) + z * before[j]
        }
      }
      x = h.data.subarray(now * P, (now + 1) * P)
    }
    attrs.output.set(head === null ? x : product(head[0].data, x, head[1].data))
  },
  wasm: (k, inputs, attrs) => {
    const { h, c, embedding, layers, head } = partsOf(inputs, attrs)
    if (h.dtype !== 'f32') return null
    const { cell, from, output } = attrs
    const [P, H] = [h.shape[2], cell === 'lstm' ? c.shape[2] : h.shape[2]]
    const GH = layers[0].shape[0]
    const { f32_gemm, gemm_scratch_bytes } = k.use(gemm)
    const { f32_add, f32_mul, f32_sub } = k.use(arithmetic)
    const { f32_sigmoid, f32_tanh } = k.use(exponential)
    let size = embedding === null ? attrs.input.length : embedding.shape[1]
    const widest = Math.max(GH, output.length)
    const pWork = k.scratch(4 * widest)
    const pState = k.scratch(4 * H)
    const pScratch = k.scratch(gemm_scratch_bytes(1, widest, Math.max(size, H)))
    /** y = W x + b, on top of y where told. */
    const multiply = (pX: number, K: number, pW: number, rows: number, pB: number, pY: number, flags = 0): void =>
      f32_gemm(pX, K, 1, pW, 1, K, pY, rows, 1, rows, K, flags + (pB && gemmFlags.biasColumn), pB, pScratch)
    let pX = embedding === null ? k.scratch(4 * size) : k.ptr(embedding) + 4 * size * attrs.token
    if (embedding === null) {
      const { buffer, byteOffset, byteLength } = attrs.input
      k.bytesAt(pX, 4 * size).set(new Uint8Array(buffer, byteOffset, byteLength))
    }
    for (let layer = 0; layer < h.shape[0]; layer++) {
      const at = layer * countOf(attrs)
      const [pWIh, pBIh, pWHh, pBHh] = layers.slice(at, at + 4).map((w) => k.ptr(w))
      const [old, now] = [2 * layer + from, 2 * layer + 1 - from]
      const [pOld, pNow] = [k.ptr(h) + 4 * P * old, k.ptr(h) + 4 * P * now]
      const gate = (i: number): number => pWork + 4 * H * i
      multiply(pX, size, pWIh, GH, pBIh, pWork)
      if (cell === 'lstm') {
        const [pCOld, pC] = [k.ptr(c) + 4 * H * old, k.ptr(c) + 4 * H * now]
        multiply(pOld, P, pWHh, GH, pBHh, pWork, gemmFlags.accumulate)
        f32_sigmoid(gate(0), gate(0), 2 * H)
        f32_tanh(gate(2), gate(2), H)
        f32_sigmoid(gate(3), gate(3), H)
        f32_mul(gate(1), pCOld, pC, H)
        f32_mul(gate(0), gate(2), pState, H)
        f32_add(pC, pState, pC, H)
        f32_tanh(pC, pState, H)
        f32_mul(gate(3), pState, pState, H)
        multiply(pState, H, k.ptr(layers[at + 4]), P, 0, pNow)
      } else {
        multiply(pOld, H, pWHh, 2 * H, pBHh, pWork, gemmFlags.accumulate)
        f32_sigmoid(pWork, pWork, 2 * H)
        f32_mul(gate(0), pOld, pState, H)
        multiply(pState, H, pWHh + 8 * H * H, H, pBHh + 8 * H, gate(2), gemmFlags.accumulate)
        f32_tanh(gate(2), gate(2), H)
        f32_sub(pOld, gate(2), pState, H)
        f32_mul(gate(1), pState, pState, H)
        f32_add(gate(2), pState, pNow, H)
      }
      pX = pNow
      size = P
    }
    if (head !== null) multiply(pX, P, k.ptr(head[0]), output.length, k.ptr(head[1]), pWork)
    const bytes = k.bytesAt(head === null ? pX : pWork, output.byteLength)
    output.set(new Float32Array(bytes.buffer, bytes.byteOffset, output.length))
    return []
  },
}
