import { loadUpTo4, storeUpTo4 } from '../lib/tail'
import { atLeast, expOfDifference, f4 } from '../lib/math'
import { d2, highHalf, joinHalves, log64, lowHalf } from '../lib/math64'
import { f32_max } from './extreme'

/** exp(x - m) for x <= m; below 1e-38 it no longer counts. */
@inline
function share(x: v128, m: v128): v128 {
  return expOfDifference(atLeast(f32x4.sub(x, m), f4(-87)))
}

/** m + log of the sum, and m itself where m is infinite or NaN. */
@inline
function total(m: v128, low: v128, high: v128): v128 {
  const y = joinHalves(
    f64x2.add(lowHalf(m), log64(low)),
    f64x2.add(highHalf(m), log64(high)),
  )
  return v128.bitselect(y, m, f32x4.lt(f32x4.abs(m), f4(Infinity)))
}

function rowTotal(p: usize, n: i32, m: f32): f32 {
  const vm = f4(m)
  let low = d2(0)
  let high = d2(0)
  while (n > 0) {
    // Runs of 16 in f32, their totals in f64. Lanes beyond the end are -Infinity, whose share is nothing.
    let a = f4(0)
    for (let rounds = 0; rounds < 16 && n > 0; rounds++, n -= 4, p += 16) {
      let e = share(loadUpTo4(p, n), vm)
      if (n < 4) e = v128.and(e, i32x4.lt_s(i32x4(0, 1, 2, 3), i32x4.splat(n)))
      a = f32x4.add(a, e)
    }
    low = f64x2.add(low, lowHalf(a))
    high = f64x2.add(high, highHalf(a))
  }
  const sum = f64x2.add(low, high)
  const all = d2(f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1))
  return f32x4.extract_lane(total(vm, all, all), 0)
}

export function f32_logsumexp(pX: usize, pY: usize, outer: i32, n: i32, inner: i32): void {
  f32_max(pX, pY, outer, n, inner)
  const step = <usize>inner << 2
  for (let o = 0; o < outer; o++, pX += <usize>n * step) {
    if (inner == 1) {
      store<f32>(pY, rowTotal(pX, n, load<f32>(pY)))
      pY += 4
      continue
    }
    let p = pX
    for (let left = inner; left > 0; left -= 4, p += 16) {
      const m = loadUpTo4(pY, left)
      let low = d2(0)
      let high = d2(0)
      let at = p
      for (let i = 0; i < n; i++, at += step) {
        const e = share(loadUpTo4(at, left), m)
        low = f64x2.add(low, lowHalf(e))
        high = f64x2.add(high, highHalf(e))
      }
      storeUpTo4(pY, total(m, low, high), left)
      pY += <usize>min(left, 4) << 2
    }
  }
}
