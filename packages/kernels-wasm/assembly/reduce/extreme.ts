import { loadUpTo4, storeUpTo4 } from '../lib/tail'

const MAX: i32 = 0
const MIN: i32 = 1
const PROD: i32 = 2
const I_MAX: i32 = 3
const I_MIN: i32 = 4
const I_SUM: i32 = 5
const I_PROD: i32 = 6

@inline
function identity(code: i32): v128 {
  if (code == MAX) return f32x4.splat(-Infinity)
  if (code == MIN) return f32x4.splat(Infinity)
  if (code == PROD) return f32x4.splat(1)
  if (code == I_MAX) return i32x4.splat(i32.MIN_VALUE)
  if (code == I_MIN) return i32x4.splat(i32.MAX_VALUE)
  return i32x4.splat(code == I_SUM ? 0 : 1)
}

@inline
function combine(code: i32, a: v128, x: v128): v128 {
  if (code == MAX) return f32x4.pmax(a, x)
  if (code == MIN) return f32x4.pmin(a, x)
  if (code == PROD) return f32x4.mul(a, x)
  if (code == I_MAX) return i32x4.max_s(a, x)
  if (code == I_MIN) return i32x4.min_s(a, x)
  if (code == I_SUM) return i32x4.add(a, x)
  return i32x4.mul(a, x)
}

/** pmax and pmin drop NaN on one side, so the lanes that saw one are kept apart. */
@inline
function watch(code: i32, seen: v128, x: v128): v128 {
  return code <= MIN ? v128.or(seen, f32x4.ne(x, x)) : seen
}

@inline
function finish(code: i32, a: v128, seen: v128): v128 {
  return code <= MIN ? v128.or(a, seen) : a
}

/** Lanes at and above `count` replaced by the identity. */
function padded(code: i32, p: usize, count: i32): v128 {
  const lanes = i32x4.lt_s(i32x4(0, 1, 2, 3), i32x4.splat(count))
  return v128.bitselect(loadUpTo4(p, count), anyIdentity(code), lanes)
}

function anyIdentity(code: i32): v128 {
  switch (code) {
    case MAX: return identity(MAX)
    case MIN: return identity(MIN)
    case PROD: return identity(PROD)
    case I_MAX: return identity(I_MAX)
    case I_MIN: return identity(I_MIN)
    case I_SUM: return identity(I_SUM)
    default: return identity(I_PROD)
  }
}

@inline
function row(code: i32, p: usize, n: i32): v128 {
  let a0 = identity(code), a1 = a0, a2 = a0, a3 = a0
  let seen = i32x4.splat(0)
  for (; n >= 16; n -= 16, p += 64) {
    const x0 = v128.load(p)
    const x1 = v128.load(p, 16)
    const x2 = v128.load(p, 32)
    const x3 = v128.load(p, 48)
    a0 = combine(code, a0, x0)
    a1 = combine(code, a1, x1)
    a2 = combine(code, a2, x2)
    a3 = combine(code, a3, x3)
    seen = watch(code, watch(code, watch(code, watch(code, seen, x0), x1), x2), x3)
  }
  for (; n > 0; n -= 4, p += 16) {
    const x = padded(code, p, n)
    a0 = combine(code, a0, x)
    seen = watch(code, seen, x)
  }
  let a = combine(code, combine(code, a0, a1), combine(code, a2, a3))
  a = combine(code, a, v128.shuffle<i32>(a, a, 2, 3, 0, 1))
  a = combine(code, a, v128.shuffle<i32>(a, a, 1, 0, 3, 2))
  return finish(code, a, v128.any_true(seen) ? i32x4.splat(0x7fc00000) : i32x4.splat(0))
}

@inline
function columns16(code: i32, p: usize, step: usize, n: i32, pY: usize): void {
  let a0 = identity(code), a1 = a0, a2 = a0, a3 = a0
  let s0 = i32x4.splat(0), s1 = s0, s2 = s0, s3 = s0
  for (let i = 0; i < n; i++, p += step) {
    const x0 = v128.load(p)
    const x1 = v128.load(p, 16)
    const x2 = v128.load(p, 32)
    const x3 = v128.load(p, 48)
    a0 = combine(code, a0, x0)
    a1 = combine(code, a1, x1)
    a2 = combine(code, a2, x2)
    a3 = combine(code, a3, x3)
    s0 = watch(code, s0, x0)
    s1 = watch(code, s1, x1)
    s2 = watch(code, s2, x2)
    s3 = watch(code, s3, x3)
  }
  v128.store(pY, finish(code, a0, s0))
  v128.store(pY, finish(code, a1, s1), 16)
  v128.store(pY, finish(code, a2, s2), 32)
  v128.store(pY, finish(code, a3, s3), 48)
}

@inline
function columns4(code: i32, p: usize, step: usize, n: i32, pY: usize, count: i32): void {
  let a = identity(code)
  let seen = i32x4.splat(0)
  for (let i = 0; i < n; i++, p += step) {
    const x = loadUpTo4(p, count)
    a = combine(code, a, x)
    seen = watch(code, seen, x)
  }
  storeUpTo4(pY, finish(code, a, seen), count)
}

@inline
function reduce(code: i32, pX: usize, pY: usize, outer: i32, n: i32, inner: i32): void {
  const block = <usize>n * <usize>inner << 2
  for (let o = 0; o < outer; o++, pX += block) {
    if (inner == 1) {
      v128.store32_lane(pY, row(code, pX, n), 0)
      pY += 4
      continue
    }
    const step = <usize>inner << 2
    let p = pX
    let left = inner
    for (; left >= 16; left -= 16, p += 64, pY += 64) columns16(code, p, step, n, pY)
    for (; left > 0; left -= 4, p += 16, pY += <usize>min(left + 4, 4) << 2) columns4(code, p, step, n, pY, left)
  }
}

export function f32_max(pX: usize, pY: usize, outer: i32, n: i32, inner: i32): void {
  reduce(MAX, pX, pY, outer, n, inner)
}

export function f32_min(pX: usize, pY: usize, outer: i32, n: i32, inner: i32): void {
  reduce(MIN, pX, pY, outer, n, inner)
}

export function f32_prod(pX: usize, pY: usize, outer: i32, n: i32, inner: i32): void {
  reduce(PROD, pX, pY, outer, n, inner)
}

export function i32_max(pX: usize, pY: usize, outer: i32, n: i32, inner: i32): void {
  reduce(I_MAX, pX, pY, outer, n, inner)
}

export function i32_min(pX: usize, pY: usize, outer: i32, n: i32, inner: i32): void {
  reduce(I_MIN, pX, pY, outer, n, inner)
}

export function i32_sum(pX: usize, pY: usize, outer: i32, n: i32, inner: i32): void {
  reduce(I_SUM, pX, pY, outer, n, inner)
}

export function i32_prod(pX: usize, pY: usize, outer: i32, n: i32, inner: i32): void {
  reduce(I_PROD, pX, pY, outer, n, inner)
}

/** Index of the first of n values equal to `wanted`, or of the first NaN where `wanted` is NaN; they are `step` apart. */
function firstOf(p: usize, n: i32, wanted: f32): i32 {
  const w = f32x4.splat(wanted)
  const forNaN = wanted != wanted
  for (let i = 0; i < n; i += 4, p += 16) {
    const x = loadUpTo4(p, n - i)
    let hits = i32x4.bitmask(forNaN ? f32x4.ne(x, x) : f32x4.eq(x, w))
    if (n - i < 4) hits &= (1 << (n - i)) - 1
    if (hits) return i + ctz(hits)
  }
  return 0
}

/** Index per column: a NaN beats every number, and the first of equals stays. */
@inline
function columnIndices(code: i32, p: usize, step: usize, n: i32, count: i32): v128 {
  let best = loadUpTo4(p, count)
  let index = i32x4.splat(0)
  for (let i = 1; i < n; i++) {
    p += step
    const x = loadUpTo4(p, count)
    const beyond = code == MAX ? f32x4.gt(x, best) : f32x4.lt(x, best)
    const takes = v128.andnot(v128.or(beyond, f32x4.ne(x, x)), f32x4.ne(best, best))
    best = v128.bitselect(x, best, takes)
    index = v128.bitselect(i32x4.splat(i), index, takes)
  }
  return index
}

@inline
function indices(code: i32, pX: usize, pY: usize, outer: i32, n: i32, inner: i32): void {
  const step = <usize>inner << 2
  for (let o = 0; o < outer; o++, pX += <usize>n * step) {
    if (inner == 1) {
      store<i32>(pY, firstOf(pX, n, f32x4.extract_lane(row(code, pX, n), 0)))
      pY += 4
      continue
    }
    let p = pX
    for (let left = inner; left > 0; left -= 4, p += 16) {
      storeUpTo4(pY, columnIndices(code, p, step, n, left), left)
      pY += <usize>min(left, 4) << 2
    }
  }
}

export function f32_argmax(pX: usize, pY: usize, outer: i32, n: i32, inner: i32): void {
  indices(MAX, pX, pY, outer, n, inner)
}

export function f32_argmin(pX: usize, pY: usize, outer: i32, n: i32, inner: i32): void {
  indices(MIN, pX, pY, outer, n, inner)
}
