import { loadUpTo4, storeUpTo4 } from '../lib/tail'
import { f4, fma, tanh4 } from '../lib/math'
import { sigmoidRun, tanhRun } from './activations'
import { addProduct, at, carryInactive, isActive, packColumns, product } from './panels'

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

export function f32_lstm_pack(pW: usize, pPacked: usize, H: i32): void {
  packColumns(pW, 1, H, pPacked, H, 4 * H)
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
    product(pIn, H, pPacked, gates, 4 * H, at(pX, 4 * t * size), 4 * H, pBias, N, 4 * H, H)
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
