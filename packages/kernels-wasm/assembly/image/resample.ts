import { loadUpTo4, storeUpTo4 } from '../lib/tail'
import { f4, fma } from '../lib/vector'

// One axis of a separable interpolation: y[o, j, i] = sum over k of weight[j, k] x[o, index[j, k], i].

@inline
function at(p: usize, i: i32): usize {
  return p + (<usize>i << 2)
}

/** One output row of `inner` values from K rows. */
function blendRows(pX: usize, pY: usize, pIndex: usize, pWeight: usize, inner: i32, K: i32): void {
  const step = <usize>inner << 2
  for (let i = 0; i < inner; i += 4, pX += 16, pY += 16) {
    let y = f4(0)
    for (let k = 0; k < K; k++) {
      const x = loadUpTo4(pX + <usize>load<i32>(at(pIndex, k)) * step, inner - i)
      y = fma(v128.load32_splat(at(pWeight, k)), x, y)
    }
    storeUpTo4(pY, y, inner - i)
  }
}

/** The usual two rows. */
function blendTwo(p0: usize, p1: usize, pY: usize, pWeight: usize, inner: i32): void {
  const w0 = v128.load32_splat(pWeight)
  const w1 = v128.load32_splat(pWeight + 4)
  for (; inner > 0; inner -= 4, p0 += 16, p1 += 16, pY += 16) {
    storeUpTo4(pY, fma(w1, loadUpTo4(p1, inner), f32x4.mul(w0, loadUpTo4(p0, inner))), inner)
  }
}

function copyRow(pX: usize, pY: usize, inner: i32): void {
  for (; inner > 0; inner -= 4, pX += 16, pY += 16) storeUpTo4(pY, loadUpTo4(pX, inner), inner)
}

/** A row of single values: all outputs of one line. */
function line(pX: usize, pY: usize, pIndex: usize, pWeight: usize, m: i32, K: i32): void {
  for (let j = 0; j < m; j++, pY += 4) {
    let y: f32 = 0
    for (let k = 0; k < K; k++, pIndex += 4, pWeight += 4) y += load<f32>(pWeight) * load<f32>(at(pX, load<i32>(pIndex)))
    store<f32>(pY, y)
  }
}

export function f32_resample(
  pX: usize, pY: usize, pIndex: usize, pWeight: usize, outer: i32, n: i32, inner: i32, m: i32, K: i32,
): void {
  const step = <usize>inner << 2
  for (let o = 0; o < outer; o++, pX += <usize>n * step) {
    if (inner == 1) {
      line(pX, pY, pIndex, pWeight, m, K)
      pY = at(pY, m)
      continue
    }
    for (let j = 0; j < m; j++, pY += step) {
      const index = at(pIndex, j * K)
      const weight = at(pWeight, j * K)
      const first = pX + <usize>load<i32>(index) * step
      if (K == 1 && load<f32>(weight) == 1) copyRow(first, pY, inner)
      else if (K == 2) blendTwo(first, pX + <usize>load<i32>(index + 4) * step, pY, weight, inner)
      else blendRows(pX, pY, index, weight, inner, K)
    }
  }
}

/** dx += w dy along a row. */
function addRow(pDy: usize, pDx: usize, weight: f32, inner: i32): void {
  const w = f4(weight)
  for (; inner > 0; inner -= 4, pDy += 16, pDx += 16) {
    storeUpTo4(pDx, fma(w, loadUpTo4(pDy, inner), loadUpTo4(pDx, inner)), inner)
  }
}

export function f32_resample_grad(
  pDy: usize, pDx: usize, pIndex: usize, pWeight: usize, outer: i32, n: i32, inner: i32, m: i32, K: i32,
): void {
  const step = <usize>inner << 2
  memory.fill(pDx, 0, <usize>outer * <usize>n * step)
  for (let o = 0; o < outer; o++, pDx += <usize>n * step) {
    for (let j = 0; j < m; j++, pDy += step) {
      for (let k = 0; k < K; k++) {
        const weight = load<f32>(at(pWeight, j * K + k))
        const to = pDx + <usize>load<i32>(at(pIndex, j * K + k)) * step
        if (inner == 1) store<f32>(to, load<f32>(to) + weight * load<f32>(pDy))
        else if (weight != 0) addRow(pDy, to, weight, inner)
      }
    }
  }
}
