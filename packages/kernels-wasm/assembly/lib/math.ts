// Vector functions in f32. Error bounds are for the base tier, measured over every exponent in functions.test.ts.
// Polynomials are our own minimax fits; the range and the error of each fit is beside its coefficients.
import { atLeast, atMost, copySign, f4, fma, fnma, pick } from './vector'

export { atLeast, atMost, copySign, f4, fma, fnma, pick }

// exp(x) = 2^n exp(r), n = round(x / ln 2), |r| <= ln 2 / 2. Adding 1.5 * 2^23 leaves n in the low mantissa bits.
@inline
function magic(): v128 {
  return f4(12582912.0)
}

/** x log2 e + magic: its bits shifted left by 23 are n in the exponent field. */
@inline
function scaleOf(x: v128): v128 {
  return fma(x, f4(1.44269504), magic())
}

/** exp(r) - 1 with r = x - n ln 2; error 1.4e-8 relative to r before rounding. */
@inline
function expm1Rest(x: v128, scale: v128): v128 {
  const n = f32x4.sub(scale, magic())
  const r = fnma(n, f4(-2.12194440e-4), fnma(n, f4(0.693359375), x))
  let q = fma(f4(0.00139465065244578), r, f4(0.00836661056119806))
  q = fma(q, r, f4(0.0416662812728597))
  q = fma(q, r, f4(0.166665427946237))
  q = fma(q, r, f4(0.500000006210090))
  return fma(f32x4.mul(r, r), q, r)
}

/** exp(x) for -87.3 < x < 88; anything may come out elsewhere. */
@inline
export function expInRange(x: v128): v128 {
  const scale = scaleOf(x)
  return i32x4.add(f32x4.add(expm1Rest(x, scale), f4(1)), i32x4.shl(scale, 23))
}

/** exp(x) for every x, the same bits as expInRange where both hold: 1 ULP, half a step more among subnormals. */
export function expFull(x: v128): v128 {
  const c = atMost(atLeast(x, f4(-104)), f4(89))
  const scale = scaleOf(c)
  const p = f32x4.add(expm1Rest(c, scale), f4(1))
  const n = i32x4.sub(scale, magic())
  const half = i32x4.shr_s(n, 1)
  const s1 = i32x4.shl(i32x4.add(half, i32x4.splat(127)), 23)
  const s2 = i32x4.shl(i32x4.add(i32x4.sub(n, half), i32x4.splat(127)), 23)
  return f32x4.mul(f32x4.mul(p, s1), s2)
}

/**
 * exp(v) for -87 <= v <= 0 that is a difference already rounded, so that an error of |v| 2^-24 more does no harm: as a
 * power of 2 it needs no second reduction step. 1 at 0; the fit is good to 9.2e-8.
 */
@inline
export function expOfDifference(v: v128): v128 {
  const t = f32x4.mul(v, f4(1.44269504))
  const scale = f32x4.add(t, magic())
  const f = f32x4.sub(t, f32x4.sub(scale, magic()))
  let q = fma(f4(0.001326468277845861), f, f4(0.009671566369249772))
  q = fma(q, f, f4(0.05550734297904676))
  q = fma(q, f, f4(0.2402224126190542))
  q = fma(q, f, f4(0.6931469770696103))
  return i32x4.add(fma(q, f, f4(1)), i32x4.shl(scale, 23))
}

/** exp(x) - 1 for x <= 0 and NaN. */
@inline
export function expm1Negative(x: v128): v128 {
  return expm1Scaled(atLeast(x, f4(-87)))
}

/** exp(x) - 1 for -87 <= x <= 0 and NaN. */
@inline
function expm1Scaled(x: v128): v128 {
  const scale = scaleOf(x)
  const s = i32x4.add(i32x4.shl(scale, 23), f4(1))
  return fma(s, expm1Rest(x, scale), f32x4.sub(s, f4(1)))
}

/** Bits of 87: the largest |x| for which expInRange(x) and expInRange(-x) hold. */
export const EXP_LIMIT: i32 = 0x42ae0000

/** Bits of 16.25: the largest |x| for which sigmoidInRange(x) is good to 2 ULP. */
export const SIGMOID_LIMIT: i32 = 0x41820000

/**
 * 1 / (1 + exp(-x)) as 2^n / (1 + 2^n + m), where exp(-x) = 2^-n (1 + m): up to n = 23 the first sum is exact, so that
 * the denominator is rounded once. 2 ULP for -16.25 <= x <= 88; to -87 what it loses of 2^n makes it 2.5.
 */
@inline
export function sigmoidInRange(x: v128): v128 {
  const scale = scaleOf(x)
  const n = f32x4.sub(scale, magic())
  // s = x - n ln 2, the negative of what exp reduces to: its sign lives in the constants.
  const s = fnma(n, f4(-2.12194440e-4), fnma(n, f4(0.693359375), x))
  let q = fma(f4(0.00139465065244578), s, f4(-0.00836661056119806))
  q = fma(q, s, f4(0.0416662812728597))
  q = fma(q, s, f4(-0.166665427946237))
  q = fma(q, s, f4(0.500000006210090))
  // m = s^2 q - s; fused it needs no negation in the other form, and keeps as many digits.
  const m = ASC_FEATURE_RELAXED_SIMD
    ? f32x4.mul(s, f32x4.relaxed_madd(q, s, f4(-1)))
    : f32x4.sub(f32x4.mul(f32x4.mul(s, s), q), s)
  const power = i32x4.add(i32x4.shl(scale, 23), f4(1))
  return f32x4.div(power, f32x4.add(f32x4.add(power, f4(1)), m))
}

/** 2 ULP for every x, the same bits as sigmoidInRange where both hold: far out on the left it is e - e^2 with e = exp(x). */
export function sigmoidFull(x: v128): v128 {
  const e = expFull(x)
  return pick(f32x4.ge(x, f4(-16.25)), sigmoidInRange(atMost(x, f4(88))), f32x4.sub(e, f32x4.mul(e, e)))
}

/** tanh |x| = -m / (m + 2) with m = exp(-2 |x|) - 1, which keeps every digit near 0; 3 ULP. */
@inline
export function tanh4(x: v128): v128 {
  // 2 |x| at most 20, so the quick range of expm1 needs no other bound; -2 |x| by setting the sign bit.
  const twice = atMost(v128.and(f32x4.add(x, x), i32x4.splat(0x7fffffff)), f4(20))
  const m = expm1Scaled(v128.or(twice, i32x4.splat(0x80000000)))
  return copySign(f32x4.div(m, f32x4.add(m, f4(2))), x)
}

/**
 * The normal distribution function at -t, for 0 <= t <= 8 and NaN: exp of a polynomial whose terms
 * hardly cancel. Absolute error 1e-8 from the fit, 7e-8 with rounding.
 */
@inline
export function normalTail(t: v128): v128 {
  let q = fma(f4(1.24014654740036e-7), t, f4(-3.184890266249726e-6))
  q = fma(q, t, f4(3.159339144696417e-5))
  q = fma(q, t, f4(-0.0001348226597361044))
  q = fma(q, t, f4(-9.590821218609986e-5))
  q = fma(q, t, f4(0.004906457384482065))
  q = fma(q, t, f4(-0.036397889588553056))
  q = fma(q, t, f4(-0.3182949030508448))
  q = fma(q, t, f4(-0.7978858910290906))
  return expInRange(fma(q, t, f4(-0.6931471619503693)))
}

/** |x|, at most 8; NaN stays. */
@inline
export function sizeTo8(x: v128): v128 {
  return atMost(v128.and(x, i32x4.splat(0x7fffffff)), f4(8))
}

/** Whether logInRange holds for every lane: positive normal finite numbers compare like their bits, between these. */
@inline
export function logAreSafe(x0: v128, x1: v128, x2: v128, x3: v128): bool {
  const least = i32x4.min_s(i32x4.min_s(x0, x1), i32x4.min_s(x2, x3))
  const most = i32x4.max_s(i32x4.max_s(x0, x1), i32x4.max_s(x2, x3))
  return !v128.any_true(
    v128.or(i32x4.lt_s(least, i32x4.splat(0x00800000)), i32x4.ge_s(most, i32x4.splat(0x7f800000))),
  )
}

/** log of a normal x = 2^e (1 + f), with sqrt(1/2) <= 1 + f < sqrt 2; `shift` is added to e. */
@inline
function logShifted(x: v128, shift: v128): v128 {
  const i = i32x4.sub(x, i32x4.splat(0x3f3504f3))
  const e = f32x4.add(f32x4.convert_i32x4_s(i32x4.shr_s(i, 23)), shift)
  const f = f32x4.sub(i32x4.add(v128.and(i, i32x4.splat(0x007fffff)), i32x4.splat(0x3f3504f3)), f4(1))
  // (log(1 + f) - f + f^2 / 2) / f^3, relative error of the logarithm 5.9e-9
  let p = fma(f4(-0.0763451965675242), f, f4(0.127615695913322))
  p = fma(p, f, f4(-0.131601708025934))
  p = fma(p, f, f4(0.142017588388913))
  p = fma(p, f, f4(-0.166233586282441))
  p = fma(p, f, f4(0.200012268521725))
  p = fma(p, f, f4(-0.250008209977291))
  p = fma(p, f, f4(0.333333317081538))
  const z = f32x4.mul(f, f)
  let y = fma(f32x4.mul(f, z), p, f32x4.mul(e, f4(-2.12194440e-4)))
  y = fnma(z, f4(0.5), y)
  return fma(e, f4(0.693359375), f32x4.add(f, y))
}

/** log x, 2 ULP, for normal positive finite x. */
@inline
export function logInRange(x: v128): v128 {
  return logShifted(x, f4(0))
}

/** log x for every x, the same bits as logInRange where both hold. */
export function logFull(x: v128): v128 {
  const tiny = f32x4.lt(x, f4(1.17549435e-38))
  const y = logShifted(pick(tiny, f32x4.mul(x, f4(8388608)), x), v128.and(tiny, f4(-23)))
  const plusInfinity = i32x4.splat(0x7f800000)
  const edge = pick(f32x4.eq(x, f4(0)), f32x4.neg(plusInfinity), f4(NaN))
  const valid = pick(f32x4.gt(x, f4(0)), y, edge)
  return pick(f32x4.eq(x, plusInfinity), x, valid)
}
