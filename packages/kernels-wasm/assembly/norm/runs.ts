import { loadUpTo4, storeUpTo4 } from '../lib/tail'
import { f4, fma } from '../lib/vector'
import { d2, highHalf, joinHalves, lowHalf } from '../lib/math64'
import { firstLanes, lanesSum, widen } from '../lib/rows'

// Statistics of contiguous runs. A chunk's own mean is taken out before squaring, in f32; what the chunks add up to is
// kept in f64. So a large mean costs no digits, and the data is read from memory once.
const CHUNK: i32 = 512

let count: i32 = 0
let sum: f64 = 0
let squares: f64 = 0

export function beginMoments(): void {
  count = 0
  sum = 0
  squares = 0
}

@inline
function chunkSum(p: usize, n: i32): f64 {
  let a0 = f4(0), a1 = a0, a2 = a0, a3 = a0
  for (; n >= 16; n -= 16, p += 64) {
    a0 = f32x4.add(a0, v128.load(p))
    a1 = f32x4.add(a1, v128.load(p, 16))
    a2 = f32x4.add(a2, v128.load(p, 32))
    a3 = f32x4.add(a3, v128.load(p, 48))
  }
  for (; n > 0; n -= 4, p += 16) a0 = f32x4.add(a0, loadUpTo4(p, n))
  return lanesSum(widen(d2(0), f32x4.add(f32x4.add(a0, a1), f32x4.add(a2, a3))))
}

/** Takes n more values into the moments. */
export function addMoments(p: usize, n: i32): void {
  count += n
  while (n > 0) {
    const size = min(n, CHUNK)
    const shift = <f32>(chunkSum(p, size) / <f64>size)
    const c = f4(shift)
    let d0 = f4(0), d1 = d0, m0 = d0, m1 = d0
    let left = size
    for (; left >= 8; left -= 8, p += 32) {
      const x0 = f32x4.sub(v128.load(p), c)
      const x1 = f32x4.sub(v128.load(p, 16), c)
      d0 = f32x4.add(d0, x0)
      d1 = f32x4.add(d1, x1)
      m0 = fma(x0, x0, m0)
      m1 = fma(x1, x1, m1)
    }
    for (; left > 0; left -= 4, p += 16) {
      let x = f32x4.sub(loadUpTo4(p, left), c)
      if (left < 4) x = v128.and(x, firstLanes(left))
      d0 = f32x4.add(d0, x)
      m0 = fma(x, x, m0)
    }
    if (left < 0) p += <usize>left << 2
    addChunk(<f64>size, <f64>shift, lanesSum(widen(d2(0), f32x4.add(d0, d1))), lanesSum(widen(d2(0), f32x4.add(m0, m1))))
    n -= size
  }
}

/** sum x and sum x^2 of `size` values from d = sum (x - c) and m = sum (x - c)^2. */
@inline
function addChunk(size: f64, c: f64, d: f64, m: f64): void {
  sum += size * c + d
  squares += m + c * (2 * d + size * c)
}

export function meanOf(): f64 {
  return sum / <f64>count
}

/** The biased variance. */
export function varianceOf(): f64 {
  const mean = meanOf()
  const variance = squares / <f64>count - mean * mean
  return variance < 0 ? 0 : variance
}

/**
 * The same for up to four columns at once, `step` bytes from row to row; writes mean and biased variance, and to pRest,
 * when not 0, what rounding the mean left over.
 */
export function columnMoments(
  p: usize, step: usize, n: i32, lanes: i32, pMean: usize, pVar: usize, pRest: usize,
): void {
  let sumLow = d2(0), sumHigh = sumLow, squaresLow = sumLow, squaresHigh = sumLow
  for (let left = n; left > 0; ) {
    const size = min(left, 32)
    const chunk = p
    let a = f4(0)
    for (let i = 0; i < size; i++, p += step) a = f32x4.add(a, loadUpTo4(p, lanes))
    const c = f32x4.mul(a, f4(1 / <f32>size))
    let d = f4(0)
    let m = f4(0)
    p = chunk
    for (let i = 0; i < size; i++, p += step) {
      const x = f32x4.sub(loadUpTo4(p, lanes), c)
      d = f32x4.add(d, x)
      m = fma(x, x, m)
    }
    sumLow = chunkedSum(sumLow, lowHalf(c), lowHalf(d), size)
    sumHigh = chunkedSum(sumHigh, highHalf(c), highHalf(d), size)
    squaresLow = chunkedSquares(squaresLow, lowHalf(c), lowHalf(d), lowHalf(m), size)
    squaresHigh = chunkedSquares(squaresHigh, highHalf(c), highHalf(d), highHalf(m), size)
    left -= size
  }
  storeMoments(sumLow, sumHigh, squaresLow, squaresHigh, n, lanes, pMean, pVar, pRest)
}

@inline
export function chunkedSum(total: v128, c: v128, d: v128, size: i32): v128 {
  return f64x2.add(total, f64x2.add(f64x2.mul(c, d2(size)), d))
}

@inline
export function chunkedSquares(total: v128, c: v128, d: v128, m: v128, size: i32): v128 {
  const cross = f64x2.add(f64x2.add(d, d), f64x2.mul(c, d2(size)))
  return f64x2.add(total, f64x2.add(m, f64x2.mul(c, cross)))
}

@inline
export function storeMoments(
  sumLow: v128, sumHigh: v128, squaresLow: v128, squaresHigh: v128, n: i32, lanes: i32, pMean: usize, pVar: usize,
  pRest: usize,
): void {
  const part = d2(1 / <f64>n)
  const meanLow = f64x2.mul(sumLow, part)
  const meanHigh = f64x2.mul(sumHigh, part)
  const varLow = f64x2.pmax(f64x2.sub(f64x2.mul(squaresLow, part), f64x2.mul(meanLow, meanLow)), d2(0))
  const varHigh = f64x2.pmax(f64x2.sub(f64x2.mul(squaresHigh, part), f64x2.mul(meanHigh, meanHigh)), d2(0))
  const mean = joinHalves(meanLow, meanHigh)
  storeUpTo4(pMean, mean, lanes)
  storeUpTo4(pVar, joinHalves(varLow, varHigh), lanes)
  if (!pRest) return
  const rest = joinHalves(f64x2.sub(meanLow, lowHalf(mean)), f64x2.sub(meanHigh, highHalf(mean)))
  storeUpTo4(pRest, rest, lanes)
}

/** y = (x - mean) scale + shift along a run. */
export function applyRun(pX: usize, pY: usize, n: i32, mean: f32, scale: f32, shift: f32): void {
  const m = f4(mean)
  const a = f4(scale)
  const b = f4(shift)
  for (; n >= 16; n -= 16, pX += 64, pY += 64) {
    v128.store(pY, fma(f32x4.sub(v128.load(pX), m), a, b))
    v128.store(pY, fma(f32x4.sub(v128.load(pX, 16), m), a, b), 16)
    v128.store(pY, fma(f32x4.sub(v128.load(pX, 32), m), a, b), 32)
    v128.store(pY, fma(f32x4.sub(v128.load(pX, 48), m), a, b), 48)
  }
  for (; n > 0; n -= 4, pX += 16, pY += 16) storeUpTo4(pY, fma(f32x4.sub(loadUpTo4(pX, n), m), a, b), n)
}

let sumDy: f64 = 0
let sumDyX: f64 = 0

export function beginGradient(): void {
  sumDy = 0
  sumDyX = 0
}

export function totalDy(): f64 {
  return sumDy
}

/** Sum of dy (x - mean). */
export function totalDyX(): f64 {
  return sumDyX
}

/** Takes n more values into the sums. */
export function addGradient(pX: usize, pDy: usize, n: i32, mean: f32): void {
  const m = f4(mean)
  let t = d2(0)
  let u = d2(0)
  while (n > 0) {
    let a0 = f4(0), a1 = a0, b0 = a0, b1 = a0
    let left = min(n, CHUNK)
    n -= left
    for (; left >= 8; left -= 8, pX += 32, pDy += 32) {
      const g0 = v128.load(pDy)
      const g1 = v128.load(pDy, 16)
      a0 = f32x4.add(a0, g0)
      a1 = f32x4.add(a1, g1)
      b0 = fma(g0, f32x4.sub(v128.load(pX), m), b0)
      b1 = fma(g1, f32x4.sub(v128.load(pX, 16), m), b1)
    }
    for (; left > 0; left -= 4, pX += 16, pDy += 16) {
      // Lanes beyond the end have dy = 0.
      const g = loadUpTo4(pDy, left)
      a0 = f32x4.add(a0, g)
      b0 = fma(g, f32x4.sub(loadUpTo4(pX, left), m), b0)
    }
    t = widen(t, f32x4.add(a0, a1))
    u = widen(u, f32x4.add(b0, b1))
  }
  sumDy += lanesSum(t)
  sumDyX += lanesSum(u)
}

/** dx = a dy - b - (x - mean) c along a run. */
export function gradientRun(pX: usize, pDy: usize, pDx: usize, n: i32, mean: f32, a: f32, b: f32, c: f32): void {
  const m = f4(mean)
  const va = f4(a)
  const vb = f4(b)
  const vc = f4(c)
  for (; n > 0; n -= 4, pX += 16, pDy += 16, pDx += 16) {
    const x = f32x4.sub(loadUpTo4(pX, n), m)
    storeUpTo4(pDx, f32x4.sub(f32x4.sub(f32x4.mul(va, loadUpTo4(pDy, n)), vb), f32x4.mul(x, vc)), n)
  }
}

@inline
export function at(p: usize, i: i32): usize {
  return p + (<usize>i << 2)
}

/** The value at index i, or `otherwise` where the pointer is 0. */
@inline
export function valueOr(p: usize, i: i32, otherwise: f32): f32 {
  return p ? load<f32>(at(p, i)) : otherwise
}

@inline
export function invstdOf(variance: f64, eps: f32): f32 {
  return <f32>(1 / sqrt(variance + <f64>eps))
}
