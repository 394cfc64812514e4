import { loadUpTo4, storeUpTo4 } from '../lib/tail'
import { atLeast, f4 } from '../lib/vector'
import { tanhRun } from './activations'
import { addProduct, at, carryInactive, isActive, packColumns, product } from './panels'

export function f32_rnn_pack(pW: usize, pPacked: usize, H: i32): void {
  packColumns(pW, 1, H, pPacked, H, H)
}

function activate(p: usize, n: i32, relu: i32): void {
  if (!relu) tanhRun(p, n)
  else for (; n > 0; n -= 4, p += 16) storeUpTo4(p, atLeast(loadUpTo4(p, n), f4(0)), n)
}

export function f32_rnn(
  pX: usize, pPacked: usize, pBias: usize, pHs: usize, pLengths: usize, pY: usize,
  T: i32, N: i32, H: i32, reverse: i32, relu: i32,
): void {
  const size = N * H
  for (let s = 0; s < T; s++) {
    const t = reverse ? T - 1 - s : s
    const pIn = at(pHs, (reverse ? t + 1 : t) * size)
    const pOut = at(pHs, (reverse ? t : t + 1) * size)
    product(pIn, H, pPacked, pOut, H, at(pX, t * size), H, pBias, N, H, H)
    activate(pOut, size, relu)
    if (pLengths) carryInactive(pLengths, pY ? at(pY, t * size) : 0, pIn, pOut, 0, 0, t, N, H)
  }
}

export function f32_rnn_grad_pack(pW: usize, pPacked: usize, H: i32): void {
  packColumns(pW, H, 1, pPacked, H, H)
}

function cellGradient(pOut: usize, pDs: usize, pDy: usize, pDh: usize, H: i32, relu: i32): void {
  for (let lanes = H; lanes > 0; lanes -= 4, pOut += 16, pDs += 16, pDh += 16) {
    const h = loadUpTo4(pOut, lanes)
    let dh = loadUpTo4(pDh, lanes)
    if (pDy) {
      dh = f32x4.add(dh, loadUpTo4(pDy, lanes))
      pDy += 16
    }
    const ds = relu ? v128.and(dh, f32x4.gt(h, f4(0))) : f32x4.mul(dh, f32x4.sub(f4(1), f32x4.mul(h, h)))
    storeUpTo4(pDs, ds, lanes)
    storeUpTo4(pDh, f4(0), lanes)
  }
}

export function f32_rnn_grad(
  pDs: usize, pPacked: usize, pHs: usize, pDy: usize, pDh: usize, pLengths: usize,
  T: i32, N: i32, H: i32, reverse: i32, relu: i32,
): void {
  const size = N * H
  for (let s = T - 1; s >= 0; s--) {
    const t = reverse ? T - 1 - s : s
    const pStep = at(pDs, t * size)
    const pOut = at(pHs, (reverse ? t : t + 1) * size)
    for (let n = 0; n < N; n++) {
      const i = n * H
      if (!isActive(pLengths, n, t)) memory.fill(at(pStep, i), 0, <usize>H << 2)
      else cellGradient(at(pOut, i), at(pStep, i), pDy ? at(pDy, t * size + i) : 0, at(pDh, i), H, relu)
    }
    addProduct(pStep, H, pPacked, pDh, H, N, H, H)
  }
}
