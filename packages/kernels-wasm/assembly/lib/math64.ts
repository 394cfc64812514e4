// Vector functions in f64, two lanes at a time, good to 1e-11 or better: rounding their result to f32 gives at most
// 0.51 ULP. The functions that are seldom hot are built from them.

@inline
export function d2(x: f64): v128 {
  return f64x2.splat(x)
}

@inline
export function fma64(a: v128, b: v128, c: v128): v128 {
  return ASC_FEATURE_RELAXED_SIMD ? f64x2.relaxed_madd(a, b, c) : f64x2.add(f64x2.mul(a, b), c)
}

@inline
export function fnma64(a: v128, b: v128, c: v128): v128 {
  return ASC_FEATURE_RELAXED_SIMD ? f64x2.relaxed_nmadd(a, b, c) : f64x2.sub(c, f64x2.mul(a, b))
}

@inline
export function pick64(mask: v128, a: v128, b: v128): v128 {
  return v128.bitselect(a, b, mask)
}

/** Lanes 0 and 1 of four f32 as f64. */
@inline
export function lowHalf(x: v128): v128 {
  return f64x2.promote_low_f32x4(x)
}

/** Lanes 2 and 3. */
@inline
export function highHalf(x: v128): v128 {
  return f64x2.promote_low_f32x4(v128.shuffle<i64>(x, x, 1, 0))
}

/** Two pairs of f64 rounded to four f32. */
@inline
export function joinHalves(low: v128, high: v128): v128 {
  return v128.shuffle<i64>(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 2)
}

@inline
export function copySign64(magnitude: v128, sign: v128): v128 {
  return v128.bitselect(sign, magnitude, i64x2.splat(0x8000000000000000))
}

@inline
function magic64(): v128 {
  return d2(6755399441055744.0)
}

/** exp(r) - 1 with r = x - n ln 2 and n ln 2 + r = x; relative error 5e-12. */
@inline
function expm1Rest64(x: v128, scale: v128): v128 {
  const n = f64x2.sub(scale, magic64())
  const r = fnma64(n, d2(1.904654299957768e-10), fnma64(n, d2(0.6931471803691238), x))
  let q = fma64(d2(0.000024882464549946483), r, d2(0.0001990500970502023))
  q = fma64(q, r, d2(0.0013888809383552317))
  q = fma64(q, r, d2(0.00833328888681780))
  q = fma64(q, r, d2(0.0416666669547255))
  q = fma64(q, r, d2(0.1666666675474972))
  q = fma64(q, r, d2(0.4999999999973675))
  return fma64(f64x2.mul(r, r), q, r)
}

@inline
function scaleOf64(x: v128): v128 {
  return fma64(x, d2(1.4426950408889634), magic64())
}

/** NaN stays; the bounds are far outside what f32 can hold. */
@inline
function clampExp(x: v128): v128 {
  return f64x2.pmin(f64x2.pmax(x, d2(-700)), d2(700))
}

@inline
export function exp64(x: v128): v128 {
  const c = clampExp(x)
  const scale = scaleOf64(c)
  return i64x2.add(f64x2.add(expm1Rest64(c, scale), d2(1)), i64x2.shl(scale, 52))
}

@inline
export function expm1_64(x: v128): v128 {
  const c = clampExp(x)
  const scale = scaleOf64(c)
  const s = i64x2.add(i64x2.shl(scale, 52), d2(1))
  return fma64(s, expm1Rest64(c, scale), f64x2.sub(s, d2(1)))
}

/** log x for every x that came from f32 (subnormal f32 are normal here); relative error 3e-14. */
@inline
export function log64(x: v128): v128 {
  const i = i64x2.add(x, i64x2.splat(0x3ff0000000000000 - 0x3fe6a09e667f3bcd))
  const m = i64x2.add(v128.and(i, i64x2.splat(0x000fffffffffffff)), i64x2.splat(0x3fe6a09e667f3bcd))
  // The biased exponent in the low bits of 2^52 is the number 2^52 + exponent.
  const e = f64x2.sub(v128.or(i64x2.shr_u(i, 52), i64x2.splat(0x4330000000000000)), d2(4503599627371519.0))
  const s = f64x2.div(f64x2.sub(m, d2(1)), f64x2.add(m, d2(1)))
  const z = f64x2.mul(s, s)
  let p = fma64(d2(0.1958553104095632), z, d2(0.221760981879562))
  p = fma64(p, z, d2(0.2857211115929287))
  p = fma64(p, z, d2(0.39999995604474122))
  p = fma64(p, z, d2(0.66666666675847206))
  const y = fma64(f64x2.mul(s, z), p, fma64(e, d2(0.6931471805599453), f64x2.add(s, s)))
  const edge = pick64(f64x2.eq(x, d2(0)), d2(-Infinity), d2(NaN))
  const valid = pick64(f64x2.gt(x, d2(0)), y, edge)
  return pick64(f64x2.eq(x, d2(Infinity)), x, valid)
}

/** log(1 + x); below 2^-20 the series x - x^2 / 2 is exact enough. */
@inline
export function log1p64(x: v128): v128 {
  const small = f64x2.lt(f64x2.abs(x), d2(9.5367431640625e-7))
  return pick64(small, fnma64(f64x2.mul(x, x), d2(0.5), x), log64(f64x2.add(x, d2(1))))
}

/** erf x: x P(x^2) / Q(x^2), relative error 2.4e-9, for |x| <= 3.95; beyond, the f32 result is 1. */
@inline
export function erf64(x: v128): v128 {
  const c = f64x2.pmin(f64x2.pmax(x, d2(-3.95)), d2(3.95))
  const z = f64x2.mul(c, c)
  let p = fma64(d2(6.658644807548681e-6), z, d2(0.0004076531569035627))
  p = fma64(p, z, d2(0.004205959431121039))
  p = fma64(p, z, d2(0.055641314120840245))
  p = fma64(p, z, d2(0.19261454838055278))
  p = fma64(p, z, d2(1.128379169713504))
  let q = fma64(d2(2.529832994437243e-7), z, d2(7.161157826663037e-5))
  q = fma64(q, z, d2(0.0014123305452999819))
  q = fma64(q, z, d2(0.016242271592145377))
  q = fma64(q, z, d2(0.11732144029221495))
  q = fma64(q, z, d2(0.504033624464261))
  q = fma64(q, z, d2(1))
  const beyond = f64x2.ge(f64x2.abs(x), d2(3.95))
  return pick64(beyond, copySign64(d2(1), x), f64x2.div(f64x2.mul(c, p), q))
}

// Angles: x = n pi/2 + r, pi/2 in two parts, the first of 33 bits, so that n times it is exact up to n = 2^20.
@inline
function quadrantOf(x: v128): v128 {
  return fma64(x, d2(0.6366197723675814), magic64())
}

@inline
function angleRest(x: v128, quadrant: v128): v128 {
  const n = f64x2.sub(quadrant, magic64())
  return fnma64(n, d2(6.077100506506192e-11), fnma64(n, d2(1.5707963267341256), x))
}

/** sin r for |r| <= pi/4, error 5e-12. */
@inline
function sinRest(r: v128, z: v128): v128 {
  let p = fma64(d2(2.7182372644163529e-6), z, d2(-0.00019839327131224486))
  p = fma64(p, z, d2(0.008333329362236575))
  p = fma64(p, z, d2(-0.1666666664142564))
  return fma64(f64x2.mul(r, z), p, r)
}

/** cos r for |r| <= pi/4, error 1e-13. */
@inline
function cosRest(z: v128): v128 {
  let p = fma64(d2(-2.7209548772696641e-7), z, d2(0.000024799511776812758))
  p = fma64(p, z, d2(-0.0013888883722674163))
  p = fma64(p, z, d2(0.04166666662247763))
  return fma64(f64x2.mul(z, z), p, fnma64(z, d2(0.5), d2(1)))
}

@inline
function oddLanes(quadrant: v128): v128 {
  return i64x2.ne(v128.and(quadrant, i64x2.splat(1)), i64x2.splat(0))
}

@inline
function signOf(quadrant: v128): v128 {
  return i64x2.shl(v128.and(quadrant, i64x2.splat(2)), 62)
}

/** sin x for |x| < 2^20 pi/2. */
@inline
export function sin64(x: v128): v128 {
  const quadrant = quadrantOf(x)
  const r = angleRest(x, quadrant)
  const z = f64x2.mul(r, r)
  return v128.xor(pick64(oddLanes(quadrant), cosRest(z), sinRest(r, z)), signOf(quadrant))
}

/** cos x for |x| < 2^20 pi/2. */
@inline
export function cos64(x: v128): v128 {
  const quadrant = quadrantOf(x)
  const r = angleRest(x, quadrant)
  const z = f64x2.mul(r, r)
  const sign = signOf(i64x2.add(quadrant, i64x2.splat(1)))
  return v128.xor(pick64(oddLanes(quadrant), sinRest(r, z), cosRest(z)), sign)
}

/** tan x for |x| < 2^20 pi/2. */
@inline
export function tan64(x: v128): v128 {
  const quadrant = quadrantOf(x)
  const r = angleRest(x, quadrant)
  const z = f64x2.mul(r, r)
  const odd = oddLanes(quadrant)
  const s = sinRest(r, z)
  const c = cosRest(z)
  return f64x2.div(pick64(odd, f64x2.neg(c), s), pick64(odd, s, c))
}

/** Words of 32 bits of 2/pi after the point; word 0 is the zeros before it. */
function twoOverPi(word: i32): u64 {
  if (word <= 0) return 0
  if (word == 1) return 0xa2f9836e
  if (word == 2) return 0x4e441529
  if (word == 3) return 0xfc2757d1
  if (word == 4) return 0xf534ddc0
  if (word == 5) return 0xdb629599
  if (word == 6) return 0x3c439041
  if (word == 7) return 0xfe5163ab
  return 0xdebbc561
}

export const FOR_SIN: i32 = 0
export const FOR_COS: i32 = 1
export const FOR_TAN: i32 = 2

/**
 * An angle in (-pi, pi] with the same sine, cosine or tangent as a finite |x| >= 2^20: x 2/pi mod 4 from the bits of
 * 2/pi that matter for its exponent, to 2^-62.
 */
export function smallAngle(x: f32, purpose: i32): f64 {
  const bits = reinterpret<u32>(x)
  const first = <i32>((bits >> 23) & 255) - 120
  const m = <u64>((bits & 0x007fffff) | 0x00800000)
  const word = first >> 5
  const shift = <u64>(first & 31)
  const a = twoOverPi(word)
  const b = twoOverPi(word + 1)
  const c = twoOverPi(word + 2)
  const d = twoOverPi(word + 3)
  const w2 = (((a << 32) | b) << shift) >> 32
  const w1 = (((b << 32) | c) << shift) >> 32
  const w0 = (((c << 32) | d) << shift) >> 32
  const p1 = m * w1 + ((m * w0) >> 32)
  const p2 = m * w2 + (p1 >> 32)
  const turn = (p2 << 32) | (p1 & 0xffffffff)
  const quadrant = <i32>((turn + 0x2000000000000000) >> 62)
  const r = <f64>(<i64>(turn << 2)) * (1.5707963267948966 / 18446744073709551616.0)
  const angle =
    quadrant == 0 ? r
    : quadrant == 1 ? r + 1.5707963267948966
    : quadrant == 3 ? r - 1.5707963267948966
    : purpose == FOR_COS ? 3.141592653589793 - r
    : purpose == FOR_SIN ? -r
    : r
  return reinterpret<i32>(x) < 0 ? -angle : angle
}

/** The angle of the point (x, y). */
@inline
export function atan2_64(y: v128, x: v128): v128 {
  const ay = f64x2.abs(y)
  const ax = f64x2.abs(x)
  const steep = f64x2.gt(ay, ax)
  const large = pick64(steep, ay, ax)
  const small = pick64(steep, ax, ay)
  const quotient = f64x2.div(small, large)
  const equal = pick64(f64x2.eq(large, d2(0)), d2(0), d2(1))
  const t = pick64(f64x2.eq(small, large), equal, quotient)
  const far = f64x2.gt(t, d2(0.41421356237309503))
  const u = pick64(far, f64x2.div(f64x2.sub(t, d2(1)), f64x2.add(t, d2(1))), t)
  const z = f64x2.mul(u, u)
  let p = fma64(d2(-0.037939319086021891), z, d2(0.0699219082335178))
  p = fma64(p, z, d2(-0.08997085205285072))
  p = fma64(p, z, d2(0.11104034034770634))
  p = fma64(p, z, d2(-0.1428542548915755))
  p = fma64(p, z, d2(0.19999994379270123))
  p = fma64(p, z, d2(-0.3333333329622482))
  let angle = f64x2.add(fma64(f64x2.mul(u, z), p, u), v128.and(far, d2(0.7853981633974483)))
  angle = pick64(steep, f64x2.sub(d2(1.5707963267948966), angle), angle)
  const left = i64x2.lt_s(x, i64x2.splat(0))
  angle = pick64(left, f64x2.sub(d2(3.141592653589793), angle), angle)
  const unordered = v128.or(f64x2.ne(x, x), f64x2.ne(y, y))
  return pick64(unordered, d2(NaN), copySign64(angle, y))
}

@inline
export function asin64(x: v128): v128 {
  return atan2_64(x, f64x2.sqrt(f64x2.mul(f64x2.sub(d2(1), x), f64x2.add(d2(1), x))))
}

@inline
export function acos64(x: v128): v128 {
  const half = atan2_64(f64x2.sqrt(f64x2.sub(d2(1), x)), f64x2.sqrt(f64x2.add(d2(1), x)))
  return f64x2.add(half, half)
}

/** x^y with C's rules for zeros, infinities, NaN and negative bases. */
export function pow64(x: v128, y: v128): v128 {
  const logarithm = log64(f64x2.abs(x))
  const one = f64x2.eq(logarithm, d2(0))
  const power = exp64(v128.andnot(f64x2.mul(y, logarithm), one))
  const whole = f64x2.eq(f64x2.trunc(y), y)
  const half = f64x2.mul(y, d2(0.5))
  const odd = v128.and(whole, f64x2.ne(f64x2.trunc(half), half))
  const signed = v128.or(power, v128.and(v128.and(x, odd), i64x2.splat(0x8000000000000000)))
  const undefined_ = v128.and(v128.andnot(f64x2.lt(x, d2(0)), whole), f64x2.gt(x, d2(-Infinity)))
  const value = pick64(v128.or(undefined_, f64x2.ne(y, y)), d2(NaN), signed)
  return pick64(v128.or(f64x2.eq(y, d2(0)), f64x2.eq(x, d2(1))), d2(1), value)
}
