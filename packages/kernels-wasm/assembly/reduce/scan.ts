import { loadUpTo4, storeUpTo4 } from '../lib/tail'
import { d2, highHalf, joinHalves, lowHalf } from '../lib/math64'

const SUM: i32 = 0
const PROD: i32 = 1

/** Running totals in f64, each rounded once; `reverse` runs from the last element to the first. */
@inline
function scan(code: i32, pX: usize, pY: usize, outer: i32, n: i32, inner: i32, reverse: i32): void {
  const start = code == SUM ? d2(0) : d2(1)
  const step = <usize>inner << 2
  const stride = reverse ? 0 - step : step
  const block = <usize>n * step
  for (let o = 0; o < outer; o++, pX += block, pY += block) {
    const first = reverse ? block - step : 0
    if (inner == 1) {
      let total: f64 = code == SUM ? 0 : 1
      let at = first
      for (let i = 0; i < n; i++, at += stride) {
        const x = <f64>load<f32>(pX + at)
        total = code == SUM ? total + x : total * x
        store<f32>(pY + at, <f32>total)
      }
      continue
    }
    for (let j = 0; j < inner; j += 4) {
      const count = inner - j
      let at = first + (<usize>j << 2)
      let low = start
      let high = start
      for (let i = 0; i < n; i++, at += stride) {
        const x = loadUpTo4(pX + at, count)
        low = code == SUM ? f64x2.add(low, lowHalf(x)) : f64x2.mul(low, lowHalf(x))
        high = code == SUM ? f64x2.add(high, highHalf(x)) : f64x2.mul(high, highHalf(x))
        storeUpTo4(pY + at, joinHalves(low, high), count)
      }
    }
  }
}

export function f32_cumsum(pX: usize, pY: usize, outer: i32, n: i32, inner: i32, reverse: i32): void {
  scan(SUM, pX, pY, outer, n, inner, reverse)
}

export function f32_cumprod(pX: usize, pY: usize, outer: i32, n: i32, inner: i32, reverse: i32): void {
  scan(PROD, pX, pY, outer, n, inner, reverse)
}

export function i32_cumsum(pX: usize, pY: usize, outer: i32, n: i32, inner: i32, reverse: i32): void {
  const step = <usize>inner << 2
  const stride = reverse ? 0 - step : step
  const block = <usize>n * step
  for (let o = 0; o < outer; o++, pX += block, pY += block) {
    for (let j = 0; j < inner; j++) {
      let at = (reverse ? block - step : 0) + (<usize>j << 2)
      let total = 0
      for (let i = 0; i < n; i++, at += stride) {
        total += load<i32>(pX + at)
        store<i32>(pY + at, total)
      }
    }
  }
}
