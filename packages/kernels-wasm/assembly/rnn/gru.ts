import { loadUpTo4, storeUpTo4 } from '../lib/tail'
import { f4, fma, tanh4 } from '../lib/math'
import { addProduct, at, carryInactive, isActive, packColumns, packUnits } from './panels'
import { sigmoidRun } from './activations'

@inline
function plusBias(x: v128, pBias: usize, step: usize, lanes: i32): v128 {
  return pBias ? f32x4.add(x, loadUpTo4(pBias + step, lanes)) : x
}

/** Adds bias and, to the first two, the input part to the sums of four units of one row. */
function finish(
  pX: usize, pBias: usize, pGates: usize, pLinear: usize, stepGate: usize, lanes: i32, r: v128, z: v128, n: v128,
): void {
  storeUpTo4(pGates, f32x4.add(plusBias(r, pBias, 0, lanes), loadUpTo4(pX, lanes)), lanes)
  storeUpTo4(
    pGates + stepGate, f32x4.add(plusBias(z, pBias, stepGate, lanes), loadUpTo4(pX + stepGate, lanes)), lanes,
  )
  storeUpTo4(pLinear, plusBias(n, pBias, 2 * stepGate, lanes), lanes)
}

/** The candidate and the new state of up to four units; pR is the first gate, pX the input part of the third. */
@inline
function output(pX: usize, pR: usize, stepGate: usize, pLinear: usize, pIn: usize, pOut: usize, lanes: i32): void {
  const z = loadUpTo4(pR + stepGate, lanes)
  const n = tanh4(fma(loadUpTo4(pR, lanes), loadUpTo4(pLinear, lanes), loadUpTo4(pX, lanes)))
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

/** The activations of a step in place, then the new states. */
function cells(pX: usize, pGates: usize, pLinear: usize, pIn: usize, pOut: usize, N: i32, H: i32): void {
  const stepGate = <usize>H << 2
  for (; N > 0; N--) {
    sigmoidRun(pGates, 2 * H)
    outputs(pX + 2 * stepGate, pGates, stepGate, pLinear, pIn, pOut, H)
    pX += 3 * stepGate
    pGates += 3 * stepGate
    pLinear += stepGate
    pIn += stepGate
    pOut += stepGate
  }
}

function row1(
  pX: usize, pBias: usize, pGates: usize, pLinear: usize, pRow: usize, pW: usize, H: i32, lanes: i32,
): void {
  let r = f4(0), z = r, n = r
  for (let k = H; k > 0; k--, pRow += 4, pW += 48) {
    const x = v128.load32_splat(pRow)
    r = fma(x, v128.load(pW), r)
    z = fma(x, v128.load(pW, 16), z)
    n = fma(x, v128.load(pW, 32), n)
  }
  finish(pX, pBias, pGates, pLinear, <usize>H << 2, lanes, r, z, n)
}

/** One row, the eight units of two panels: six sums in flight hide the latency of the additions; ways out as in lstm.ts. */
function row1x8(
  pX: usize, pBias: usize, pGates: usize, pLinear: usize, pRow: usize, pW: usize, H: i32, lanes: i32,
): void {
  let r0 = f4(0), z0 = r0, n0 = r0, r1 = r0, z1 = r0, n1 = r0
  let pV = pW + <usize>H * 48
  for (let k = H; ; ) {
    let x = v128.load32_splat(pRow)
    r0 = fma(x, v128.load(pW), r0); z0 = fma(x, v128.load(pW, 16), z0); n0 = fma(x, v128.load(pW, 32), n0)
    if (!ASC_FEATURE_RELAXED_SIMD && k <= 0) break
    r1 = fma(x, v128.load(pV), r1); z1 = fma(x, v128.load(pV, 16), z1); n1 = fma(x, v128.load(pV, 32), n1)
    if (!--k) break
    x = v128.load32_splat(pRow, 4)
    r0 = fma(x, v128.load(pW, 48), r0); z0 = fma(x, v128.load(pW, 64), z0); n0 = fma(x, v128.load(pW, 80), n0)
    if (!ASC_FEATURE_RELAXED_SIMD && k <= 0) break
    r1 = fma(x, v128.load(pV, 48), r1); z1 = fma(x, v128.load(pV, 64), z1); n1 = fma(x, v128.load(pV, 80), n1)
    if (!--k) break
    pRow += 8
    pW += 96
    pV += 96
  }
  const stepGate = <usize>H << 2
  finish(pX, pBias, pGates, pLinear, stepGate, 4, r0, z0, n0)
  finish(pX + 16, pBias ? pBias + 16 : 0, pGates + 16, pLinear + 16, stepGate, lanes - 4, r1, z1, n1)
}

/** Two rows, four units. */
function row2(
  pX: usize, pBias: usize, pGates: usize, pLinear: usize, pRow: usize, pW: usize, H: i32, lanes: i32,
): void {
  const stepGate = <usize>H << 2
  let r0 = f4(0), z0 = r0, n0 = r0, r1 = r0, z1 = r0, n1 = r0
  let pNext = pRow + stepGate
  for (let k = H; ; ) {
    let x = v128.load32_splat(pRow), y = v128.load32_splat(pNext)
    let w = v128.load(pW); r0 = fma(x, w, r0); r1 = fma(y, w, r1)
    w = v128.load(pW, 16); z0 = fma(x, w, z0); z1 = fma(y, w, z1)
    w = v128.load(pW, 32); n0 = fma(x, w, n0); n1 = fma(y, w, n1)
    if (!--k) break
    x = v128.load32_splat(pRow, 4); y = v128.load32_splat(pNext, 4)
    w = v128.load(pW, 48); r0 = fma(x, w, r0); r1 = fma(y, w, r1)
    w = v128.load(pW, 64); z0 = fma(x, w, z0); z1 = fma(y, w, z1)
    w = v128.load(pW, 80); n0 = fma(x, w, n0); n1 = fma(y, w, n1)
    if (!--k) break
    pRow += 8
    pNext += 8
    pW += 96
  }
  finish(pX, pBias, pGates, pLinear, stepGate, lanes, r0, z0, n0)
  finish(pX + 3 * stepGate, pBias, pGates + 3 * stepGate, pLinear + stepGate, stepGate, lanes, r1, z1, n1)
}

/** The sums of a step. */
function sums(
  pX: usize, pBias: usize, pGates: usize, pLinear: usize, pIn: usize, pPacked: usize, N: i32, H: i32,
): void {
  let unit = 0
  if (N == 1) {
    for (; unit + 4 < H; unit += 8, pPacked += <usize>H * 96) {
      row1x8(
        at(pX, unit), pBias ? at(pBias, unit) : 0, at(pGates, unit), at(pLinear, unit), pIn, pPacked, H, H - unit,
      )
    }
  }
  for (; unit < H; unit += 4, pPacked += <usize>H * 48) {
    const bias = pBias ? at(pBias, unit) : 0
    for (let n = 0; n < N; n += 2) {
      const i = 3 * n * H + unit
      const linear = at(pLinear, n * H + unit)
      if (n + 2 <= N) row2(at(pX, i), bias, at(pGates, i), linear, at(pIn, n * H), pPacked, H, H - unit)
      else row1(at(pX, i), bias, at(pGates, i), linear, at(pIn, n * H), pPacked, H, H - unit)
    }
  }
}

export function f32_gru_pack(pW: usize, pPacked: usize, H: i32): void {
  packUnits(pW, pPacked, H, 3)
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
    sums(x, pBias, gates, linear, pIn, pPacked, N, H)
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
