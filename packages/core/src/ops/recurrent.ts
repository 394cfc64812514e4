/* oxlint-disable no-restricted-properties -- reference loops */
import { columnPackBytes, gatePackBytes, rnn, type RnnKernels } from '@lanewise/kernels-wasm/rnn'
import { applyAll } from '../autograd/apply.ts'
import { grad } from '../autograd/backward.ts'
import { enableGrad, isGradEnabled } from '../autograd/modes.ts'
import type { GradientContext } from '../autograd/node.ts'
import type { NDArray, OpDef, TensorSpec } from '../autograd/op.ts'
import type { WasmBackend } from '../backends/wasm/wasm.ts'
import { arange, zeros } from '../tensor/create.ts'
import { contiguousStrides, type Shape } from '../tensor/shape.ts'
import { Tensor } from '../tensor/tensor.ts'
import { relu, sigmoid } from './activations.ts'
import { add, eq, gt, mul, sub } from './binary.ts'
import { concat, stack } from './concat.ts'
import { linear, matmul } from './matmul.ts'
import { sum } from './reduce.ts'
import { tanh } from './unary.ts'
import { reshape, select, slice, transpose, unsqueeze } from './views.ts'
import { where } from './where.ts'

/** The kinds of recurrent cell; `tanh` and `relu` are the plain ones. */
export type CellKind = 'lstm' | 'gru' | 'tanh' | 'relu'

interface Attrs {
  readonly cell: CellKind
  /** Whether the reset gate of a GRU acts after the product with the state; true for the others. */
  readonly resetAfter: boolean
  /** Whether the sequence is read from its end. */
  readonly reverse: boolean
  readonly bias: boolean
  readonly lengths: boolean
  /** Whether the gates of all steps are kept, for the gradient. */
  readonly keep: boolean
}

/** The parts of a layer: sums of the input [T, N, G H], recurrent weight [G H, H], first states [N, H]. */
interface Parts<T> {
  readonly xw: T
  readonly w: T
  readonly h0: T
  /** LSTM only. */
  readonly c0: T | undefined
  readonly b: T | undefined
  /** i32 [N]. */
  readonly lengths: T | undefined
}

/** How many sums a unit has. */
export const gatesOf = (cell: CellKind): number => (cell === 'lstm' ? 4 : cell === 'gru' ? 3 : 1)

const partsOf = <T>(inputs: readonly T[], { cell, bias, lengths }: Attrs): Parts<T> => {
  const rest = inputs.slice(3)
  const c0 = cell === 'lstm' ? rest.shift() : undefined
  const b = bias ? rest.shift() : undefined
  return { xw: inputs[0], w: inputs[1], h0: inputs[2], c0, b, lengths: lengths ? rest.shift() : undefined }
}

const sigmoidOf = (x: number): number => 1 / (1 + Math.exp(-x))

/** Steps in the order in which they are taken, and whether row n takes part in step t. */
const walkOf = (
  T: number,
  { reverse }: Attrs,
  lengths: NDArray | undefined,
): { steps: number[]; active: (t: number, n: number) => boolean } => {
  const steps = Array.from({ length: T }, (_, t) => (reverse ? T - 1 - t : t))
  return { steps, active: (t, n) => lengths === undefined || t < lengths.data[n] }
}

/** Where step t finds its first state and leaves its last one, in [T + 1, N, H]. */
const slots = (t: number, reverse: boolean): { from: number; to: number } =>
  reverse ? { from: t + 1, to: t } : { from: t, to: t + 1 }

/** W h + b of one row, from row `first` of W on. */
const recurrentSums = (w: NDArray, b: NDArray | undefined, h: ArrayLike<number>, first = 0): Float64Array => {
  const [rows, H] = w.shape
  const out = new Float64Array(rows - first)
  for (let r = first; r < rows; r++) {
    let total = b === undefined ? 0 : b.data[r]
    for (let j = 0; j < H; j++) total += w.data[r * H + j] * h[j]
    out[r - first] = total
  }
  return out
}

function reference(
  inputs: readonly NDArray[],
  attrs: Attrs,
  [y, hn, cn, gates, hs, cs, inner]: readonly NDArray[],
): void {
  const { xw, w, h0, c0, b, lengths } = partsOf(inputs, attrs)
  const { cell, reverse } = attrs
  const [T, N, GH] = xw.shape
  const H = w.shape[1]
  const { steps, active } = walkOf(T, attrs, lengths)
  const first = reverse ? T * N * H : 0
  hs.data.set(h0.data, first)
  if (c0 !== undefined) cs.data.set(c0.data, first)
  for (const t of steps) {
    const { from, to } = slots(t, reverse)
    for (let n = 0; n < N; n++) {
      const [old, now, at] = [(from * N + n) * H, (to * N + n) * H, (t * N + n) * GH]
      const state = hs.data.subarray(old, old + H)
      const sums = recurrentSums(w, b, state)
      if (!attrs.resetAfter) {
        const q = Float64Array.from(state, (h, j) => sigmoidOf(xw.data[at + j] + sums[j]) * h)
        if (attrs.keep) inner.data.set(q, (t * N + n) * H)
        sums.set(recurrentSums(w, b, q, 2 * H), 2 * H)
      }
      for (let j = 0; j < H; j++) {
        const x = (gate: number): number => xw.data[at + gate * H + j]
        const s = (gate: number): number => sums[gate * H + j]
        const keep = (gate: number, value: number): number => {
          if (attrs.keep) gates.data[at + gate * H + j] = value
          return value
        }
        if (!active(t, n)) {
          hs.data[now + j] = hs.data[old + j]
          if (cell === 'lstm') cs.data[now + j] = cs.data[old + j]
          continue
        }
        if (cell === 'lstm') {
          const [i, f] = [keep(0, sigmoidOf(x(0) + s(0))), keep(1, sigmoidOf(x(1) + s(1)))]
          const [g, o] = [keep(2, Math.tanh(x(2) + s(2))), keep(3, sigmoidOf(x(3) + s(3)))]
          cs.data[now + j] = f * cs.data[old + j] + i * g
          hs.data[now + j] = o * Math.tanh(cs.data[now + j])
        } else if (cell === 'gru') {
          const [r, z] = [keep(0, sigmoidOf(x(0) + s(0))), keep(1, sigmoidOf(x(1) + s(1)))]
          if (attrs.keep && attrs.resetAfter) inner.data[(t * N + n) * H + j] = s(2)
          const candidate = keep(2, Math.tanh(x(2) + (attrs.resetAfter ? r * s(2) : s(2))))
          hs.data[now + j] = (1 - z) * candidate + z * hs.data[old + j]
        } else {
          const total = x(0) + s(0)
          hs.data[now + j] = cell === 'relu' ? Math.max(0, total) : Math.tanh(total)
        }
        y.data[(t * N + n) * H + j] = hs.data[now + j]
      }
    }
  }
  const last = reverse ? 0 : T * N * H
  hn.data.set(hs.data.subarray(last, last + N * H))
  if (cell === 'lstm') cn.data.set(cs.data.subarray(last, last + N * H))
}

const none: Shape = [0]

function infer([xw, w]: readonly Tensor[], { cell, keep }: Attrs): TensorSpec[] {
  const [T, N, GH] = xw.shape
  const H = w.shape[1]
  const states = [T + 1, N, H]
  const [lstm, gru] = [cell === 'lstm', cell === 'gru']
  const shapes = [
    [T, N, H],
    [N, H],
    lstm ? [N, H] : none,
    keep && (lstm || gru) ? [T, N, GH] : none,
    states,
    lstm ? states : none,
    keep && gru ? [T, N, H] : none,
  ]
  return shapes.map((shape) => ({ shape, dtype: xw.dtype }))
}

/** A part of a dense tensor along its first axis, on the same memory. */
const part = (x: Tensor, start: number, shape: Shape): Tensor =>
  new Tensor(x.storage, shape, x.dtype, contiguousStrides(shape), start * x.strides[0])

function wasm(k: WasmBackend, inputs: readonly Tensor[], attrs: Attrs, specs: readonly TensorSpec[]): Tensor[] | null {
  const { xw, w, h0, c0, b, lengths } = partsOf(inputs, attrs)
  if (xw.dtype !== 'f32' || xw.size === 0) return null
  const { cell, reverse, keep, resetAfter } = attrs
  const [T, N, GH] = xw.shape
  const H = w.shape[1]
  const kernels = k.use(rnn)
  const [gates, hs, cs, inner] = specs.slice(3).map(({ shape, dtype }) => k.empty(shape, dtype))
  const y = lengths === undefined ? part(hs, reverse ? 0 : 1, [T, N, H]) : k.empty([T, N, H], 'f32')
  const states = contiguousStrides([N, H])
  const first = reverse ? 4 * T * N * H : 0
  k.copyAs(h0, k.ptr(hs) + first, states)
  if (c0 !== undefined) k.copyAs(c0, k.ptr(cs) + first, states)
  const pB = b === undefined ? 0 : k.contiguousPtr(b)
  const pLengths = lengths === undefined ? 0 : k.contiguousPtr(lengths)
  const pY = lengths === undefined ? 0 : k.ptr(y)
  const gated = cell === 'lstm' || cell === 'gru'
  const pPacked = k.scratch(resetAfter ? gatePackBytes(H, gatesOf(cell)) : gatePackBytes(H, 2) + gatePackBytes(H, 1))
  const [pW, pX] = [k.contiguousPtr(w), k.contiguousPtr(xw)]
  const pGates = keep || !gated ? k.ptr(gates) : k.scratch(4 * N * GH)
  const [back, all] = [Number(reverse), Number(keep)]
  if (cell === 'lstm') {
    kernels.f32_lstm_pack(pW, pPacked, H)
    kernels.f32_lstm(pX, pGates, pPacked, pB, k.ptr(hs), k.ptr(cs), pLengths, pY, T, N, H, back, all)
  } else if (cell === 'gru') {
    const pInner = keep ? k.ptr(inner) : k.scratch(4 * N * H)
    const [pack, run] = resetAfter
      ? [kernels.f32_gru_pack, kernels.f32_gru]
      : [kernels.f32_gru_reset_first_pack, kernels.f32_gru_reset_first]
    pack(pW, pPacked, H)
    run(pX, pGates, pPacked, pB, k.ptr(hs), pInner, pLengths, pY, T, N, H, back, all)
  } else {
    kernels.f32_rnn_pack(pW, pPacked, H)
    kernels.f32_rnn(pX, pPacked, pB, k.ptr(hs), pLengths, pY, T, N, H, back, Number(cell === 'relu'))
  }
  const last = reverse ? 0 : T
  return [
    y,
    part(hs, last, [N, H]),
    cell === 'lstm' ? part(cs, last, [N, H]) : k.empty(none, 'f32'),
    gates,
    hs,
    cs,
    inner,
  ]
}

/** One direction of one layer over a whole sequence. */
const recurrentOp: OpDef<Attrs> = {
  name: 'recurrent',
  hidden: 4,
  savesInputs: [0, 1, 2, 3, 4, 5],
  savesOutputs: [3, 4, 5, 6],
  infer,
  reference,
  wasm,
  gradient: (c, dys) => (c.fused ? fusedGradient(c, dys) : composedGradient(c, dys)),
}

/** Whether the gradients of the recurrent sums differ from those of the input's. */
const hasOwnSums = ({ cell, resetAfter }: Attrs): boolean => cell === 'gru' && resetAfter

/** dxw, ds (the recurrent part where it differs; else empty), dh0 and dc0; the inputs are w, gates, hs, cs, inner, dy, dhn, dcn and the lengths. */
const recurrentGradOp: OpDef<Attrs> = {
  name: 'recurrentGrad',
  infer: ([w, , hs], attrs) => {
    const [T1, N, H] = hs.shape
    const sums = [T1 - 1, N, w.shape[0]]
    const shapes = [sums, hasOwnSums(attrs) ? sums : none, [N, H], attrs.cell === 'lstm' ? [N, H] : none]
    return shapes.map((shape) => ({ shape, dtype: w.dtype }))
  },
  reference: ([w, gates, hs, cs, inner, dy, dhn, dcn, lengths], attrs, [dxw, ds, dh0, dc0]) => {
    const { cell, reverse, resetAfter } = attrs
    const [T, N, GH] = dxw.shape
    const H = w.shape[1]
    const { steps, active } = walkOf(T, attrs, attrs.lengths ? lengths : undefined)
    const dh = Float64Array.from(dhn.data)
    const dc = Float64Array.from(dcn.data)
    for (const t of steps.reverse()) {
      const { from, to } = slots(t, reverse)
      for (let n = 0; n < N; n++) {
        if (!active(t, n)) continue
        const [old, now, at] = [(from * N + n) * H, (to * N + n) * H, (t * N + n) * GH]
        const through = new Float64Array(GH)
        // d W: what the sums from row `first` to `end` of W pass back.
        const back = (first: number, end: number): Float64Array => {
          const out = new Float64Array(H)
          for (let q = first; q < end; q++) for (let j = 0; j < H; j++) out[j] += through[q] * w.data[q * H + j]
          return out
        }
        for (let j = 0; j < H; j++) {
          const gate = (i: number): number => gates.data[at + i * H + j]
          const d = dh[n * H + j] + dy.data[(t * N + n) * H + j]
          dh[n * H + j] = 0
          if (cell === 'lstm') {
            const tanhC = Math.tanh(cs.data[now + j])
            const [i, f, g, o] = [gate(0), gate(1), gate(2), gate(3)]
            const dCell = dc[n * H + j] + d * o * (1 - tanhC * tanhC)
            const sums = [
              dCell * g * i * (1 - i),
              dCell * cs.data[old + j] * f * (1 - f),
              dCell * i * (1 - g * g),
              d * tanhC * o * (1 - o),
            ]
            sums.forEach((v, q) => (dxw.data[at + q * H + j] = through[q * H + j] = v))
            dc[n * H + j] = dCell * f
          } else if (cell === 'gru') {
            const [r, z, candidate] = [gate(0), gate(1), gate(2)]
            const dCandidate = d * (1 - z) * (1 - candidate * candidate)
            const dZ = d * (hs.data[old + j] - candidate) * z * (1 - z)
            const dR = resetAfter ? dCandidate * inner.data[(t * N + n) * H + j] * r * (1 - r) : 0
            const sums = [dR, dZ, dCandidate]
            sums.forEach((v, q) => (dxw.data[at + q * H + j] = through[q * H + j] = v))
            dh[n * H + j] = d * z
            if (!resetAfter) continue
            through[2 * H + j] *= r
            for (let q = 0; q < 3; q++) ds.data[at + q * H + j] = through[q * H + j]
          } else {
            const h = hs.data[now + j]
            dxw.data[at + j] = through[j] = cell === 'relu' ? (h > 0 ? d : 0) : d * (1 - h * h)
          }
        }
        if (!resetAfter) {
          back(2 * H, GH).forEach((dq, j) => {
            const r = gates.data[at + j]
            dxw.data[at + j] = through[j] = dq * hs.data[old + j] * r * (1 - r)
            dh[n * H + j] += dq * r
          })
        }
        back(0, resetAfter ? GH : 2 * H).forEach((d, j) => (dh[n * H + j] += d))
      }
    }
    dh0.data.set(dh)
    if (cell === 'lstm') dc0.data.set(dc)
  },
  wasm: (k, [w, gates, hs, cs, inner, dy, dhn, dcn, lengths], { cell, reverse, resetAfter }, specs) => {
    if (w.dtype !== 'f32' || dy.size === 0) return null
    const [T, N, H] = dy.shape
    const kernels: RnnKernels = k.use(rnn)
    const [dxw, ds, dh0, dc0] = specs.map(({ shape, dtype }) => k.empty(shape, dtype))
    const states = contiguousStrides([N, H])
    k.copyAs(dhn, k.ptr(dh0), states)
    if (cell === 'lstm') k.copyAs(dcn, k.ptr(dc0), states)
    const pPacked = k.scratch(columnPackBytes(H, w.shape[0]))
    const [pW, pDy, pGates] = [k.contiguousPtr(w), k.contiguousPtr(dy), k.ptr(gates)]
    const pLengths = lengths === undefined ? 0 : k.contiguousPtr(lengths)
    const back = Number(reverse)
    if (cell === 'lstm') {
      kernels.f32_lstm_grad_pack(pW, pPacked, H)
      kernels.f32_lstm_grad(
        pGates,
        k.ptr(dxw),
        pPacked,
        k.ptr(cs),
        pDy,
        k.ptr(dh0),
        k.ptr(dc0),
        pLengths,
        T,
        N,
        H,
        back,
      )
    } else if (!resetAfter) {
      kernels.f32_gru_reset_first_grad_pack(pW, pPacked, H)
      const [pDxw, pHs, pDh] = [k.ptr(dxw), k.ptr(hs), k.ptr(dh0)]
      kernels.f32_gru_reset_first_grad(pGates, pDxw, pPacked, pHs, pDy, pDh, pLengths, T, N, H, back)
    } else if (cell === 'gru') {
      kernels.f32_gru_grad_pack(pW, pPacked, H)
      kernels.f32_gru_grad(
        pGates,
        k.ptr(dxw),
        k.ptr(ds),
        pPacked,
        k.ptr(hs),
        k.ptr(inner),
        pDy,
        k.ptr(dh0),
        pLengths,
        T,
        N,
        H,
        back,
      )
    } else {
      kernels.f32_rnn_grad_pack(pW, pPacked, H)
      kernels.f32_rnn_grad(
        k.ptr(dxw),
        pPacked,
        k.ptr(hs),
        pDy,
        k.ptr(dh0),
        pLengths,
        T,
        N,
        H,
        back,
        Number(cell === 'relu'),
      )
    }
    return [dxw, ds, dh0, dc0]
  },
}

const fusedGradient = (c: GradientContext<Attrs>, [dy, dhn, dcn]: readonly (Tensor | null)[]): (Tensor | null)[] => {
  const { cell, resetAfter, reverse, bias, lengths } = c.attrs
  const w = c.input(1)
  const hs = c.output(4)
  const rest = { dtype: w.dtype, backend: w.backend }
  const given = (d: Tensor | null, i: number): Tensor => d ?? zeros(c.outputSpecs[i].shape, rest)
  const inputs = [w, c.output(3), hs, c.output(5), c.output(6), given(dy, 0), given(dhn, 1), given(dcn, 2)]
  const [dxw, own, dh0, dc0] = applyAll(
    recurrentGradOp,
    lengths ? [...inputs, c.input(c.inputSpecs.length - 1)] : inputs,
    c.attrs,
  )
  const [T, N, GH] = dxw.shape
  const H = w.shape[1]
  const ds = reshape(hasOwnSums(c.attrs) ? own : dxw, [T * N, GH])
  const before = reshape(slice(hs, 0, reverse ? 1 : 0, reverse ? T + 1 : T), [T * N, H])
  const product = (first: number, end: number, x: Tensor): Tensor => matmul(transpose(slice(ds, 1, first, end)), x)
  const weight = (): Tensor =>
    resetAfter
      ? product(0, GH, before)
      : concat([product(0, 2 * H, before), product(2 * H, GH, reshape(c.output(6), [T * N, H]))])
  const dw = c.needs[1] ? weight() : null
  return [dxw, dw, dh0, ...(cell === 'lstm' ? [dc0] : []), ...(bias ? [sum(ds, 0)] : []), ...(lengths ? [null] : [])]
}

/** The same from single steps, so that it can be differentiated again. */
const composedGradient = (c: GradientContext<Attrs>, dys: readonly (Tensor | null)[]): (Tensor | null)[] => {
  const createGraph = isGradEnabled()
  return enableGrad(() => {
    // Views of the inputs: gradients stop there, even where one input was computed from another.
    const inputs = c.inputSpecs.map(({ shape }, i) => (c.needs[i] ? reshape(c.input(i), shape) : c.input(i)))
    const outputs = unrolled(inputs, c.attrs)
    const used = outputs.map((_, i) => i).filter((i) => dys[i] !== null && outputs[i].requiresGrad)
    const wanted = inputs.filter((_, i) => c.needs[i])
    const dxs = grad(
      used.map((i) => outputs[i]),
      wanted,
      { gradients: used.map((i) => dys[i]!), createGraph, allowUnused: true },
    )
    return inputs.map((_, i) => (c.needs[i] ? dxs[c.needs.slice(0, i).filter(Boolean).length] : null))
  })
}

/** The parts of the sums of a step, gate by gate. */
const gateParts = (x: Tensor, count: number): Tensor[] => {
  const H = x.shape[1] / count
  return Array.from({ length: count }, (_, i) => slice(x, 1, i * H, (i + 1) * H))
}

/**
 * One step of a cell from differentiable ops.
 * @param x - the sums of the input [N, G H]
 * @param sums - the sums of the state [N, G H]
 */
export const cellStep = (
  cell: CellKind,
  x: Tensor,
  sums: Tensor,
  h: Tensor,
  c: Tensor | undefined,
): { h: Tensor; c: Tensor | undefined } => {
  if (cell === 'lstm') {
    const [i, f, g, o] = gateParts(add(x, sums), 4)
    const next = add(mul(sigmoid(f), c!), mul(sigmoid(i), tanh(g)))
    return { h: mul(sigmoid(o), tanh(next)), c: next }
  }
  if (cell === 'gru') {
    const [xr, xz, xn] = gateParts(x, 3)
    const [sr, sz, sn] = gateParts(sums, 3)
    const z = sigmoid(add(xz, sz))
    const candidate = tanh(add(xn, mul(sigmoid(add(xr, sr)), sn)))
    return { h: add(mul(sub(1, z), candidate), mul(z, h)), c: undefined }
  }
  const total = add(x, sums)
  return { h: cell === 'relu' ? relu(total) : tanh(total), c: undefined }
}

/**
 * A step of a GRU whose reset gate acts on the state, before the product: n = tanh(x_n + W_hn (r h) + b_hn). Weight and
 * bias are given once; each step takes the sums of the input [N, 3 H] and the state [N, H].
 */
export const resetFirst = (w: Tensor, b: Tensor | null | undefined): ((x: Tensor, h: Tensor) => Tensor) => {
  const H = w.shape[1]
  const [wRz, wN] = [slice(w, 0, 0, 2 * H), slice(w, 0, 2 * H, 3 * H)]
  const [bRz, bN] = b ? [slice(b, 0, 0, 2 * H), slice(b, 0, 2 * H, 3 * H)] : [null, null]
  return (x, h) => {
    const [r, z] = gateParts(sigmoid(add(slice(x, 1, 0, 2 * H), linear(h, wRz, bRz))), 2)
    const candidate = tanh(add(slice(x, 1, 2 * H, 3 * H), linear(mul(r, h), wN, bN)))
    return add(mul(sub(1, z), candidate), mul(z, h))
  }
}

/** A layer step by step. */
const unrolled = (inputs: readonly Tensor[], attrs: Attrs): Tensor[] => {
  const { xw, w, h0, c0, b, lengths } = partsOf(inputs, attrs)
  const T = xw.shape[0]
  const own = attrs.resetAfter ? null : resetFirst(w, b)
  const ys = new Array<Tensor>(T)
  let [h, c] = [h0, c0]
  for (let i = 0; i < T; i++) {
    const t = attrs.reverse ? T - 1 - i : i
    const x = select(xw, 0, t)
    const next = own ? { h: own(x, h), c: undefined } : cellStep(attrs.cell, x, linear(h, w, b), h, c)
    if (lengths === undefined) {
      ;[ys[t], h, c] = [next.h, next.h, next.c]
    } else {
      const active = unsqueeze(gt(lengths, t), 1)
      ys[t] = where(active, next.h, 0)
      h = where(active, next.h, h)
      c = c === undefined ? undefined : where(active, next.c!, c)
    }
  }
  const y = stack(ys)
  return c === undefined ? [y, h] : [y, h, c]
}

/** What {@link recurrentLayer} takes beside the sums of the input. */
export interface RecurrentOptions {
  readonly cell: CellKind
  /** Recurrent weight [G H, H], or [G H, P] with a projection. */
  readonly w: Tensor
  /** Recurrent bias [G H]. */
  readonly b: Tensor | null
  readonly h0: Tensor
  /** LSTM only. */
  readonly c0: Tensor | null
  /** i32 [N]: how many steps each row takes; none means all. */
  readonly lengths: Tensor | null
  readonly reverse: boolean
  /** LSTM only: [P, H], which makes states of P from those of H. */
  readonly projection: Tensor | null
  /** GRU only: whether the reset gate acts after the product with the state, as in PyTorch. Default true. */
  readonly resetAfter?: boolean
}

/**
 * One direction of one recurrent layer from the sums of its input, W_ih x + b_ih, [T, N, G H].
 * @returns the outputs [T, N, H] (0 past a row's length), the last states and, for an LSTM, the last cell states
 */
export const recurrentLayer = (
  xw: Tensor,
  { cell, w, b, h0, c0, lengths, reverse, projection, resetAfter = true }: RecurrentOptions,
): Tensor[] => {
  if (projection !== null) return projected(xw, { cell, w, b, h0, c0, lengths, reverse, projection })
  const inputs = [xw, w, h0, c0, b, lengths].filter((t) => t !== null)
  const keep = isGradEnabled() && inputs.some((t) => t.requiresGrad)
  const after = cell !== 'gru' || resetAfter
  const attrs: Attrs = { cell, resetAfter: after, reverse, bias: b !== null, lengths: lengths !== null, keep }
  const [y, hn, cn] = applyAll(recurrentOp, inputs, attrs)
  if (cell === 'lstm') return [y, hn, cn]
  cn.dispose()
  return [y, hn]
}

/**
 * An LSTM whose states are P u of the cell's outputs u: as W P u is (W P) u, the cell itself runs on u, and P comes after
 * it for all steps at once. The first state is no P u; its sums join those of each row's first input.
 */
const projected = (xw: Tensor, options: RecurrentOptions): Tensor[] => {
  const { w, h0, lengths, reverse, projection } = options
  const [T, N] = xw.shape
  const H = projection!.shape[1]
  const like = { backend: xw.backend }
  const first =
    reverse && lengths !== null
      ? eq(unsqueeze(arange(1, T + 1, 1, { dtype: 'i32', ...like }), 1), lengths)
      : eq(unsqueeze(arange(0, T, 1, { dtype: 'i32', ...like }), 1), reverse ? T - 1 : 0)
  const sums = add(xw, where(unsqueeze(first, 2), linear(h0, w), 0))
  const start = zeros([N, H], { dtype: xw.dtype, ...like })
  const [u, un, cn] = recurrentLayer(sums, { ...options, w: matmul(w, projection!), h0: start, projection: null })
  return [linear(u, projection!), linear(un, projection!), cn]
}
