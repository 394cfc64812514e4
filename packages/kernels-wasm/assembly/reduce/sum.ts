import { loadUpTo4, storePart } from '../lib/tail'
import { fma } from '../lib/vector'
import { d2, highHalf, lowHalf } from '../lib/math64'

// Sums: short runs of f32 additions (along a row 16 in each of 32 lanes, down a column 32), their totals added in f64.
// The order depends on the extents alone; the error is that of the runs, however long the sum.
const RUN: i32 = 32
const SUM: i32 = 0
const SQUARES: i32 = 1

@inline
function plus(code: i32, total: v128, x: v128): v128 {
  return code == SUM ? f32x4.add(total, x) : fma(x, x, total)
}

/** Four f32 added to two f64 totals. */
@inline
function widen(total: v128, x: v128): v128 {
  return f64x2.add(total, f64x2.add(lowHalf(x), highHalf(x)))
}

@inline
function rowSum(code: i32, p: usize, n: i32): f64 {
  let total = d2(0)
  while (n >= 32) {
    let a0 = f32x4.splat(0), a1 = a0, a2 = a0, a3 = a0, a4 = a0, a5 = a0, a6 = a0, a7 = a0
    for (let rounds = min(n >> 5, 16); rounds > 0; rounds--) {
      a0 = plus(code, a0, v128.load(p))
      a1 = plus(code, a1, v128.load(p, 16))
      a2 = plus(code, a2, v128.load(p, 32))
      a3 = plus(code, a3, v128.load(p, 48))
      a4 = plus(code, a4, v128.load(p, 64))
      a5 = plus(code, a5, v128.load(p, 80))
      a6 = plus(code, a6, v128.load(p, 96))
      a7 = plus(code, a7, v128.load(p, 112))
      p += 128
      n -= 32
    }
    const low = f32x4.add(f32x4.add(a0, a1), f32x4.add(a2, a3))
    const high = f32x4.add(f32x4.add(a4, a5), f32x4.add(a6, a7))
    total = widen(total, f32x4.add(low, high))
  }
  let rest = f32x4.splat(0)
  for (; n > 0; n -= 4, p += 16) rest = plus(code, rest, loadUpTo4(p, n))
  total = widen(total, rest)
  return f64x2.extract_lane(total, 0) + f64x2.extract_lane(total, 1)
}

@inline
function join(low: v128, high: v128): v128 {
  return v128.shuffle<i64>(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 2)
}

/** Thirty-two neighbouring columns, two cache lines of each row at a time; the same order as sixteen. */
@inline
function columns32(code: i32, p: usize, step: usize, n: i32, pY: usize): void {
  let t0 = d2(0), t1 = t0, t2 = t0, t3 = t0, t4 = t0, t5 = t0, t6 = t0, t7 = t0, t8 = t0, t9 = t0, t10 = t0, t11 = t0, t12 = t0, t13 = t0, t14 = t0, t15 = t0
  while (n > 0) {
    let a0 = f32x4.splat(0), a1 = a0, a2 = a0, a3 = a0, a4 = a0, a5 = a0, a6 = a0, a7 = a0
    const rounds = min(n, RUN)
    for (let i = 0; i < rounds; i++) {
      a0 = plus(code, a0, v128.load(p))
      a1 = plus(code, a1, v128.load(p, 16))
      a2 = plus(code, a2, v128.load(p, 32))
      a3 = plus(code, a3, v128.load(p, 48))
      a4 = plus(code, a4, v128.load(p, 64))
      a5 = plus(code, a5, v128.load(p, 80))
      a6 = plus(code, a6, v128.load(p, 96))
      a7 = plus(code, a7, v128.load(p, 112))
      p += step
    }
    t0 = f64x2.add(t0, lowHalf(a0))
    t1 = f64x2.add(t1, highHalf(a0))
    t2 = f64x2.add(t2, lowHalf(a1))
    t3 = f64x2.add(t3, highHalf(a1))
    t4 = f64x2.add(t4, lowHalf(a2))
    t5 = f64x2.add(t5, highHalf(a2))
    t6 = f64x2.add(t6, lowHalf(a3))
    t7 = f64x2.add(t7, highHalf(a3))
    t8 = f64x2.add(t8, lowHalf(a4))
    t9 = f64x2.add(t9, highHalf(a4))
    t10 = f64x2.add(t10, lowHalf(a5))
    t11 = f64x2.add(t11, highHalf(a5))
    t12 = f64x2.add(t12, lowHalf(a6))
    t13 = f64x2.add(t13, highHalf(a6))
    t14 = f64x2.add(t14, lowHalf(a7))
    t15 = f64x2.add(t15, highHalf(a7))
    n -= rounds
  }
  v128.store(pY, join(t0, t1))
  v128.store(pY, join(t2, t3), 16)
  v128.store(pY, join(t4, t5), 32)
  v128.store(pY, join(t6, t7), 48)
  v128.store(pY, join(t8, t9), 64)
  v128.store(pY, join(t10, t11), 80)
  v128.store(pY, join(t12, t13), 96)
  v128.store(pY, join(t14, t15), 112)
}

/** Sixteen neighbouring columns; `step` bytes from row to row. */
@inline
function columns16(code: i32, p: usize, step: usize, n: i32, pY: usize): void {
  let t0 = d2(0), t1 = t0, t2 = t0, t3 = t0, t4 = t0, t5 = t0, t6 = t0, t7 = t0
  while (n > 0) {
    let a0 = f32x4.splat(0), a1 = a0, a2 = a0, a3 = a0
    const rounds = min(n, RUN)
    for (let i = 0; i < rounds; i++) {
      a0 = plus(code, a0, v128.load(p))
      a1 = plus(code, a1, v128.load(p, 16))
      a2 = plus(code, a2, v128.load(p, 32))
      a3 = plus(code, a3, v128.load(p, 48))
      p += step
    }
    t0 = f64x2.add(t0, lowHalf(a0))
    t1 = f64x2.add(t1, highHalf(a0))
    t2 = f64x2.add(t2, lowHalf(a1))
    t3 = f64x2.add(t3, highHalf(a1))
    t4 = f64x2.add(t4, lowHalf(a2))
    t5 = f64x2.add(t5, highHalf(a2))
    t6 = f64x2.add(t6, lowHalf(a3))
    t7 = f64x2.add(t7, highHalf(a3))
    n -= rounds
  }
  v128.store(pY, join(t0, t1))
  v128.store(pY, join(t2, t3), 16)
  v128.store(pY, join(t4, t5), 32)
  v128.store(pY, join(t6, t7), 48)
}

/** One to four neighbouring columns, the same order as sixteen. */
@inline
function columns4(code: i32, p: usize, step: usize, n: i32, pY: usize, count: i32): void {
  let low = d2(0)
  let high = d2(0)
  while (n > 0) {
    let a = f32x4.splat(0)
    const rounds = min(n, RUN)
    for (let i = 0; i < rounds; i++, p += step) a = plus(code, a, loadUpTo4(p, count))
    low = f64x2.add(low, lowHalf(a))
    high = f64x2.add(high, highHalf(a))
    n -= rounds
  }
  const y = join(low, high)
  if (count >= 4) v128.store(pY, y)
  else storePart(pY, y, count)
}

@inline
function reduce(code: i32, pX: usize, pY: usize, outer: i32, n: i32, inner: i32): void {
  const block = <usize>n * <usize>inner << 2
  for (let o = 0; o < outer; o++, pX += block) {
    if (inner == 1) {
      store<f32>(pY, <f32>rowSum(code, pX, n))
      pY += 4
      continue
    }
    const step = <usize>inner << 2
    let p = pX
    let left = inner
    for (; left >= 32; left -= 32, p += 128, pY += 128) columns32(code, p, step, n, pY)
    for (; left >= 16; left -= 16, p += 64, pY += 64) columns16(code, p, step, n, pY)
    for (; left > 0; left -= 4, p += 16, pY += <usize>min(left + 4, 4) << 2) columns4(code, p, step, n, pY, left)
  }
}

export function f32_sum(pX: usize, pY: usize, outer: i32, n: i32, inner: i32): void {
  reduce(SUM, pX, pY, outer, n, inner)
}

export function f32_sum_squares(pX: usize, pY: usize, outer: i32, n: i32, inner: i32): void {
  reduce(SQUARES, pX, pY, outer, n, inner)
}
