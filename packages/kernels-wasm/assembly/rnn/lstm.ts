import { loadUpTo4, storeUpTo4 } from '../lib/tail'
import { atLeast, atMost, f4, fma, sigmoidInRange, tanh4 } from '../lib/math'
import { addProduct, at, carryInactive, isActive, packColumns, packUnits } from './panels'

/** Within the range of the quick form; sigmoid is 0 or 1 to 1e-37 beyond. */
@inline
export function sigmoid(x: v128): v128 {
  return sigmoidInRange(atMost(atLeast(x, f4(-87)), f4(87)))
}

/** Gates of four units of one row from their sums: activations, new cell, new output. */
@inline
function cell(
  pGates: usize, stepGate: usize, pC: usize, pCellOut: usize, pOut: usize, lanes: i32,
  si: v128, sf: v128, sg: v128, so: v128,
): void {
  const i = sigmoid(si)
  const f = sigmoid(sf)
  const g = tanh4(sg)
  const o = sigmoid(so)
  const c = fma(f, loadUpTo4(pC, lanes), f32x4.mul(i, g))
  storeUpTo4(pGates, i, lanes)
  storeUpTo4(pGates + stepGate, f, lanes)
  storeUpTo4(pGates + 2 * stepGate, g, lanes)
  storeUpTo4(pGates + 3 * stepGate, o, lanes)
  storeUpTo4(pCellOut, c, lanes)
  storeUpTo4(pOut, f32x4.mul(o, tanh4(c)), lanes)
}

@inline
function start(pGates: usize, pBias: usize, lanes: i32): v128 {
  const x = loadUpTo4(pGates, lanes)
  return pBias ? f32x4.add(x, loadUpTo4(pBias, lanes)) : x
}

/** Adds input part and bias to the sums of four units of one row and finishes them. */
function finish(
  pGates: usize, pBias: usize, pC: usize, pCellOut: usize, pOut: usize, stepGate: usize, lanes: i32,
  i: v128, f: v128, g: v128, o: v128,
): void {
  i = f32x4.add(i, start(pGates, pBias, lanes))
  f = f32x4.add(f, start(pGates + stepGate, pBias ? pBias + stepGate : 0, lanes))
  g = f32x4.add(g, start(pGates + 2 * stepGate, pBias ? pBias + 2 * stepGate : 0, lanes))
  o = f32x4.add(o, start(pGates + 3 * stepGate, pBias ? pBias + 3 * stepGate : 0, lanes))
  cell(pGates, stepGate, pC, pCellOut, pOut, lanes, i, f, g, o)
}

/** One row, four units. */
function row1(
  pGates: usize, pBias: usize, pIn: usize, pW: usize, pC: usize, pCellOut: usize, pOut: usize, H: i32, lanes: i32,
): void {
  let i = f4(0), f = i, g = i, o = i
  for (let k = H; k > 0; k--, pIn += 4, pW += 64) {
    const x = v128.load32_splat(pIn)
    i = fma(x, v128.load(pW), i)
    f = fma(x, v128.load(pW, 16), f)
    g = fma(x, v128.load(pW, 32), g)
    o = fma(x, v128.load(pW, 48), o)
  }
  finish(pGates, pBias, pC, pCellOut, pOut, <usize>H << 2, lanes, i, f, g, o)
}

/** One row, the eight units of two panels: eight sums in flight hide the latency of the additions. */
function row1x8(
  pGates: usize, pBias: usize, pIn: usize, pW: usize, pC: usize, pCellOut: usize, pOut: usize, H: i32, lanes: i32,
): void {
  let i0 = f4(0), f0 = i0, g0 = i0, o0 = i0
  let i1 = i0, f1 = i0, g1 = i0, o1 = i0
  let pV = pW + (<usize>H << 6)
  for (let k = H; ; ) {
    let x = v128.load32_splat(pIn)
    i0 = fma(x, v128.load(pW), i0); f0 = fma(x, v128.load(pW, 16), f0)
    g0 = fma(x, v128.load(pW, 32), g0); o0 = fma(x, v128.load(pW, 48), o0)
    i1 = fma(x, v128.load(pV), i1); f1 = fma(x, v128.load(pV, 16), f1)
    g1 = fma(x, v128.load(pV, 32), g1); o1 = fma(x, v128.load(pV, 48), o1)
    if (!--k) break
    x = v128.load32_splat(pIn, 4)
    i0 = fma(x, v128.load(pW, 64), i0); f0 = fma(x, v128.load(pW, 80), f0)
    g0 = fma(x, v128.load(pW, 96), g0); o0 = fma(x, v128.load(pW, 112), o0)
    i1 = fma(x, v128.load(pV, 64), i1); f1 = fma(x, v128.load(pV, 80), f1)
    g1 = fma(x, v128.load(pV, 96), g1); o1 = fma(x, v128.load(pV, 112), o1)
    if (!--k) break
    pIn += 8
    pW += 128
    pV += 128
  }
  const stepGate = <usize>H << 2
  finish(pGates, pBias, pC, pCellOut, pOut, stepGate, 4, i0, f0, g0, o0)
  finish(pGates + 16, pBias ? pBias + 16 : 0, pC + 16, pCellOut + 16, pOut + 16, stepGate, lanes - 4, i1, f1, g1, o1)
}

/** Two rows, four units. */
function row2(
  pGates: usize, pBias: usize, pIn: usize, pW: usize, pC: usize, pCellOut: usize, pOut: usize, H: i32, lanes: i32,
): void {
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
  finish(pGates, pBias, pC, pCellOut, pOut, stepGate, lanes, i0, f0, g0, o0)
  finish(
    pGates + 4 * stepGate, pBias, pC + stepGate, pCellOut + stepGate, pOut + stepGate, stepGate, lanes,
    i1, f1, g1, o1,
  )
}

function step(
  pGates: usize, pBias: usize, pIn: usize, pPacked: usize, pCellIn: usize, pCellOut: usize, pOut: usize,
  N: i32, H: i32,
): void {
  let unit = 0
  if (N == 1) {
    for (; unit + 4 < H; unit += 8, pPacked += <usize>H << 7) {
      row1x8(
        at(pGates, unit), pBias ? at(pBias, unit) : 0, pIn, pPacked, at(pCellIn, unit), at(pCellOut, unit),
        at(pOut, unit), H, H - unit,
      )
    }
  }
  for (; unit < H; unit += 4) {
    const bias = pBias ? at(pBias, unit) : 0
    let n = 0
    for (; n + 2 <= N; n += 2) {
      const i = n * H + unit
      row2(
        at(pGates, 4 * n * H + unit), bias, at(pIn, n * H), pPacked, at(pCellIn, i), at(pCellOut, i), at(pOut, i), H,
        H - unit,
      )
    }
    if (n < N) {
      const i = n * H + unit
      row1(
        at(pGates, 4 * n * H + unit), bias, at(pIn, n * H), pPacked, at(pCellIn, i), at(pCellOut, i), at(pOut, i), H,
        H - unit,
      )
    }
    pPacked += <usize>H << 6
  }
}

export function f32_lstm_pack(pW: usize, pPacked: usize, H: i32): void {
  packUnits(pW, pPacked, H, 4)
}

export function f32_lstm(
  pGates: usize, pPacked: usize, pBias: usize, pHs: usize, pCs: usize, pLengths: usize, pY: usize,
  T: i32, N: i32, H: i32, reverse: i32,
): void {
  const size = N * H
  for (let s = 0; s < T; s++) {
    const t = reverse ? T - 1 - s : s
    const pIn = at(pHs, (reverse ? t + 1 : t) * size)
    const pOut = at(pHs, (reverse ? t : t + 1) * size)
    const pCellIn = at(pCs, (reverse ? t + 1 : t) * size)
    const pCellOut = at(pCs, (reverse ? t : t + 1) * size)
    step(at(pGates, 4 * t * size), pBias, pIn, pPacked, pCellIn, pCellOut, pOut, N, H)
    if (pLengths) carryInactive(pLengths, pY ? at(pY, t * size) : 0, pIn, pOut, pCellIn, pCellOut, t, N, H)
  }
}

export function f32_lstm_grad_pack(pW: usize, pPacked: usize, H: i32): void {
  packColumns(pW, H, 1, pPacked, 4 * H, H)
}

/** Gates become the gradients of their sums; dh becomes 0, ready for the product; dc moves one step back. */
function cellGradient(pGates: usize, pCellIn: usize, pCellOut: usize, pDy: usize, pDh: usize, pDc: usize, H: i32): void {
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
    storeUpTo4(pGates, di, lanes)
    storeUpTo4(pGates + stepGate, df, lanes)
    storeUpTo4(pGates + 2 * stepGate, dg, lanes)
    storeUpTo4(pGates + 3 * stepGate, do_, lanes)
    storeUpTo4(pDh, f4(0), lanes)
    storeUpTo4(pDc, f32x4.mul(dc, f), lanes)
    pGates += 16
    pCellIn += 16
    pCellOut += 16
    pDh += 16
    pDc += 16
  }
}

export function f32_lstm_grad(
  pGates: usize, pPacked: usize, pCs: usize, pDy: usize, pDh: usize, pDc: usize, pLengths: usize,
  T: i32, N: i32, H: i32, reverse: i32,
): void {
  const size = N * H
  for (let s = T - 1; s >= 0; s--) {
    const t = reverse ? T - 1 - s : s
    const pStep = at(pGates, 4 * t * size)
    const cellIn = at(pCs, (reverse ? t + 1 : t) * size)
    const cellOut = at(pCs, (reverse ? t : t + 1) * size)
    for (let n = 0; n < N; n++) {
      const i = n * H
      if (!isActive(pLengths, n, t)) memory.fill(at(pStep, 4 * i), 0, <usize>H << 4)
      else {
        cellGradient(
          at(pStep, 4 * i), at(cellIn, i), at(cellOut, i), pDy ? at(pDy, t * size + i) : 0, at(pDh, i), at(pDc, i), H,
        )
      }
    }
    addProduct(pStep, pPacked, pDh, N, H, 4 * H)
  }
}
