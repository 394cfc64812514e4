import { loadUpTo4, storeUpTo4 } from '../lib/tail'
import { f4, fma } from '../lib/math'
import { packMasks, storeMask } from './compare'

const I_NEG: i32 = 0
const I_ABS: i32 = 1
const I_NOT: i32 = 2
const I_TO_F: i32 = 3
const F_TO_I: i32 = 4

@inline
function convert(code: i32, x: v128): v128 {
  if (code == I_NEG) return i32x4.neg(x)
  if (code == I_ABS) return i32x4.abs(x)
  if (code == I_NOT) return v128.not(x)
  if (code == I_TO_F) return f32x4.convert_i32x4_s(x)
  return i32x4.trunc_sat_f32x4_s(x)
}

@inline
function map(code: i32, pX: usize, pY: usize, n: i32): void {
  while (n >= 16) {
    const y0 = convert(code, v128.load(pX))
    const y1 = convert(code, v128.load(pX, 16))
    const y2 = convert(code, v128.load(pX, 32))
    const y3 = convert(code, v128.load(pX, 48))
    v128.store(pY, y0)
    v128.store(pY, y1, 16)
    v128.store(pY, y2, 32)
    v128.store(pY, y3, 48)
    pX += 64
    pY += 64
    n -= 16
  }
  while (n > 0) {
    storeUpTo4(pY, convert(code, loadUpTo4(pX, n)), n)
    pX += 16
    pY += 16
    n -= 4
  }
}

export function i32_neg(pX: usize, pY: usize, n: i32): void {
  map(I_NEG, pX, pY, n)
}

export function i32_abs(pX: usize, pY: usize, n: i32): void {
  map(I_ABS, pX, pY, n)
}

export function i32_not(pX: usize, pY: usize, n: i32): void {
  map(I_NOT, pX, pY, n)
}

export function i32_to_f32(pX: usize, pY: usize, n: i32): void {
  map(I_TO_F, pX, pY, n)
}

export function f32_to_i32(pX: usize, pY: usize, n: i32): void {
  map(F_TO_I, pX, pY, n)
}

const IS_TRUE: i32 = 0
const IS_NAN: i32 = 1
const IS_INF: i32 = 2
const IS_FINITE: i32 = 3
const I_IS_TRUE: i32 = 4

@inline
function test(code: i32, x: v128): v128 {
  if (code == IS_TRUE) return f32x4.ne(x, f4(0))
  if (code == IS_NAN) return f32x4.ne(x, x)
  if (code == IS_INF) return f32x4.eq(f32x4.abs(x), f4(Infinity))
  if (code == IS_FINITE) return f32x4.lt(f32x4.abs(x), f4(Infinity))
  return i32x4.ne(x, i32x4.splat(0))
}

@inline
function mapTest(code: i32, pX: usize, pY: usize, n: i32): void {
  while (n >= 16) {
    const m0 = test(code, v128.load(pX))
    const m1 = test(code, v128.load(pX, 16))
    const m2 = test(code, v128.load(pX, 32))
    const m3 = test(code, v128.load(pX, 48))
    v128.store(pY, packMasks(m0, m1, m2, m3))
    pX += 64
    pY += 16
    n -= 16
  }
  while (n > 0) {
    storeMask(pY, test(code, loadUpTo4(pX, n)), n)
    pX += 16
    pY += 4
    n -= 4
  }
}

export function f32_to_bool(pX: usize, pY: usize, n: i32): void {
  mapTest(IS_TRUE, pX, pY, n)
}

export function i32_to_bool(pX: usize, pY: usize, n: i32): void {
  mapTest(I_IS_TRUE, pX, pY, n)
}

export function f32_isnan(pX: usize, pY: usize, n: i32): void {
  mapTest(IS_NAN, pX, pY, n)
}

export function f32_isinf(pX: usize, pY: usize, n: i32): void {
  mapTest(IS_INF, pX, pY, n)
}

export function f32_isfinite(pX: usize, pY: usize, n: i32): void {
  mapTest(IS_FINITE, pX, pY, n)
}

/** The first `count` words as their low bytes. */
function storeBytes(pY: usize, x: v128, count: i32): void {
  store<u8>(pY, i32x4.extract_lane(x, 0))
  if (count > 1) store<u8>(pY, i32x4.extract_lane(x, 1), 1)
  if (count > 2) store<u8>(pY, i32x4.extract_lane(x, 2), 2)
  if (count > 3) store<u8>(pY, i32x4.extract_lane(x, 3), 3)
}

export function f32_to_u8(pX: usize, pY: usize, n: i32): void {
  for (; n > 0; n -= 4, pX += 16, pY += 4) storeBytes(pY, i32x4.trunc_sat_f32x4_s(loadUpTo4(pX, n)), n)
}

export function i32_to_u8(pX: usize, pY: usize, n: i32): void {
  for (; n > 0; n -= 4, pX += 16, pY += 4) storeBytes(pY, loadUpTo4(pX, n), n)
}

/** Up to four bytes as words. */
@inline
function loadBytes(p: usize, count: i32): v128 {
  return i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(count >= 4 ? v128.load32_zero(p) : loadFewBytes(p, count)))
}

function loadFewBytes(p: usize, count: i32): v128 {
  let word: u32 = load<u8>(p)
  if (count > 1) word |= <u32>load<u8>(p, 1) << 8
  if (count > 2) word |= <u32>load<u8>(p, 2) << 16
  return i32x4.splat(word)
}

export function u8_to_f32(pX: usize, pY: usize, n: i32): void {
  for (; n > 0; n -= 4, pX += 4, pY += 16) storeUpTo4(pY, f32x4.convert_i32x4_u(loadBytes(pX, n)), n)
}

export function u8_to_i32(pX: usize, pY: usize, n: i32): void {
  for (; n > 0; n -= 4, pX += 4, pY += 16) storeUpTo4(pY, loadBytes(pX, n), n)
}

export function u8_logical_not(pX: usize, pY: usize, n: i32): void {
  for (; n >= 16; n -= 16, pX += 16, pY += 16) {
    v128.store(pY, v128.and(i8x16.eq(v128.load(pX), i8x16.splat(0)), i8x16.splat(1)))
  }
  for (let i: i32 = 0; i < n; i++) store<u8>(pY + i, u8(load<u8>(pX + i) == 0))
}

/** Up to four halves as words. */
@inline
function loadHalves(p: usize, count: i32): v128 {
  return i32x4.extend_low_i16x8_u(count >= 4 ? v128.load64_zero(p) : loadFewHalves(p, count))
}

function loadFewHalves(p: usize, count: i32): v128 {
  let word: u64 = load<u16>(p)
  if (count > 1) word |= <u64>load<u16>(p, 2) << 16
  if (count > 2) word |= <u64>load<u16>(p, 4) << 32
  return i64x2.splat(word)
}

/** The low halves of the first `count` words. */
@inline
function storeHalves(p: usize, x: v128, count: i32): void {
  const packed = v128.shuffle<i16>(x, x, 0, 2, 4, 6, 0, 2, 4, 6)
  if (count >= 4) v128.store64_lane(p, packed, 0)
  else storeFewHalves(p, packed, count)
}

function storeFewHalves(p: usize, packed: v128, count: i32): void {
  store<u16>(p, <u16>i16x8.extract_lane_u(packed, 0))
  if (count > 1) store<u16>(p, <u16>i16x8.extract_lane_u(packed, 1), 2)
  if (count > 2) store<u16>(p, <u16>i16x8.extract_lane_u(packed, 2), 4)
}

export function bf16_to_f32(pX: usize, pY: usize, n: i32): void {
  for (; n > 0; n -= 4, pX += 8, pY += 16) storeUpTo4(pY, i32x4.shl(loadHalves(pX, n), 16), n)
}

/** Round to nearest, ties to even; NaN becomes the quiet NaN 0x7fc0 with its sign. */
export function f32_to_bf16(pX: usize, pY: usize, n: i32): void {
  for (; n > 0; n -= 4, pX += 16, pY += 8) {
    const x = loadUpTo4(pX, n)
    const even = v128.and(i32x4.shr_u(x, 16), i32x4.splat(1))
    const rounded = i32x4.shr_u(i32x4.add(i32x4.add(x, i32x4.splat(0x7fff)), even), 16)
    const quiet = v128.or(v128.and(i32x4.shr_u(x, 16), i32x4.splat(0x8000)), i32x4.splat(0x7fc0))
    storeHalves(pY, v128.bitselect(quiet, rounded, f32x4.ne(x, x)), n)
  }
}

export function f16_to_f32(pX: usize, pY: usize, n: i32): void {
  for (; n > 0; n -= 4, pX += 8, pY += 16) {
    const h = loadHalves(pX, n)
    const body = i32x4.shl(v128.and(h, i32x4.splat(0x7fff)), 13)
    // As a tiny f32 the number is 2^-112 too small; the product is exact and mends subnormals too.
    const finite = f32x4.mul(body, f4(5.192296858534828e33))
    const special = i32x4.add(body, i32x4.splat(0x70000000))
    const magnitude = v128.bitselect(special, finite, i32x4.ge_s(body, i32x4.splat(0x0f800000)))
    storeUpTo4(pY, v128.or(magnitude, i32x4.shl(v128.and(h, i32x4.splat(0x8000)), 16)), n)
  }
}

/** Round to nearest, ties to even; overflow to infinity; NaN becomes the quiet NaN 0x7e00 with its sign. */
export function f32_to_f16(pX: usize, pY: usize, n: i32): void {
  for (; n > 0; n -= 4, pX += 16, pY += 8) {
    const x = loadUpTo4(pX, n)
    const a = f32x4.abs(x)
    const odd = v128.and(i32x4.shr_u(a, 13), i32x4.splat(1))
    const normal = i32x4.shr_u(i32x4.sub(i32x4.add(i32x4.add(a, i32x4.splat(0xfff)), odd), i32x4.splat(0x38000000)), 13)
    // Below 2^-14 adding 0.5 rounds to a multiple of 2^-24 and leaves it in the mantissa.
    const subnormal = i32x4.sub(f32x4.add(a, f4(0.5)), f4(0.5))
    const finite = v128.bitselect(subnormal, normal, f32x4.lt(a, f4(6.103515625e-5)))
    const large = v128.bitselect(i32x4.splat(0x7c00), i32x4.splat(0x7e00), f32x4.eq(a, a))
    const magnitude = v128.bitselect(finite, large, f32x4.lt(a, f4(65520)))
    storeHalves(pY, v128.or(magnitude, v128.and(i32x4.shr_u(x, 16), i32x4.splat(0x8000))), n)
  }
}

/** y += a x */
export function f32_axpy(pX: usize, pY: usize, n: i32, a: f32): void {
  const va = f4(a)
  while (n >= 16) {
    v128.store(pY, fma(va, v128.load(pX), v128.load(pY)))
    v128.store(pY, fma(va, v128.load(pX, 16), v128.load(pY, 16)), 16)
    v128.store(pY, fma(va, v128.load(pX, 32), v128.load(pY, 32)), 32)
    v128.store(pY, fma(va, v128.load(pX, 48), v128.load(pY, 48)), 48)
    pX += 64
    pY += 64
    n -= 16
  }
  while (n > 0) {
    storeUpTo4(pY, fma(va, loadUpTo4(pX, n), loadUpTo4(pY, n)), n)
    pX += 16
    pY += 16
    n -= 4
  }
}

/** y = a + t (b - a), the way that keeps b exact at t = 1. */
export function f32_lerp(pA: usize, pB: usize, pY: usize, n: i32, t: f32): void {
  const weight = f4(t)
  const rest = f4(1 - t)
  const near = t < 0.5
  for (; n > 0; n -= 4, pA += 16, pB += 16, pY += 16) {
    const a = loadUpTo4(pA, n)
    const b = loadUpTo4(pB, n)
    const d = f32x4.sub(b, a)
    const y = near ? f32x4.add(a, f32x4.mul(weight, d)) : f32x4.sub(b, f32x4.mul(d, rest))
    storeUpTo4(pY, y, n)
  }
}

export function b32_fill(pY: usize, n: i32, bits: i32): void {
  const v = i32x4.splat(bits)
  for (; n >= 16; n -= 16, pY += 64) {
    v128.store(pY, v)
    v128.store(pY, v, 16)
    v128.store(pY, v, 32)
    v128.store(pY, v, 48)
  }
  for (; n > 0; n -= 4, pY += 16) storeUpTo4(pY, v, n)
}

export function f32_fill(pY: usize, n: i32, value: f32): void {
  b32_fill(pY, n, reinterpret<i32>(value))
}

export function b8_fill(pY: usize, n: i32, value: i32): void {
  memory.fill(pY, <u8>value, n)
}

export function b8_copy(pX: usize, pY: usize, n: i32): void {
  memory.copy(pY, pX, n)
}

export function b32_copy(pX: usize, pY: usize, n: i32): void {
  memory.copy(pY, pX, <usize>n << 2)
}

/** y_i = start + i step, each from its own index, so that errors do not add up. */
export function f32_arange(pY: usize, n: i32, start: f64, step: f64): void {
  for (let i: i32 = 0; i < n; i++) store<f32>(pY + (<usize>i << 2), <f32>(start + <f64>i * step))
}
