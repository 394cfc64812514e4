import { d2, highHalf, lowHalf } from './math64'
import { loadUpTo4 } from './tail'

// What several groups do with a row of n values at p, or with up to four columns whose rows are `step` bytes apart.

/** The smallest of the values that rowMax last saw; anything where one was NaN. */
export let rowLeast: f32 = 0

/** The largest of n values in every lane; NaN where any is. */
export function rowMax(p: usize, n: i32): v128 {
  let a0 = f32x4.splat(-Infinity), a1 = a0
  let b0 = f32x4.splat(Infinity), b1 = b0
  let seen = i32x4.splat(0)
  for (; n >= 16; n -= 16, p += 64) {
    const x0 = v128.load(p)
    const x1 = v128.load(p, 16)
    const x2 = v128.load(p, 32)
    const x3 = v128.load(p, 48)
    a0 = f32x4.pmax(a0, f32x4.pmax(x0, x1))
    a1 = f32x4.pmax(a1, f32x4.pmax(x2, x3))
    b0 = f32x4.pmin(b0, f32x4.pmin(x0, x1))
    b1 = f32x4.pmin(b1, f32x4.pmin(x2, x3))
    const low = v128.or(f32x4.ne(x0, x0), f32x4.ne(x1, x1))
    seen = v128.or(seen, v128.or(low, v128.or(f32x4.ne(x2, x2), f32x4.ne(x3, x3))))
  }
  for (; n > 0; n -= 4, p += 16) {
    const lanes = firstLanes(n)
    const x = loadUpTo4(p, n)
    const high = v128.bitselect(x, f32x4.splat(-Infinity), lanes)
    a0 = f32x4.pmax(a0, high)
    b0 = f32x4.pmin(b0, v128.bitselect(x, f32x4.splat(Infinity), lanes))
    seen = v128.or(seen, f32x4.ne(high, high))
  }
  let a = f32x4.pmax(a0, a1)
  a = f32x4.pmax(a, v128.shuffle<i32>(a, a, 2, 3, 0, 1))
  a = f32x4.pmax(a, v128.shuffle<i32>(a, a, 1, 0, 3, 2))
  let b = f32x4.pmin(b0, b1)
  b = f32x4.pmin(b, v128.shuffle<i32>(b, b, 2, 3, 0, 1))
  rowLeast = f32x4.extract_lane(f32x4.pmin(b, v128.shuffle<i32>(b, b, 1, 0, 3, 2)), 0)
  return v128.any_true(seen) ? f32x4.splat(NaN) : a
}

/** Per lane the largest of n values; NaN where any is. */
export function columnMax(p: usize, step: usize, n: i32, count: i32): v128 {
  let a = f32x4.splat(-Infinity)
  let seen = i32x4.splat(0)
  for (; n > 0; n--, p += step) {
    const x = loadUpTo4(p, count)
    a = f32x4.pmax(a, x)
    seen = v128.or(seen, f32x4.ne(x, x))
  }
  return v128.or(a, seen)
}

/** All ones in the first `count` lanes. */
@inline
export function firstLanes(count: i32): v128 {
  return i32x4.lt_s(i32x4(0, 1, 2, 3), i32x4.splat(count))
}

/** Four f32 added to two f64 totals. */
@inline
export function widen(total: v128, x: v128): v128 {
  return f64x2.add(total, f64x2.add(lowHalf(x), highHalf(x)))
}

@inline
export function lanesSum(total: v128): f64 {
  return f64x2.extract_lane(total, 0) + f64x2.extract_lane(total, 1)
}

@inline
export function zero64(): v128 {
  return d2(0)
}
