import { engineFlags, gemm, gemmFlags } from '@lanewise/kernels-wasm/gemm'
import { apply } from '../autograd/apply.ts'
import type { NDArray, OpDef } from '../autograd/op.ts'
import type { WasmBackend } from '../backends/wasm/wasm.ts'
import { ShapeError } from '../errors.ts'
import { broadcastShapes, collapse, show, sizeOf, type Shape } from '../tensor/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { sumTo } from './reduce.ts'
import { needFloat, needSameDType } from './rules.ts'
import { expand, reshape, squeeze, transpose, unsqueeze } from './views.ts'

/** C[..., M, N] = A[..., M, K] B[..., K, N] for equal leading axes. */
const matmulOp: OpDef<undefined> = {
  name: 'matmul',
  savesInputs: [0, 1],
  infer: ([a, b]) => [{ shape: [...a.shape.slice(0, -1), b.shape[b.rank - 1]], dtype: a.dtype }],
  reference: ([a, b], _, [y]) => {
    const [M, K] = a.shape.slice(-2)
    const N = b.shape[b.shape.length - 1]
    const batch = sizeOf(y.shape.slice(0, -2))
    for (let i = 0; i < batch; i++) multiply(a, b, y, i * M * K, i * K * N, i * M * N, M, N, K)
  },
  wasm: (k, [a, b], _, [{ shape, dtype }]) => {
    if (dtype !== 'f32') return null
    const y = k.empty(shape, dtype)
    runGemm(k, a, b, y)
    return [y]
  },
  gradient: (c, [dy]) => [
    c.needs[0] ? matmul(dy!, transpose(c.input(1))) : null,
    c.needs[1] ? matmul(transpose(c.input(0)), dy!) : null,
  ],
}

const multiply = (
  a: NDArray,
  b: NDArray,
  y: NDArray,
  atA: number,
  atB: number,
  atY: number,
  M: number,
  N: number,
  K: number,
): void => {
  for (let m = 0; m < M; m++) {
    for (let n = 0; n < N; n++) {
      let total = 0
      for (let k = 0; k < K; k++) total += a.data[atA + m * K + k] * b.data[atB + k * N + n]
      y.data[atY + m * N + n] = total
    }
  }
}

const runGemm = (k: WasmBackend, a: Tensor, b: Tensor, y: Tensor): void => {
  const rank = y.rank
  const M = y.shape[rank - 2]
  const N = y.shape[rank - 1]
  const K = a.shape[rank - 1]
  const kernels = k.use(gemm)
  const pScratch = k.scratch(kernels.gemm_scratch_bytes(M, N, K))
  if (rank === 2) {
    const [s, t] = [a.strides, b.strides]
    kernels.f32_gemm(k.ptr(a), s[0], s[1], k.ptr(b), t[0], t[1], k.ptr(y), N, M, N, K, engineFlags(), 0, pScratch)
    return
  }
  const walk = collapse(y.shape.slice(0, -2), [a.strides.slice(0, -2), b.strides.slice(0, -2), y.strides.slice(0, -2)])
  const inner = walk.shape.length - 1
  const count = inner < 0 ? 1 : walk.shape[inner]
  const [sA, sB, sY] = walk.strides.map((s) => (inner < 0 ? 0 : s[inner]))
  const [pA, pB, pY] = [k.ptr(a), k.ptr(b), k.ptr(y)]
  forEachOffset(walk.shape.slice(0, -1), walk.strides, ([oA, oB, oY]) => {
    kernels.f32_gemm_batched(
      pA + 4 * oA,
      a.strides[rank - 2],
      a.strides[rank - 1],
      pB + 4 * oB,
      b.strides[rank - 2],
      b.strides[rank - 1],
      pY + 4 * oY,
      N,
      M,
      N,
      K,
      engineFlags(),
      0,
      pScratch,
      count,
      sA,
      sB,
      sY,
    )
  })
}

/** Calls `visit` with each operand's offset at every index of `shape`. */
const forEachOffset = (
  shape: Shape,
  strides: readonly (readonly number[])[],
  visit: (offsets: readonly number[]) => void,
): void => {
  const count = sizeOf(shape)
  for (let i = 0; i < count; i++) {
    const offsets = strides.map(() => 0)
    for (let axis = shape.length - 1, rest = i; axis >= 0; axis--) {
      strides.forEach((s, j) => (offsets[j] += (rest % shape[axis]) * s[axis]))
      rest = Math.floor(rest / shape[axis])
    }
    visit(offsets)
  }
}

const checkInner = (op: string, a: Tensor, b: Tensor): void => {
  needFloat(op, a)
  needSameDType(op, [a, b])
  const K = a.shape[a.rank - 1]
  const rows = b.rank === 1 ? b.shape[0] : b.shape[b.rank - 2]
  if (a.rank > 0 && b.rank > 0 && K === rows) return
  throw new ShapeError({
    op,
    problem: 'the inner sizes do not match',
    got: `${show(a.shape)} and ${show(b.shape)}`,
    expected: "the last axis of a as long as b's last but one, both of rank 1 or more",
    advice: 'Transpose one of them',
  })
}

/**
 * Matrix product with NumPy's rules, as torch.matmul: leading axes broadcast; a vector is a row on the left,
 * a column on the right, and its axis drops out of the result.
 * Shape: a [..., M, K], b [..., K, N] -> [..., M, N].
 * @throws ShapeError when the inner sizes differ or the leading axes do not broadcast.
 * @source Checked against torch.matmul 1.13 in matmul.test.ts
 * @example matmul(tensor([[1, 2], [3, 4]]), tensor([1, 1])).toArray() // => [3, 7]
 */
export const matmul = (a: Tensor, b: Tensor): Tensor => {
  a.live('matmul')
  b.live('matmul')
  checkInner('matmul', a, b)
  if (a.rank === 1) return squeeze(matmul(unsqueeze(a, 0), b), b.rank === 1 ? 0 : -2)
  if (b.rank === 1) return squeeze(matmul(a, unsqueeze(b, 1)), -1)
  // A matrix on the right: one tall product instead of a batch of small ones.
  if (b.rank === 2 && a.rank > 2 && a.contiguous) {
    const tall = matmul(reshape(a, [sizeOf(a.shape.slice(0, -1)), a.shape[a.rank - 1]]), b)
    return reshape(tall, [...a.shape.slice(0, -1), b.shape[1]])
  }
  if (a.rank === 2 && b.rank === 2) return apply(matmulOp, [a, b], undefined)
  const lead = broadcastShapes('matmul', a.shape.slice(0, -2), b.shape.slice(0, -2))
  return apply(
    matmulOp,
    [expand(a, [...lead, ...a.shape.slice(-2)]), expand(b, [...lead, ...b.shape.slice(-2)])],
    undefined,
  )
}

/** y = x W^T + b over the last axis, in one product. */
const linearOp: OpDef<undefined> = {
  name: 'linear',
  savesInputs: [0, 1],
  infer: ([x, w]) => [{ shape: [...x.shape.slice(0, -1), w.shape[0]], dtype: x.dtype }],
  reference: ([x, w, b], _, [y]) => {
    const [N, K] = w.shape
    const M = sizeOf(x.shape.slice(0, -1))
    for (let m = 0; m < M; m++) {
      for (let n = 0; n < N; n++) {
        let total = b === undefined ? 0 : b.data[n]
        for (let k = 0; k < K; k++) total += x.data[m * K + k] * w.data[n * K + k]
        y.data[m * N + n] = total
      }
    }
  },
  wasm: (k, [x, w, b], _, [{ shape, dtype }]) => {
    if (dtype !== 'f32') return null
    const [N, K] = w.shape
    const M = sizeOf(shape.slice(0, -1))
    const y = k.empty(shape, dtype)
    const kernels = k.use(gemm)
    const pScratch = k.scratch(kernels.gemm_scratch_bytes(M, N, K))
    const pX = k.contiguousPtr(x)
    const pBias = b === undefined ? 0 : k.contiguousPtr(b)
    const flags = engineFlags() + (b === undefined ? 0 : gemmFlags.biasColumn)
    kernels.f32_gemm(pX, K, 1, k.ptr(w), w.strides[1], w.strides[0], k.ptr(y), N, M, N, K, flags, pBias, pScratch)
    return [y]
  },
  gradient: (c, [dy]) => {
    const [N, K] = c.inputSpecs[1].shape
    const M = sizeOf(dy!.shape.slice(0, -1))
    const rows = reshape(dy!, [M, N])
    return [
      c.needs[0] ? matmul(dy!, c.input(1)) : null,
      c.needs[1] ? matmul(transpose(rows), reshape(c.input(0), [M, K])) : null,
      c.needs[2] === true ? sumTo(rows, [N]) : null,
    ]
  },
}

/**
 * y = x W^T + b over the last axis, as torch.nn.functional.linear.
 * Shape: x [..., in], weight [out, in], bias [out] -> [..., out].
 * @throws ShapeError when the sizes do not match.
 * @example linear(tensor([1, 2]), tensor([[1, 1]]), tensor([0.5])).toArray() // => [3.5]
 */
export const linear = (x: Tensor, weight: Tensor, bias?: Tensor | null): Tensor => {
  const inputs = bias === undefined || bias === null ? [x, weight] : [x, weight, bias]
  for (const t of inputs) t.live('linear')
  needFloat('linear', x)
  needSameDType('linear', inputs)
  const fits = weight.rank === 2 && x.rank >= 1 && x.shape[x.rank - 1] === weight.shape[1]
  if (!fits || (inputs.length === 3 && (inputs[2].rank !== 1 || inputs[2].shape[0] !== weight.shape[0]))) {
    throw new ShapeError({
      op: 'linear',
      problem: 'the sizes do not match',
      got: inputs.map((t) => show(t.shape)).join(', '),
      expected: 'x [..., in], weight [out, in], bias [out]',
    })
  }
  return apply(linearOp, inputs, undefined)
}
