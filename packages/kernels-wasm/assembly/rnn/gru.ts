import { loadUpTo4, storeUpTo4 } from '../lib/tail'
import { f4, fma, tanh4 } from '../lib/math'
import { addProduct, at, carryInactive, isActive, packColumns, product } from './panels'
import { sigmoidRun } from './activations'

/**
 * The candidate and the new state of up to four units; pR is the first gate, pX the input part of the third. The
 * recurrent part moves from the candidate's place to pLinear.
 */
@inline
function output(pX: usize, pR: usize, stepGate: usize, pLinear: usize, pIn: usize, pOut: usize, lanes: i32): void {
  const z = loadUpTo4(pR + stepGate, lanes)
  const linear = loadUpTo4(pR + 2 * stepGate, lanes)
  const n = tanh4(fma(loadUpTo4(pR, lanes), linear, loadUpTo4(pX, lanes)))
  storeUpTo4(pLinear, linear, lanes)
  storeUpTo4(pR + 2 * stepGate, n, lanes)
  storeUpTo4(pOut, fma(z, loadUpTo4(pIn, lanes), f32x4.mul(f32x4.sub(f4(1), z), n)), lanes)
}

function outputs(pX: usize, pR: usize, stepGate: usize, pLinear: usize, pIn: usize, pOut: usize, n: i32): void {
  for (; n >= 4; n -= 4) {
    output(pX, pR, stepGate, pLinear, pIn, pOut, 4)
    pX += 16
    pR += 16
    pLinear += 16
    pIn += 16
    pOut += 16
  }
  if (n > 0) output(pX, pR, stepGate, pLinear, pIn, pOut, n)
}

/** Adds n values. */
function addRun(p: usize, pX: usize, n: i32): void {
  for (; n > 0; n -= 4, p += 16, pX += 16) storeUpTo4(p, f32x4.add(loadUpTo4(p, n), loadUpTo4(pX, n)), n)
}

/** The activations of a step from its recurrent sums, then the new states. */
function cells(pX: usize, pGates: usize, pLinear: usize, pIn: usize, pOut: usize, N: i32, H: i32): void {
  const stepGate = <usize>H << 2
  for (; N > 0; N--) {
    addRun(pGates, pX, 2 * H)
    sigmoidRun(pGates, 2 * H)
    outputs(pX + 2 * stepGate, pGates, stepGate, pLinear, pIn, pOut, H)
    pX += 3 * stepGate
    pGates += 3 * stepGate
    pLinear += stepGate
    pIn += stepGate
    pOut += stepGate
  }
}

export function f32_gru_pack(pW: usize, pPacked: usize, H: i32): void {
  packColumns(pW, 1, H, pPacked, H, 3 * H)
}

export function f32_gru(
  pX: usize, pGates: usize, pPacked: usize, pBias: usize, pHs: usize, pLinear: usize, pLengths: usize, pY: usize,
  T: i32, N: i32, H: i32, reverse: i32, keep: i32,
): void {
  const size = N * H
  for (let s = 0; s < T; s++) {
    const t = reverse ? T - 1 - s : s
    const pIn = at(pHs, (reverse ? t + 1 : t) * size)
    const pOut = at(pHs, (reverse ? t : t + 1) * size)
    const x = at(pX, 3 * t * size)
    const gates = keep ? at(pGates, 3 * t * size) : pGates
    const linear = keep ? at(pLinear, t * size) : pLinear
    if (pBias) product(pIn, H, pPacked, gates, 3 * H, pBias, 0, 0, N, 3 * H, H)
    else {
      memory.fill(gates, 0, <usize>size * 12)
      addProduct(pIn, H, pPacked, gates, 3 * H, N, 3 * H, H)
    }
    cells(x, gates, linear, pIn, pOut, N, H)
    if (pLengths) carryInactive(pLengths, pY ? at(pY, t * size) : 0, pIn, pOut, 0, 0, t, N, H)
  }
}

export function f32_gru_grad_pack(pW: usize, pPacked: usize, H: i32): void {
  packColumns(pW, H, 1, pPacked, 3 * H, H)
}

/** dx and ds, the gradients of the input's and of the recurrent sums; dh becomes dh z. */
function cellGradient(
  pGates: usize, pDx: usize, pDs: usize, pLinear: usize, pIn: usize, pDy: usize, pDh: usize, H: i32,
): void {
  const stepGate = <usize>H << 2
  const one = f4(1)
  for (let lanes = H; lanes > 0; lanes -= 4) {
    const r = loadUpTo4(pGates, lanes)
    const z = loadUpTo4(pGates + stepGate, lanes)
    const n = loadUpTo4(pGates + 2 * stepGate, lanes)
    let dh = loadUpTo4(pDh, lanes)
    if (pDy) {
      dh = f32x4.add(dh, loadUpTo4(pDy, lanes))
      pDy += 16
    }
    const dn = f32x4.mul(f32x4.mul(dh, f32x4.sub(one, z)), f32x4.sub(one, f32x4.mul(n, n)))
    const dz = f32x4.mul(f32x4.mul(dh, f32x4.sub(loadUpTo4(pIn, lanes), n)), f32x4.mul(z, f32x4.sub(one, z)))
    const dr = f32x4.mul(f32x4.mul(dn, loadUpTo4(pLinear, lanes)), f32x4.mul(r, f32x4.sub(one, r)))
    storeUpTo4(pDx, dr, lanes)
    storeUpTo4(pDx + stepGate, dz, lanes)
    storeUpTo4(pDx + 2 * stepGate, dn, lanes)
    storeUpTo4(pDs, dr, lanes)
    storeUpTo4(pDs + stepGate, dz, lanes)
    storeUpTo4(pDs + 2 * stepGate, f32x4.mul(dn, r), lanes)
    storeUpTo4(pDh, f32x4.mul(dh, z), lanes)
    pGates += 16
    pDx += 16
    pDs += 16
    pLinear += 16
    pIn += 16
    pDh += 16
  }
}

export function f32_gru_grad(
  pGates: usize, pDx: usize, pDs: usize, pPacked: usize, pHs: usize, pLinear: usize, pDy: usize, pDh: usize, pLengths: usize,
  T: i32, N: i32, H: i32, reverse: i32,
): void {
  const size = N * H
  for (let s = T - 1; s >= 0; s--) {
    const t = reverse ? T - 1 - s : s
    const gates = at(pGates, 3 * t * size)
    const pStep = at(pDx, 3 * t * size)
    const pSums = at(pDs, 3 * t * size)
    const pIn = at(pHs, (reverse ? t + 1 : t) * size)
    for (let n = 0; n < N; n++) {
      const i = n * H
      if (!isActive(pLengths, n, t)) {
        memory.fill(at(pStep, 3 * i), 0, <usize>H * 12)
        memory.fill(at(pSums, 3 * i), 0, <usize>H * 12)
      } else {
        cellGradient(
          at(gates, 3 * i), at(pStep, 3 * i), at(pSums, 3 * i), at(pLinear, t * size + i), at(pIn, i),
          pDy ? at(pDy, t * size + i) : 0, at(pDh, i), H,
        )
      }
    }
    addProduct(pSums, 3 * H, pPacked, pDh, H, N, H, 3 * H)
  }
}
