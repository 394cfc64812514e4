// Numbers of 16 bits. The contract is src/groups/half.ts.
import { f4 } from './lib/math'
import { loadUpTo4, storeUpTo4 } from './lib/tail'

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
