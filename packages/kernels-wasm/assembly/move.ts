// Copies, fills and changes of type. The contract is src/groups/move.ts.
import { packMasks, storeMask } from './elementwise/compare'
import { mapLight } from './elementwise/light'
import * as op from './elementwise/unary-codes'
import { f4 } from './lib/math'
import { loadUpTo4, storeUpTo4 } from './lib/tail'

export * from './elementwise/copy'

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

export function b32_copy(pX: usize, pY: usize, n: i32): void {
  memory.copy(pY, pX, <usize>n << 2)
}

export function b8_copy(pX: usize, pY: usize, n: i32): void {
  memory.copy(pY, pX, n)
}

/** y_i = start + i step, each from its own index, so that errors do not add up. */
export function f32_arange(pY: usize, n: i32, start: f64, step: f64): void {
  for (let i: i32 = 0; i < n; i++) store<f32>(pY + (<usize>i << 2), <f32>(start + <f64>i * step))
}

export function i32_to_f32(pX: usize, pY: usize, n: i32): void {
  mapLight(op.I_TO_F, pX, pY, n, 0, 0)
}

export function f32_to_i32(pX: usize, pY: usize, n: i32): void {
  mapLight(op.F_TO_I, pX, pY, n, 0, 0)
}

const IS_TRUE: i32 = 0
const I_IS_TRUE: i32 = 1

@inline
function test(code: i32, x: v128): v128 {
  if (code == IS_TRUE) return f32x4.ne(x, f4(0))
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
