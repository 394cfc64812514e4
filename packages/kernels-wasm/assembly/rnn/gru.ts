import { loadUpTo4, storeUpTo4 } from '../lib/tail'
import { f4, fma, tanh4 } from '../lib/math'
import { addProduct, at, carryInactive, isActive, packColumns, packUnits } from './panels'
import { sigmoid } from './lstm'

/** Gates of four units of one row; sr and sz are whole sums, sn is the recurrent part of the third alone. */
@inline
function cell(
  pGates: usize, stepGate: usize, pLinear: usize, pIn: usize, pOut: usize, lanes: i32, sr: v128, sz: v128, sn: v128,
): void {
  const r = sigmoid(sr)
  const z = sigmoid(sz)
  const n = tanh4(fma(r, sn, loadUpTo4(pGates + 2 * stepGate, lanes)))
  storeUpTo4(pGates, r, lanes)
  storeUpTo4(pGates + stepGate, z, lanes)
  storeUpTo4(pGates + 2 * stepGate, n, lanes)
  if (pLinear) storeUpTo4(pLinear, sn, lanes)
  storeUpTo4(pOut, fma(z, loadUpTo4(pIn, lanes), f32x4.mul(f32x4.sub(f4(1), z), n)), lanes)
}

@inline
function plusBias(x: v128, pBias: usize, step: usize, lanes: i32): v128 {
  return pBias ? f32x4.add(x, loadUpTo4(pBias + step, lanes)) : x
}

/** Adds input part and bias to the sums of four units of one row and finishes them. */
function finish(
  pGates: usize, pBias: usize, pLinear: usize, pIn: usize, pOut: usize, stepGate: usize, lanes: i32,
  r: v128, z: v128, n: v128,
): void {
  r = f32x4.add(plusBias(r, pBias, 0, lanes), loadUpTo4(pGates, lanes))
  z = f32x4.add(plusBias(z, pBias, stepGate, lanes), loadUpTo4(pGates + stepGate, lanes))
  cell(pGates, stepGate, pLinear, pIn, pOut, lanes, r, z, plusBias(n, pBias, 2 * stepGate, lanes))
}

function row1(
  pGates: usize, pBias: usize, pRow: usize, pW: usize, pLinear: usize, pIn: usize, pOut: usize, H: i32, lanes: i32,
): void {
  let r = f4(0), z = r, n = r
  for (let k = H; k > 0; k--, pRow += 4, pW += 48) {
    const x = v128.load32_splat(pRow)
    r = fma(x, v128.load(pW), r)
    z = fma(x, v128.load(pW, 16), z)
    n = fma(x, v128.load(pW, 32), n)
  }
  finish(pGates, pBias, pLinear, pIn, pOut, <usize>H << 2, lanes, r, z, n)
}

/** One row, the eight units of two panels: six sums in flight hide the latency of the additions. */
function row1x8(
  pGates: usize, pBias: usize, pRow: usize, pW: usize, pLinear: usize, pIn: usize, pOut: usize, H: i32, lanes: i32,
): void {
  let r0 = f4(0), z0 = r0, n0 = r0, r1 = r0, z1 = r0, n1 = r0
  let pV = pW + <usize>H * 48
  for (let k = H; ; ) {
    let x = v128.load32_splat(pRow)
    r0 = fma(x, v128.load(pW), r0); z0 = fma(x, v128.load(pW, 16), z0); n0 = fma(x, v128.load(pW, 32), n0)
    r1 = fma(x, v128.load(pV), r1); z1 = fma(x, v128.load(pV, 16), z1); n1 = fma(x, v128.load(pV, 32), n1)
    if (!--k) break
    x = v128.load32_splat(pRow, 4)
    r0 = fma(x, v128.load(pW, 48), r0); z0 = fma(x, v128.load(pW, 64), z0); n0 = fma(x, v128.load(pW, 80), n0)
    r1 = fma(x, v128.load(pV, 48), r1); z1 = fma(x, v128.load(pV, 64), z1); n1 = fma(x, v128.load(pV, 80), n1)
    if (!--k) break
    pRow += 8
    pW += 96
    pV += 96
  }
  const stepGate = <usize>H << 2
  finish(pGates, pBias, pLinear, pIn, pOut, stepGate, 4, r0, z0, n0)
  finish(
    pGates + 16, pBias ? pBias + 16 : 0, pLinear ? pLinear + 16 : 0, pIn + 16, pOut + 16, stepGate, lanes - 4,
    r1, z1, n1,
  )
}

/** Two rows, four units. */
function row2(
  pGates: usize, pBias: usize, pRow: usize, pW: usize, pLinear: usize, pIn: usize, pOut: usize, H: i32, lanes: i32,
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
  finish(pGates, pBias, pLinear, pIn, pOut, stepGate, lanes, r0, z0, n0)
  finish(
    pGates + 3 * stepGate, pBias, pLinear ? pLinear + stepGate : 0, pIn + stepGate, pOut + stepGate, stepGate, lanes,
    r1, z1, n1,
  )
}

function step(
  pGates: usize, pBias: usize, pIn: usize, pPacked: usize, pLinear: usize, pOut: usize, N: i32, H: i32,
): void {
  let unit = 0
  if (N == 1) {
    for (; unit + 4 < H; unit += 8, pPacked += <usize>H * 96) {
      row1x8(
        at(pGates, unit), pBias ? at(pBias, unit) : 0, pIn, pPacked, pLinear ? at(pLinear, unit) : 0, at(pIn, unit),
        at(pOut, unit), H, H - unit,
      )
    }
  }
  for (; unit < H; unit += 4) {
    const bias = pBias ? at(pBias, unit) : 0
    const lanes = H - unit
    let n = 0
    for (; n < N; n += 2) {
      const i = n * H + unit
      const gates = at(pGates, 3 * n * H + unit)
      const linear = pLinear ? at(pLinear, i) : 0
      if (n + 2 <= N) row2(gates, bias, at(pIn, n * H), pPacked, linear, at(pIn, i), at(pOut, i), H, lanes)
      else row1(gates, bias, at(pIn, n * H), pPacked, linear, at(pIn, i), at(pOut, i), H, lanes)
    }
    pPacked += <usize>H * 48
  }
}

export function f32_gru_pack(pW: usize, pPacked: usize, H: i32): void {
  packUnits(pW, pPacked, H, 3)
}

export function f32_gru(
  pGates: usize, pPacked: usize, pBias: usize, pHs: usize, pLinear: usize, pLengths: usize, pY: usize,
  T: i32, N: i32, H: i32, reverse: i32,
): void {
  const size = N * H
  for (let s = 0; s < T; s++) {
    const t = reverse ? T - 1 - s : s
    const pIn = at(pHs, (reverse ? t + 1 : t) * size)
    const pOut = at(pHs, (reverse ? t : t + 1) * size)
    step(at(pGates, 3 * t * size), pBias, pIn, pPacked, pLinear ? at(pLinear, t * size) : 0, pOut, N, H)
    if (pLengths) carryInactive(pLengths, pY ? at(pY, t * size) : 0, pIn, pOut, 0, 0, t, N, H)
  }
}

export function f32_gru_grad_pack(pW: usize, pPacked: usize, H: i32): void {
  packColumns(pW, H, 1, pPacked, 3 * H, H)
}

/** Gates become the gradients of their input sums; pDs gets those of the recurrent sums; dh becomes dh z. */
function cellGradient(pGates: usize, pDs: usize, pLinear: usize, pIn: usize, pDy: usize, pDh: usize, H: i32): void {
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
    storeUpTo4(pGates, dr, lanes)
    storeUpTo4(pGates + stepGate, dz, lanes)
    storeUpTo4(pGates + 2 * stepGate, dn, lanes)
    storeUpTo4(pDs, dr, lanes)
    storeUpTo4(pDs + stepGate, dz, lanes)
    storeUpTo4(pDs + 2 * stepGate, f32x4.mul(dn, r), lanes)
    storeUpTo4(pDh, f32x4.mul(dh, z), lanes)
    pGates += 16
    pDs += 16
    pLinear += 16
    pIn += 16
    pDh += 16
  }
}

export function f32_gru_grad(
  pGates: usize, pDs: usize, pPacked: usize, pHs: usize, pLinear: usize, pDy: usize, pDh: usize, pLengths: usize,
  T: i32, N: i32, H: i32, reverse: i32,
): void {
  const size = N * H
  for (let s = T - 1; s >= 0; s--) {
    const t = reverse ? T - 1 - s : s
    const pStep = at(pGates, 3 * t * size)
    const pSums = at(pDs, 3 * t * size)
    const pIn = at(pHs, (reverse ? t + 1 : t) * size)
    for (let n = 0; n < N; n++) {
      const i = n * H
      if (!isActive(pLengths, n, t)) {
        memory.fill(at(pStep, 3 * i), 0, <usize>H * 12)
        memory.fill(at(pSums, 3 * i), 0, <usize>H * 12)
      } else {
        cellGradient(
          at(pStep, 3 * i), at(pSums, 3 * i), at(pLinear, t * size + i), at(pIn, i),
          pDy ? at(pDy, t * size + i) : 0, at(pDh, i), H,
        )
      }
    }
    addProduct(pSums, pPacked, pDh, N, H, 3 * H)
  }
}
