import { loadUpTo4, storeUpTo4 } from '../lib/tail'
import { atLeast, expFull, expOfDifference, f4 } from '../lib/math'
import { d2, highHalf, joinHalves, log64, lowHalf } from '../lib/math64'
import { columnMax, firstLanes, lanesSum, rowLeast, rowMax, widen } from '../lib/rows'

/** exp(v) for v <= 0: nothing below exp(-87), and nothing for NaN (the sum is then 0, so that the quotient is NaN). */
@inline
export function share(v: v128): v128 {
  return v128.and(expOfDifference(atLeast(v, f4(-87))), f32x4.ge(v, f4(-87)))
}

const STORE: i32 = 0
const SUM_ONLY: i32 = 1

/**
 * Sum of exp(x - m); with STORE the terms go to y. m comes from rowMax of the same row. Where no x is 87 or more below it,
 * sixteens of them take the quick form alone: runs of 16 in each of 16 lanes in f32, their totals in f64.
 */
@inline
function sumOfShares(code: i32, pX: usize, pY: usize, n: i32, m: v128): f64 {
  let total = d2(0)
  if (n >= 16 && f32x4.extract_lane(m, 0) - rowLeast < 87) {
    do {
      let a0 = f4(0), a1 = a0
      const run = min(n, 256) & ~15
      const pEnd = pX + (<usize>run << 2)
      do {
        const e0 = expOfDifference(f32x4.sub(v128.load(pX), m))
        const e1 = expOfDifference(f32x4.sub(v128.load(pX, 16), m))
        const e2 = expOfDifference(f32x4.sub(v128.load(pX, 32), m))
        const e3 = expOfDifference(f32x4.sub(v128.load(pX, 48), m))
        a0 = f32x4.add(a0, f32x4.add(e0, e1))
        a1 = f32x4.add(a1, f32x4.add(e2, e3))
        if (code == STORE) {
          v128.store(pY, e0)
          v128.store(pY, e1, 16)
          v128.store(pY, e2, 32)
          v128.store(pY, e3, 48)
          pY += 64
        }
        pX += 64
      } while (pX != pEnd)
      total = widen(total, f32x4.add(a0, a1))
      n -= run
    } while (n >= 16)
  }
  for (; n > 0; n -= 4, pX += 16) {
    let e = share(f32x4.sub(loadUpTo4(pX, n), m))
    if (n < 4) e = v128.and(e, firstLanes(n))
    total = widen(total, e)
    if (code == STORE) {
      storeUpTo4(pY, e, n)
      pY += 16
    }
  }
  return lanesSum(total)
}

/** y = a y in place. */
@inline
function scaleRow(p: usize, n: i32, a: v128): void {
  for (; n >= 16; n -= 16, p += 64) {
    v128.store(p, f32x4.mul(v128.load(p), a))
    v128.store(p, f32x4.mul(v128.load(p, 16), a), 16)
    v128.store(p, f32x4.mul(v128.load(p, 32), a), 32)
    v128.store(p, f32x4.mul(v128.load(p, 48), a), 48)
  }
  for (; n > 0; n -= 4, p += 16) storeUpTo4(p, f32x4.mul(loadUpTo4(p, n), a), n)
}

function softmaxRow(pX: usize, pY: usize, n: i32): void {
  const sum = sumOfShares(STORE, pX, pY, n, rowMax(pX, n))
  scaleRow(pY, n, f4(<f32>(1 / sum)))
}

function softmaxColumns(pX: usize, pY: usize, step: usize, n: i32, count: i32): void {
  const m = columnMax(pX, step, n, count)
  let low = d2(0)
  let high = d2(0)
  for (let i = 0, at: usize = 0; i < n; i++, at += step) {
    const e = share(f32x4.sub(loadUpTo4(pX + at, count), m))
    low = f64x2.add(low, lowHalf(e))
    high = f64x2.add(high, highHalf(e))
    storeUpTo4(pY + at, e, count)
  }
  const scale = joinHalves(f64x2.div(d2(1), low), f64x2.div(d2(1), high))
  for (let i = 0, at: usize = 0; i < n; i++, at += step) {
    storeUpTo4(pY + at, f32x4.mul(loadUpTo4(pY + at, count), scale), count)
  }
}

export function f32_softmax(pX: usize, pY: usize, outer: i32, n: i32, inner: i32): void {
  const step = <usize>inner << 2
  const block = <usize>n * step
  for (let o = 0; o < outer; o++, pX += block, pY += block) {
    if (inner == 1) softmaxRow(pX, pY, n)
    else for (let j = 0; j < inner; j += 4) softmaxColumns(pX + (j << 2), pY + (j << 2), step, n, inner - j)
  }
}

/** log of the sum of exp(x - m); NaN where the sum is 0, which stands for NaN among the terms. */
@inline
export function logOfSum(sum: v128): v128 {
  return v128.bitselect(log64(sum), d2(NaN), f64x2.gt(sum, d2(0)))
}

/** log sum exp(x - m) in every lane. */
export function rowLogSum(pX: usize, n: i32, m: v128): v128 {
  const log = f32x4.demote_f64x2_zero(logOfSum(d2(sumOfShares(SUM_ONLY, pX, 0, n, m))))
  return v128.shuffle<i32>(log, log, 0, 0, 0, 0)
}

function logSoftmaxRow(pX: usize, pY: usize, n: i32): void {
  const m = rowMax(pX, n)
  const log = rowLogSum(pX, n, m)
  for (; n > 0; n -= 4, pX += 16, pY += 16) {
    storeUpTo4(pY, f32x4.sub(f32x4.sub(loadUpTo4(pX, n), m), log), n)
  }
}

function logSoftmaxColumns(pX: usize, pY: usize, step: usize, n: i32, count: i32): void {
  const m = columnMax(pX, step, n, count)
  let low = d2(0)
  let high = d2(0)
  for (let i = 0, at: usize = 0; i < n; i++, at += step) {
    const e = share(f32x4.sub(loadUpTo4(pX + at, count), m))
    low = f64x2.add(low, lowHalf(e))
    high = f64x2.add(high, highHalf(e))
  }
  const log = joinHalves(logOfSum(low), logOfSum(high))
  for (let i = 0, at: usize = 0; i < n; i++, at += step) {
    storeUpTo4(pY + at, f32x4.sub(f32x4.sub(loadUpTo4(pX + at, count), m), log), count)
  }
}

export function f32_log_softmax(pX: usize, pY: usize, outer: i32, n: i32, inner: i32): void {
  const step = <usize>inner << 2
  const block = <usize>n * step
  for (let o = 0; o < outer; o++, pX += block, pY += block) {
    if (inner == 1) logSoftmaxRow(pX, pY, n)
    else for (let j = 0; j < inner; j += 4) logSoftmaxColumns(pX + (j << 2), pY + (j << 2), step, n, inner - j)
  }
}

const SOFTMAX: i32 = 0
const LOG_SOFTMAX: i32 = 1

/** What the sum that both gradients subtract is made of: y dy, or dy. */
@inline
function part(code: i32, y: v128, dy: v128): v128 {
  return code == SOFTMAX ? f32x4.mul(y, dy) : dy
}

@inline
function slope(code: i32, y: v128, dy: v128, sum: v128): v128 {
  return code == SOFTMAX ? f32x4.mul(y, f32x4.sub(dy, sum)) : f32x4.sub(dy, f32x4.mul(expFull(y), sum))
}

@inline
function gradRow(code: i32, pY: usize, pDy: usize, pDx: usize, n: i32): void {
  let total = d2(0)
  for (let i = 0; i < n; ) {
    let a = f4(0)
    for (const end = min(n, i + 64); i < end; i += 4) {
      const at = <usize>i << 2
      a = f32x4.add(a, part(code, loadUpTo4(pY + at, n - i), loadUpTo4(pDy + at, n - i)))
    }
    total = widen(total, a)
  }
  const sum = f4(<f32>lanesSum(total))
  for (; n > 0; n -= 4, pY += 16, pDy += 16, pDx += 16) {
    storeUpTo4(pDx, slope(code, loadUpTo4(pY, n), loadUpTo4(pDy, n), sum), n)
  }
}

@inline
function gradColumns(code: i32, pY: usize, pDy: usize, pDx: usize, step: usize, n: i32, count: i32): void {
  let low = d2(0)
  let high = d2(0)
  for (let i = 0, at: usize = 0; i < n; i++, at += step) {
    const t = part(code, loadUpTo4(pY + at, count), loadUpTo4(pDy + at, count))
    low = f64x2.add(low, lowHalf(t))
    high = f64x2.add(high, highHalf(t))
  }
  const sum = joinHalves(low, high)
  for (let i = 0, at: usize = 0; i < n; i++, at += step) {
    storeUpTo4(pDx + at, slope(code, loadUpTo4(pY + at, count), loadUpTo4(pDy + at, count), sum), count)
  }
}

@inline
function gradient(code: i32, pY: usize, pDy: usize, pDx: usize, outer: i32, n: i32, inner: i32): void {
  const step = <usize>inner << 2
  const block = <usize>n * step
  for (let o = 0; o < outer; o++, pY += block, pDy += block, pDx += block) {
    if (inner == 1) gradRow(code, pY, pDy, pDx, n)
    else {
      for (let j = 0; j < inner; j += 4) {
        gradColumns(code, pY + (j << 2), pDy + (j << 2), pDx + (j << 2), step, n, inner - j)
      }
    }
  }
}

export function f32_softmax_grad(pY: usize, pDy: usize, pDx: usize, outer: i32, n: i32, inner: i32): void {
  gradient(SOFTMAX, pY, pDy, pDx, outer, n, inner)
}

export function f32_log_softmax_grad(pY: usize, pDy: usize, pDx: usize, outer: i32, n: i32, inner: i32): void {
  gradient(LOG_SOFTMAX, pY, pDy, pDx, outer, n, inner)
}
