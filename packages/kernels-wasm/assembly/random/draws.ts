// MT19937 as PyTorch's CPU generator draws from it. The contracts are src/groups/random.ts and uniform.ts.
// State: 624 words, then the number of words already used (624 when all are).

@inline
function word(p: usize, i: i32): usize {
  return p + (<usize>i << 2)
}

@inline
function twist(p: usize, i: i32, next: i32, far: i32): void {
  const y = (load<u32>(word(p, i)) & 0x80000000) | (load<u32>(word(p, next)) & 0x7fffffff)
  store<u32>(word(p, i), load<u32>(word(p, far)) ^ (y >> 1) ^ (y & 1 ? 0x9908b0df : 0))
}

/** Four neighbouring words at once; those they depend on lie at least four away. */
@inline
function twist4(p: usize, i: i32, far: i32): void {
  const high = v128.and(v128.load(word(p, i)), i32x4.splat(0x80000000))
  const y = v128.or(high, v128.and(v128.load(word(p, i + 1)), i32x4.splat(0x7fffffff)))
  const odd = i32x4.neg(v128.and(y, i32x4.splat(1)))
  const mixed = v128.xor(i32x4.shr_u(y, 1), v128.and(odd, i32x4.splat(0x9908b0df)))
  v128.store(word(p, i), v128.xor(v128.load(word(p, far)), mixed))
}

function refill(p: usize): void {
  let i = 0
  for (; i + 4 <= 227; i += 4) twist4(p, i, i + 397)
  for (; i < 227; i++) twist(p, i, i + 1, i + 397)
  for (; i + 4 <= 623; i += 4) twist4(p, i, i - 227)
  for (; i < 623; i++) twist(p, i, i + 1, i - 227)
  twist(p, 623, 0, 396)
  store<i32>(word(p, 624), 0)
}

@inline
function temper(y: u32): u32 {
  y ^= y >> 11
  y ^= (y << 7) & 0x9d2c5680
  y ^= (y << 15) & 0xefc60000
  return y ^ (y >> 18)
}

@inline
function temper4(y: v128): v128 {
  y = v128.xor(y, i32x4.shr_u(y, 11))
  y = v128.xor(y, v128.and(i32x4.shl(y, 7), i32x4.splat(0x9d2c5680)))
  y = v128.xor(y, v128.and(i32x4.shl(y, 15), i32x4.splat(0xefc60000)))
  return v128.xor(y, i32x4.shr_u(y, 18))
}

function next(p: usize): u32 {
  if (load<i32>(word(p, 624)) >= 624) refill(p)
  const i = load<i32>(word(p, 624))
  store<i32>(word(p, 624), i + 1)
  return temper(load<u32>(word(p, i)))
}

export function mt_seed(pState: usize, seed: i32): void {
  let x = <u32>seed
  store<u32>(pState, x)
  for (let i = 1; i < 624; i++) {
    x = 1812433253 * (x ^ (x >> 30)) + i
    store<u32>(word(pState, i), x)
  }
  store<i32>(word(pState, 624), 624)
}

/** How many draws can be taken four at a time from the words at hand. */
@inline
function ready(pState: usize, n: i32): i32 {
  if (load<i32>(word(pState, 624)) >= 624) refill(pState)
  return min(n, 624 - load<i32>(word(pState, 624))) & ~3
}

const RAW: i32 = 0
const UNIFORM: i32 = 1

/** Two of four words as numbers in [0, 1), scaled in f64. */
@inline
function scaled(r: v128, range: v128, low: v128): v128 {
  const u = f64x2.mul(f64x2.convert_low_i32x4_u(r), f64x2.splat(5.9604644775390625e-8))
  return f32x4.demote_f64x2_zero(f64x2.add(f64x2.mul(u, range), low))
}

/** In order, four at a time while the words at hand last. */
@inline
function fill(code: i32, pState: usize, pY: usize, n: i32, a: f32, b: f32): void {
  const range = f64x2.splat(<f64>(b - a))
  const low = f64x2.splat(<f64>a)
  while (n > 0) {
    const count = ready(pState, n)
    const used = load<i32>(word(pState, 624))
    let from = word(pState, used)
    for (const end = from + (<usize>count << 2); from != end; from += 16, pY += 16) {
      const r = temper4(v128.load(from))
      if (code == RAW) v128.store(pY, r)
      else {
        const m = v128.and(r, i32x4.splat(0xffffff))
        v128.store(pY, v128.shuffle<i64>(scaled(m, range, low), scaled(v128.shuffle<i64>(m, m, 1, 0), range, low), 0, 2))
      }
    }
    store<i32>(word(pState, 624), used + count)
    n -= count
    if (count == 0) {
      if (code == RAW) store<u32>(pY, next(pState))
      else store<f32>(pY, <f32>(next24(pState) * <f64>(b - a) + <f64>a))
      pY += 4
      n--
    }
  }
}

export function mt_raw(pState: usize, pY: usize, n: i32): void {
  fill(RAW, pState, pY, n, 0, 1)
}

export function f32_uniform(pState: usize, pY: usize, n: i32, a: f32, b: f32): void {
  fill(UNIFORM, pState, pY, n, a, b)
}

/** A number in [0, 1) from one draw. */
@inline
function next24(pState: usize): f64 {
  return <f64>(next(pState) & 0xffffff) * 5.9604644775390625e-8
}

/** A number of 53 bits from two draws. */
@inline
function next53(pState: usize): i64 {
  const high = <u64>next(pState) << 32
  return <i64>((high | <u64>next(pState)) & 0x1fffffffffffff)
}

export function f64_uniform53(pState: usize, pY: usize, n: i32): void {
  for (let i = 0; i < n; i++, pY += 8) store<f64>(pY, <f64>next53(pState) * 1.1102230246251565e-16)
}

/** Numbers of 53 bits below this are below p once scaled: the comparison can stay in integers. */
@inline
function thresholdOf(p: f64): i64 {
  return <i64>ceil(min(max(p, 0), 1) * 9007199254740992.0)
}

/** Masks of two lanes of 64 bits: is the number made of each two words below the threshold? */
@inline
function below(p: usize, threshold: v128): v128 {
  const r = temper4(v128.load(p))
  const number = v128.and(v128.shuffle<i32>(r, r, 1, 0, 3, 2), i64x2.splat(0x1fffffffffffff))
  return i64x2.lt_s(number, threshold)
}

@inline
function bernoulli(bytes: bool, pState: usize, pY: usize, n: i32, p: f64, scale: f32): void {
  const threshold = thresholdOf(p)
  const limit = i64x2.splat(threshold)
  while (n > 0) {
    const words = ready(pState, min(n, 312) * 2) & ~7
    const used = load<i32>(word(pState, 624))
    let from = word(pState, used)
    for (const end = from + (<usize>words << 2); from != end; from += 32) {
      const mask = v128.shuffle<i32>(below(from, limit), below(from + 16, limit), 0, 2, 4, 6)
      if (bytes) {
        const flags = v128.and(mask, i32x4.splat(1))
        v128.store32_lane(pY, i8x16.narrow_i16x8_u(i16x8.narrow_i32x4_u(flags, flags), flags), 0)
        pY += 4
      } else {
        v128.store(pY, v128.and(mask, f32x4.splat(scale)))
        pY += 16
      }
    }
    store<i32>(word(pState, 624), used + words)
    n -= words >> 1
    if (words == 0) {
      const hit = next53(pState) < threshold
      if (bytes) store<u8>(pY++, u8(hit))
      else {
        store<f32>(pY, hit ? scale : 0)
        pY += 4
      }
      n--
    }
  }
}

export function u8_bernoulli(pState: usize, pY: usize, n: i32, p: f64): void {
  bernoulli(true, pState, pY, n, p, 1)
}

export function f32_bernoulli(pState: usize, pY: usize, n: i32, p: f64, scale: f32): void {
  bernoulli(false, pState, pY, n, p, scale)
}

/** Each y_i is 1 with its own probability; one draw of 24 bits each, as PyTorch does for a tensor of probabilities. */
export function f32_bernoulli_from(pState: usize, pP: usize, pY: usize, n: i32): void {
  for (let i = 0; i < n; i++) store<f32>(word(pY, i), next24(pState) < <f64>load<f32>(word(pP, i)) ? 1 : 0)
}
