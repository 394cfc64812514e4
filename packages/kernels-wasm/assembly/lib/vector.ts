// Small words for vector instructions.

@inline
export function f4(x: f32): v128 {
  return f32x4.splat(x)
}

/** a * b + c */
@inline
export function fma(a: v128, b: v128, c: v128): v128 {
  return ASC_FEATURE_RELAXED_SIMD ? f32x4.relaxed_madd(a, b, c) : f32x4.add(f32x4.mul(a, b), c)
}

/** c - a * b */
@inline
export function fnma(a: v128, b: v128, c: v128): v128 {
  return ASC_FEATURE_RELAXED_SIMD ? f32x4.relaxed_nmadd(a, b, c) : f32x4.sub(c, f32x4.mul(a, b))
}

/** mask ? a : b, per lane */
@inline
export function pick(mask: v128, a: v128, b: v128): v128 {
  return v128.bitselect(a, b, mask)
}

/** The smaller of x and a bound that is not NaN; NaN stays. One instruction, unlike f32x4.min. */
@inline
export function atMost(x: v128, bound: v128): v128 {
  return f32x4.pmin(x, bound)
}

/** The larger of x and a bound that is not NaN; NaN stays. */
@inline
export function atLeast(x: v128, bound: v128): v128 {
  return f32x4.pmax(x, bound)
}

@inline
export function copySign(magnitude: v128, sign: v128): v128 {
  return v128.bitselect(sign, magnitude, i32x4.splat(0x80000000))
}
