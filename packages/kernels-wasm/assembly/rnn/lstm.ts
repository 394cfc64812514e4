import { loadUpTo4, storeUpTo4 } from '../lib/tail'
import { f4, fma, tanh4 } from '../lib/math'
import { sigmoidRun, tanhRun } from './activations'
import { addProduct, at, carryInactive, isActive, packColumns, packUnits } from './panels'

/** The activations of a step in place, then new cells and outputs. */
function cells(pGates: usize, pC: usize, pCellOut: usize, pOut: usize, N: i32, H: i32): void {
  const stepGate = <usize>H << 2
  for (; N > 0; N--) {
    sigmoidRun(pGates, 2 * H)
    tanhRun(pGates + 2 * stepGate, H)
    sigmoidRun(pGates + 3 * stepGate, H)
    outputs(pGates, stepGate, pC, pCellOut, pOut, H)
    pGates += stepGate << 2
    pC += stepGate
    pCellOut += stepGate
    pOut += stepGate
  }
}

@inline
function output(pGates: usize, stepGate: usize, pC: usize, pCellOut: usize, pOut: usize, lanes: i32): void {
  const through = f32x4.mul(loadUpTo4(pGates, lanes), loadUpTo4(pGates + 2 * stepGate, lanes))
  const c = fma(loadUpTo4(pGates + stepGate, lanes), loadUpTo4(pC, lanes), through)
  storeUpTo4(pCellOut, c, lanes)
  storeUpTo4(pOut, f32x4.mul(loadUpTo4(pGates + 3 * stepGate, lanes), tanh4(c)), lanes)
}

function outputs(pGates: usize, stepGate: usize, pC: usize, pCellOut: usize, pOut: usize, n: i32): void {
  if (n >= 4) {
    do {
      output(pGates, stepGate, pC, pCellOut, pOut, 4)
      pGates += 16
      pC += 16
      pCellOut += 16
      pOut += 16
      n -= 4
    } while (n >= 4)
  }
  if (n > 0) output(pGates, stepGate, pC, pCellOut, pOut, n)
}

@inline
function keepSum(sum: v128, pX: usize, pBias: usize, pGates: usize, lanes: i32): void {
  const x = loadUpTo4(pX, lanes)
  storeUpTo4(pGates, f32x4.add(sum, pBias ? f32x4.add(x, loadUpTo4(pBias, lanes)) : x), lanes)
}

/** Adds input part and bias to the sums of four units of one row. */
function finish(
  pX: usize, pBias: usize, pGates: usize, stepGate: usize, lanes: i32, i: v128, f: v128, g: v128, o: v128,
): void {
  keepSum(i, pX, pBias, pGates, lanes)
  keepSum(f, pX + stepGate, pBias ? pBias + stepGate : 0, pGates + stepGate, lanes)
  keepSum(g, pX + 2 * stepGate, pBias ? pBias + 2 * stepGate : 0, pGates + 2 * stepGate, lanes)
  keepSum(o, pX + 3 * stepGate, pBias ? pBias + 3 * stepGate : 0, pGates + 3 * stepGate, lanes)
}

/** One row, four units. */
function row1(pX: usize, pBias: usize, pGates: usize, pIn: usize, pW: usize, H: i32, lanes: i32): void {
  let i = f4(0), f = i, g = i, o = i
  for (let k = H; k > 0; k--, pIn += 4, pW += 64) {
    const x = v128.load32_splat(pIn)
    i = fma(x, v128.load(pW), i)
    f = fma(x, v128.load(pW, 16), f)
    g = fma(x, v128.load(pW, 32), g)
    o = fma(x, v128.load(pW, 48), o)
  }
  finish(pX, pBias, pGates, <usize>H << 2, lanes, i, f, g, o)
}

/**
 * One row, the eight units of two panels: eight sums in flight hide the latency of the additions. The way out within a
 * step is never taken; without it V8 11 moves all eight loads to the front and has no registers left for the sums. Newer
 * engines, which have the relaxed tier, do not, and would be a twentieth slower.
 */
function row1x8(pX: usize, pBias: usize, pGates: usize, pIn: usize, pW: usize, H: i32, lanes: i32): void {
  let i0 = f4(0), f0 = i0, g0 = i0, o0 = i0
  let i1 = i0, f1 = i0, g1 = i0, o1 = i0
  let pV = pW + (<usize>H << 6)
  for (let k = H; ; ) {
    let x = v128.load32_splat(pIn)
    i0 = fma(x, v128.load(pW), i0); f0 = fma(x, v128.load(pW, 16), f0)
    g0 = fma(x, v128.load(pW, 32), g0); o0 = fma(x, v128.load(pW, 48), o0)
    if (!ASC_FEATURE_RELAXED_SIMD && k <= 0) break
    i1 = fma(x, v128.load(pV), i1); f1 = fma(x, v128.load(pV, 16), f1)
    g1 = fma(x, v128.load(pV, 32), g1); o1 = fma(x, v128.load(pV, 48), o1)
    if (!--k) break
    x = v128.load32_splat(pIn, 4)
    i0 = fma(x, v128.load(pW, 64), i0); f0 = fma(x, v128.load(pW, 80), f0)
    g0 = fma(x, v128.load(pW, 96), g0); o0 = fma(x, v128.load(pW, 112), o0)
    if (!ASC_FEATURE_RELAXED_SIMD && k <= 0) break
    i1 = fma(x, v128.load(pV, 64), i1); f1 = fma(x, v128.load(pV, 80), f1)
    g1 = fma(x, v128.load(pV, 96), g1); o1 = fma(x, v128.load(pV, 112), o1)
    if (!--k) break
    pIn += 8
    pW += 128
    pV += 128
  }
  const stepGate = <usize>H << 2
  finish(pX, pBias, pGates, stepGate, 4, i0, f0, g0, o0)
  finish(pX + 16, pBias ? pBias + 16 : 0, pGates + 16, stepGate, lanes - 4, i1, f1, g1, o1)
}

/** Two rows, four units. */
function row2(pX: usize, pBias: usize, pGates: usize, pIn: usize, pW: usize, H: i32, lanes: i32): void {
  const stepGate = <usize>H << 2
  let i0 = f4(0), f0 = i0, g0 = i0, o0 = i0
  let i1 = i0, f1 = i0, g1 = i0, o1 = i0
  let pNext = pIn + stepGate
  for (let k = H; ; ) {
    let x = v128.load32_splat(pIn), y = v128.load32_splat(pNext)
    let w = v128.load(pW); i0 = fma(x, w, i0); i1 = fma(y, w, i1)
    w = v128.load(pW, 16); f0 = fma(x, w, f0); f1 = fma(y, w, f1)
    w = v128.load(pW, 32); g0 = fma(x, w, g0); g1 = fma(y, w, g1)
    w = v128.load(pW, 48); o0 = fma(x, w, o0); o1 = fma(y, w, o1)
    if (!--k) break
    x = v128.load32_splat(pIn, 4); y = v128.load32_splat(pNext, 4)
    w = v128.load(pW, 64); i0 = fma(x, w, i0); i1 = fma(y, w, i1)
    w = v128.load(pW, 80); f0 = fma(x, w, f0); f1 = fma(y, w, f1)
    w = v128.load(pW, 96); g0 = fma(x, w, g0); g1 = fma(y, w, g1)
    w = v128.load(pW, 112); o0 = fma(x, w, o0); o1 = fma(y, w, o1)
    if (!--k) break
    pIn += 8
    pNext += 8
    pW += 128
  }
  finish(pX, pBias, pGates, stepGate, lanes, i0, f0, g0, o0)
  finish(pX + 4 * stepGate, pBias, pGates + 4 * stepGate, stepGate, lanes, i1, f1, g1, o1)
}

/** The sums of a step. */
function sums(pX: usize, pBias: usize, pGates: usize, pIn: usize, pPacked: usize, N: i32, H: i32): void {
  let unit = 0
  if (N == 1) {
    for (; unit + 4 < H; unit += 8, pPacked += <usize>H << 7) {
      row1x8(at(pX, unit), pBias ? at(pBias, unit) : 0, at(pGates, unit), pIn, pPacked, H, H - unit)
    }
  }
  for (; unit < H; unit += 4, pPacked += <usize>H << 6) {
    const bias = pBias ? at(pBias, unit) : 0
    let n = 0
    for (; n + 2 <= N; n += 2) {
      const i = 4 * n * H + unit
      row2(at(pX, i), bias, at(pGates, i), at(pIn, n * H), pPacked, H, H - unit)
    }
    if (n < N) {
      const i = 4 * n * H + unit
      row1(at(pX, i), bias, at(pGates, i), at(pIn, n * H), pPacked, H, H - unit)
    }
  }
}

export function f32_lstm_pack(pW: usize, pPacked: usize, H: i32): void {
  packUnits(pW, pPacked, H, 4)
}

export function f32_lstm(
  pX: usize, pGates: usize, pPacked: usize, pBias: usize, pHs: usize, pCs: usize, pLengths: usize, pY: usize,
  T: i32, N: i32, H: i32, reverse: i32, keep: i32,
): void {
  const size = N * H
  for (let s = 0; s < T; s++) {
    const t = reverse ? T - 1 - s : s
    const pIn = at(pHs, (reverse ? t + 1 : t) * size)
    const pOut = at(pHs, (reverse ? t : t + 1) * size)
    const pCellIn = at(pCs, (reverse ? t + 1 : t) * size)
    const pCellOut = at(pCs, (reverse ? t : t + 1) * size)
    const gates = keep ? at(pGates, 4 * t * size) : pGates
    sums(at(pX, 4 * t * size), pBias, gates, pIn, pPacked, N, H)
    cells(gates, pCellIn, pCellOut, pOut, N, H)
    if (pLengths) carryInactive(pLengths, pY ? at(pY, t * size) : 0, pIn, pOut, pCellIn, pCellOut, t, N, H)
  }
}

export function f32_lstm_grad_pack(pW: usize, pPacked: usize, H: i32): void {
  packColumns(pW, H, 1, pPacked, 4 * H, H)
}

/** ds from the gates; dh becomes 0, ready for the product; dc moves one step back. */
function cellGradient(
  pGates: usize, pDs: usize, pCellIn: usize, pCellOut: usize, pDy: usize, pDh: usize, pDc: usize, H: i32,
): void {
  const stepGate = <usize>H << 2
  const one = f4(1)
  for (let lanes = H; lanes > 0; lanes -= 4) {
    const i = loadUpTo4(pGates, lanes)
    const f = loadUpTo4(pGates + stepGate, lanes)
    const g = loadUpTo4(pGates + 2 * stepGate, lanes)
    const o = loadUpTo4(pGates + 3 * stepGate, lanes)
    const tc = tanh4(loadUpTo4(pCellOut, lanes))
    let dh = loadUpTo4(pDh, lanes)
    if (pDy) {
      dh = f32x4.add(dh, loadUpTo4(pDy, lanes))
      pDy += 16
    }
    const through = f32x4.mul(f32x4.mul(dh, o), f32x4.sub(one, f32x4.mul(tc, tc)))
    const dc = f32x4.add(loadUpTo4(pDc, lanes), through)
    const di = f32x4.mul(f32x4.mul(dc, g), f32x4.mul(i, f32x4.sub(one, i)))
    const df = f32x4.mul(f32x4.mul(dc, loadUpTo4(pCellIn, lanes)), f32x4.mul(f, f32x4.sub(one, f)))
    const dg = f32x4.mul(f32x4.mul(dc, i), f32x4.sub(one, f32x4.mul(g, g)))
    const do_ = f32x4.mul(f32x4.mul(dh, tc), f32x4.mul(o, f32x4.sub(one, o)))
    storeUpTo4(pDs, di, lanes)
    storeUpTo4(pDs + stepGate, df, lanes)
    storeUpTo4(pDs + 2 * stepGate, dg, lanes)
    storeUpTo4(pDs + 3 * stepGate, do_, lanes)
    storeUpTo4(pDh, f4(0), lanes)
    storeUpTo4(pDc, f32x4.mul(dc, f), lanes)
    pGates += 16
    pDs += 16
    pCellIn += 16
    pCellOut += 16
    pDh += 16
    pDc += 16
  }
}

export function f32_lstm_grad(
  pGates: usize, pDs: usize, pPacked: usize, pCs: usize, pDy: usize, pDh: usize, pDc: usize, pLengths: usize,
  T: i32, N: i32, H: i32, reverse: i32,
): void {
  const size = N * H
  for (let s = T - 1; s >= 0; s--) {
    const t = reverse ? T - 1 - s : s
    const gates = at(pGates, 4 * t * size)
    const pStep = at(pDs, 4 * t * size)
    const cellIn = at(pCs, (reverse ? t + 1 : t) * size)
    const cellOut = at(pCs, (reverse ? t : t + 1) * size)
    for (let n = 0; n < N; n++) {
      const i = n * H
      if (!isActive(pLengths, n, t)) memory.fill(at(pStep, 4 * i), 0, <usize>H << 4)
      else {
        cellGradient(
          at(gates, 4 * i), at(pStep, 4 * i), at(cellIn, i), at(cellOut, i), pDy ? at(pDy, t * size + i) : 0, at(pDh, i),
          at(pDc, i), H,
        )
      }
    }
    addProduct(pStep, 4 * H, pPacked, pDh, H, N, H, 4 * H)
  }
}
