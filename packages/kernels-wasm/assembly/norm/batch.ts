import { loadUpTo4, storeUpTo4 } from '../lib/tail'
import { f4, fma } from '../lib/vector'
import { d2, highHalf, joinHalves, lowHalf } from '../lib/math64'
import {
  addGradient, addMoments, applyRun, at, beginGradient, beginMoments, chunkedSquares, chunkedSum, columnMoments,
  gradientRun, invstdOf, meanOf, storeMoments, totalDy, totalDyX, valueOr, varianceOf,
} from './runs'

/** pInvstd[i] = 1 / sqrt(pVar[i] + eps) */
export function f32_invstd(pVar: usize, pInvstd: usize, n: i32, eps: f32): void {
  for (let i = 0; i < n; i++) store<f32>(at(pInvstd, i), invstdOf(load<f32>(at(pVar, i)), eps))
}

/** Moments of sixteen neighbouring channels: a whole cache line of each row at a time. */
function moments16(pX: usize, step: usize, M: i32, pMean: usize, pVar: usize, pRest: usize): void {
  let s0 = d2(0), s1 = s0, s2 = s0, s3 = s0, s4 = s0, s5 = s0, s6 = s0, s7 = s0
  let q0 = s0, q1 = s0, q2 = s0, q3 = s0, q4 = s0, q5 = s0, q6 = s0, q7 = s0
  for (let left = M; left > 0; ) {
    const size = min(left, 32)
    const chunk = pX
    let c0 = f4(0), c1 = c0, c2 = c0, c3 = c0
    for (let i = 0; i < size; i++, pX += step) {
      c0 = f32x4.add(c0, v128.load(pX))
      c1 = f32x4.add(c1, v128.load(pX, 16))
      c2 = f32x4.add(c2, v128.load(pX, 32))
      c3 = f32x4.add(c3, v128.load(pX, 48))
    }
    const part = f4(1 / <f32>size)
    c0 = f32x4.mul(c0, part)
    c1 = f32x4.mul(c1, part)
    c2 = f32x4.mul(c2, part)
    c3 = f32x4.mul(c3, part)
    let d0 = f4(0), d1 = d0, d2_ = d0, d3 = d0, m0 = d0, m1 = d0, m2 = d0, m3 = d0
    pX = chunk
    for (let i = 0; i < size; i++, pX += step) {
      const x0 = f32x4.sub(v128.load(pX), c0)
      const x1 = f32x4.sub(v128.load(pX, 16), c1)
      const x2 = f32x4.sub(v128.load(pX, 32), c2)
      const x3 = f32x4.sub(v128.load(pX, 48), c3)
      d0 = f32x4.add(d0, x0)
      d1 = f32x4.add(d1, x1)
      d2_ = f32x4.add(d2_, x2)
      d3 = f32x4.add(d3, x3)
      m0 = fma(x0, x0, m0)
      m1 = fma(x1, x1, m1)
      m2 = fma(x2, x2, m2)
      m3 = fma(x3, x3, m3)
    }
    s0 = chunkedSum(s0, lowHalf(c0), lowHalf(d0), size)
    s1 = chunkedSum(s1, highHalf(c0), highHalf(d0), size)
    s2 = chunkedSum(s2, lowHalf(c1), lowHalf(d1), size)
    s3 = chunkedSum(s3, highHalf(c1), highHalf(d1), size)
    s4 = chunkedSum(s4, lowHalf(c2), lowHalf(d2_), size)
    s5 = chunkedSum(s5, highHalf(c2), highHalf(d2_), size)
    s6 = chunkedSum(s6, lowHalf(c3), lowHalf(d3), size)
    s7 = chunkedSum(s7, highHalf(c3), highHalf(d3), size)
    q0 = chunkedSquares(q0, lowHalf(c0), lowHalf(d0), lowHalf(m0), size)
    q1 = chunkedSquares(q1, highHalf(c0), highHalf(d0), highHalf(m0), size)
    q2 = chunkedSquares(q2, lowHalf(c1), lowHalf(d1), lowHalf(m1), size)
    q3 = chunkedSquares(q3, highHalf(c1), highHalf(d1), highHalf(m1), size)
    q4 = chunkedSquares(q4, lowHalf(c2), lowHalf(d2_), lowHalf(m2), size)
    q5 = chunkedSquares(q5, highHalf(c2), highHalf(d2_), highHalf(m2), size)
    q6 = chunkedSquares(q6, lowHalf(c3), lowHalf(d3), lowHalf(m3), size)
    q7 = chunkedSquares(q7, highHalf(c3), highHalf(d3), highHalf(m3), size)
    left -= size
  }
  storeMoments(s0, s1, q0, q1, M, 4, pMean, pVar, pRest)
  storeMoments(s2, s3, q2, q3, M, 4, pMean + 16, pVar + 16, pRest ? pRest + 16 : 0)
  storeMoments(s4, s5, q4, q5, M, 4, pMean + 32, pVar + 32, pRest ? pRest + 32 : 0)
  storeMoments(s6, s7, q6, q7, M, 4, pMean + 48, pVar + 48, pRest ? pRest + 48 : 0)
}

/** One step of the normalisation: y = (x - mean) a + b for up to four channels of `rows` rows. */
@inline
function applyStrip(pX: usize, pY: usize, step: usize, rows: i32, lanes: i32, m: v128, a: v128, b: v128): void {
  for (let i = 0; i < rows; i++, pX += step, pY += step) {
    storeUpTo4(pY, fma(f32x4.sub(loadUpTo4(pX, lanes), m), a, b), lanes)
  }
}

@inline
function applyStrip8(
  pX: usize, pY: usize, step: usize, rows: i32, m0: v128, a0: v128, b0: v128, m1: v128, a1: v128, b1: v128,
): void {
  for (let i = 0; i < rows; i++, pX += step, pY += step) {
    const y0 = fma(f32x4.sub(v128.load(pX), m0), a0, b0)
    const y1 = fma(f32x4.sub(v128.load(pX, 16), m1), a1, b1)
    v128.store(pY, y0)
    v128.store(pY, y1, 16)
  }
}

/** The value of lanes c, c + 1 ... of an optional vector. */
@inline
function lanesOr(p: usize, c: i32, lanes: i32, otherwise: f32): v128 {
  return p ? loadUpTo4(at(p, c), lanes) : f4(otherwise)
}

@inline
function scaleOf(pGamma: usize, pInvstd: usize, c: i32, lanes: i32): v128 {
  return f32x4.mul(loadUpTo4(at(pInvstd, c), lanes), lanesOr(pGamma, c, lanes, 1))
}

/** Rows in blocks that stay in the first cache, channels in strips whose constants stay in registers. */
export function f32_batch_norm_apply_nhwc(
  pX: usize, pY: usize, pGamma: usize, pBeta: usize, pMean: usize, pInvstd: usize, M: i32, C: i32,
): void {
  const step = <usize>C << 2
  for (; M > 0; M -= 16, pX += step << 4, pY += step << 4) {
    const rows = min(M, 16)
    let c = 0
    for (; c + 8 <= C; c += 8) {
      applyStrip8(
        at(pX, c), at(pY, c), step, rows,
        v128.load(at(pMean, c)), scaleOf(pGamma, pInvstd, c, 4), lanesOr(pBeta, c, 4, 0),
        v128.load(at(pMean, c), 16), scaleOf(pGamma, pInvstd, c + 4, 4), lanesOr(pBeta, c + 4, 4, 0),
      )
    }
    for (; c < C; c += 4) {
      const lanes = C - c
      applyStrip(
        at(pX, c), at(pY, c), step, rows, lanes,
        loadUpTo4(at(pMean, c), lanes), scaleOf(pGamma, pInvstd, c, lanes), lanesOr(pBeta, c, lanes, 0),
      )
    }
  }
}

export function f32_batch_norm_apply_nchw(
  pX: usize, pY: usize, pGamma: usize, pBeta: usize, pMean: usize, pInvstd: usize, N: i32, C: i32, S: i32,
): void {
  const step = <usize>S << 2
  for (let n = 0; n < N; n++) {
    for (let c = 0; c < C; c++, pX += step, pY += step) {
      const scale = load<f32>(at(pInvstd, c)) * valueOr(pGamma, c, 1)
      applyRun(pX, pY, S, load<f32>(at(pMean, c)), scale, valueOr(pBeta, c, 0))
    }
  }
}

/** Mean and biased variance of each column of [M, C], and to pRest, when not 0, what rounding the mean left over. */
export function channelMoments(pX: usize, pMean: usize, pVar: usize, pRest: usize, M: i32, C: i32): void {
  const step = <usize>C << 2
  let c = 0
  for (; c + 16 <= C; c += 16) moments16(at(pX, c), step, M, at(pMean, c), at(pVar, c), pRest ? at(pRest, c) : 0)
  for (; c < C; c += 4) {
    columnMoments(at(pX, c), step, M, C - c, at(pMean, c), at(pVar, c), pRest ? at(pRest, c) : 0)
  }
}

export function f32_batch_norm_nhwc(
  pX: usize, pY: usize, pGamma: usize, pBeta: usize, pMean: usize, pVar: usize, pInvstd: usize, M: i32, C: i32,
  eps: f32,
): void {
  channelMoments(pX, pMean, pVar, 0, M, C)
  f32_invstd(pVar, pInvstd, C, eps)
  f32_batch_norm_apply_nhwc(pX, pY, pGamma, pBeta, pMean, pInvstd, M, C)
}

export function f32_batch_norm_nchw(
  pX: usize, pY: usize, pGamma: usize, pBeta: usize, pMean: usize, pVar: usize, pInvstd: usize, N: i32, C: i32, S: i32,
  eps: f32,
): void {
  for (let c = 0; c < C; c++) {
    beginMoments()
    for (let n = 0; n < N; n++) addMoments(at(pX, (n * C + c) * S), S)
    store<f32>(at(pMean, c), <f32>meanOf())
    store<f32>(at(pVar, c), <f32>varianceOf())
  }
  f32_invstd(pVar, pInvstd, C, eps)
  f32_batch_norm_apply_nchw(pX, pY, pGamma, pBeta, pMean, pInvstd, N, C, S)
}

/** Sums of dy and of dy (x - mean) for sixteen neighbouring channels, runs of 32 rows in f32, totals in f64. */
function sums16(
  pX: usize, pDy: usize, step: usize, M: i32, pMean: usize, pDgamma: usize, pDbeta: usize,
): void {
  const m0 = v128.load(pMean)
  const m1 = v128.load(pMean, 16)
  const m2 = v128.load(pMean, 32)
  const m3 = v128.load(pMean, 48)
  let s0 = d2(0), s1 = s0, s2 = s0, s3 = s0, s4 = s0, s5 = s0, s6 = s0, s7 = s0
  let t0 = s0, t1 = s0, t2 = s0, t3 = s0, t4 = s0, t5 = s0, t6 = s0, t7 = s0
  while (M > 0) {
    let a0 = f4(0), a1 = a0, a2 = a0, a3 = a0, b0 = a0, b1 = a0, b2 = a0, b3 = a0
    const rows = min(M, 32)
    for (let i = 0; i < rows; i++, pX += step, pDy += step) {
      let g = v128.load(pDy)
      a0 = f32x4.add(a0, g)
      b0 = fma(g, f32x4.sub(v128.load(pX), m0), b0)
      g = v128.load(pDy, 16)
      a1 = f32x4.add(a1, g)
      b1 = fma(g, f32x4.sub(v128.load(pX, 16), m1), b1)
      g = v128.load(pDy, 32)
      a2 = f32x4.add(a2, g)
      b2 = fma(g, f32x4.sub(v128.load(pX, 32), m2), b2)
      g = v128.load(pDy, 48)
      a3 = f32x4.add(a3, g)
      b3 = fma(g, f32x4.sub(v128.load(pX, 48), m3), b3)
    }
    s0 = f64x2.add(s0, lowHalf(a0))
    s1 = f64x2.add(s1, highHalf(a0))
    t0 = f64x2.add(t0, lowHalf(b0))
    t1 = f64x2.add(t1, highHalf(b0))
    s2 = f64x2.add(s2, lowHalf(a1))
    s3 = f64x2.add(s3, highHalf(a1))
    t2 = f64x2.add(t2, lowHalf(b1))
    t3 = f64x2.add(t3, highHalf(b1))
    s4 = f64x2.add(s4, lowHalf(a2))
    s5 = f64x2.add(s5, highHalf(a2))
    t4 = f64x2.add(t4, lowHalf(b2))
    t5 = f64x2.add(t5, highHalf(b2))
    s6 = f64x2.add(s6, lowHalf(a3))
    s7 = f64x2.add(s7, highHalf(a3))
    t6 = f64x2.add(t6, lowHalf(b3))
    t7 = f64x2.add(t7, highHalf(b3))
    M -= rows
  }
  v128.store(pDbeta, joinHalves(s0, s1))
  v128.store(pDgamma, joinHalves(t0, t1))
  v128.store(pDbeta, joinHalves(s2, s3), 16)
  v128.store(pDgamma, joinHalves(t2, t3), 16)
  v128.store(pDbeta, joinHalves(s4, s5), 32)
  v128.store(pDgamma, joinHalves(t4, t5), 32)
  v128.store(pDbeta, joinHalves(s6, s7), 48)
  v128.store(pDgamma, joinHalves(t6, t7), 48)
}

function sums4(
  pX: usize, pDy: usize, step: usize, M: i32, lanes: i32, pMean: usize, pDgamma: usize, pDbeta: usize,
): void {
  const m = loadUpTo4(pMean, lanes)
  let s0 = d2(0), s1 = s0, t0 = s0, t1 = s0
  while (M > 0) {
    let a = f4(0)
    let b = f4(0)
    const rows = min(M, 32)
    for (let i = 0; i < rows; i++, pX += step, pDy += step) {
      const g = loadUpTo4(pDy, lanes)
      a = f32x4.add(a, g)
      b = fma(g, f32x4.sub(loadUpTo4(pX, lanes), m), b)
    }
    s0 = f64x2.add(s0, lowHalf(a))
    s1 = f64x2.add(s1, highHalf(a))
    t0 = f64x2.add(t0, lowHalf(b))
    t1 = f64x2.add(t1, highHalf(b))
    M -= rows
  }
  storeUpTo4(pDbeta, joinHalves(s0, s1), lanes)
  storeUpTo4(pDgamma, joinHalves(t0, t1), lanes)
}

/** Sums of dy (x - mean) and of dy over each column of [M, C]. */
export function channelSums(pX: usize, pDy: usize, pMean: usize, pDyX: usize, pSum: usize, M: i32, C: i32): void {
  const step = <usize>C << 2
  let c = 0
  for (; c + 16 <= C; c += 16) sums16(at(pX, c), at(pDy, c), step, M, at(pMean, c), at(pDyX, c), at(pSum, c))
  for (; c < C; c += 4) sums4(at(pX, c), at(pDy, c), step, M, C - c, at(pMean, c), at(pDyX, c), at(pSum, c))
}

/** Sums of dy (x - mean) become the gradient of gamma. */
function finishGamma(pDgamma: usize, pInvstd: usize, C: i32): void {
  for (let c = 0; c < C; c++) store<f32>(at(pDgamma, c), load<f32>(at(pDgamma, c)) * load<f32>(at(pInvstd, c)))
}

/** dx = a dy - b - (x - mean) c for up to four channels of `rows` rows. */
@inline
export function gradientStrip(
  pX: usize, pDy: usize, pDx: usize, step: usize, rows: i32, lanes: i32, m: v128, a: v128, b: v128, c: v128,
): void {
  for (let i = 0; i < rows; i++, pX += step, pDy += step, pDx += step) {
    const x = f32x4.sub(loadUpTo4(pX, lanes), m)
    const g = f32x4.sub(f32x4.mul(a, loadUpTo4(pDy, lanes)), b)
    storeUpTo4(pDx, f32x4.sub(g, f32x4.mul(x, c)), lanes)
  }
}

export function f32_batch_norm_grad_nhwc(
  pX: usize, pDy: usize, pGamma: usize, pMean: usize, pInvstd: usize, pDx: usize, pDgamma: usize, pDbeta: usize,
  M: i32, C: i32, training: i32,
): void {
  const step = <usize>C << 2
  channelSums(pX, pDy, pMean, pDgamma, pDbeta, M, C)
  finishGamma(pDgamma, pInvstd, C)
  if (!pDx) return
  const part = f4(training ? <f32>1 / <f32>M : 0)
  for (; M > 0; M -= 16, pX += step << 4, pDy += step << 4, pDx += step << 4) {
    const rows = min(M, 16)
    for (let c = 0; c < C; c += 4) {
      const lanes = C - c
      const invstd = loadUpTo4(at(pInvstd, c), lanes)
      const a = f32x4.mul(invstd, lanesOr(pGamma, c, lanes, 1))
      const b = f32x4.mul(a, f32x4.mul(loadUpTo4(at(pDbeta, c), lanes), part))
      const k = f32x4.mul(f32x4.mul(a, invstd), f32x4.mul(loadUpTo4(at(pDgamma, c), lanes), part))
      gradientStrip(
        at(pX, c), at(pDy, c), at(pDx, c), step, rows, lanes, loadUpTo4(at(pMean, c), lanes), a, b, k,
      )
    }
  }
}

export function f32_batch_norm_grad_nchw(
  pX: usize, pDy: usize, pGamma: usize, pMean: usize, pInvstd: usize, pDx: usize, pDgamma: usize, pDbeta: usize,
  N: i32, C: i32, S: i32, training: i32,
): void {
  const part = 1 / (<f64>N * <f64>S)
  for (let c = 0; c < C; c++) {
    const mean = load<f32>(at(pMean, c))
    const invstd = load<f32>(at(pInvstd, c))
    beginGradient()
    for (let n = 0; n < N; n++) addGradient(at(pX, (n * C + c) * S), at(pDy, (n * C + c) * S), S, mean)
    const dbeta = totalDy()
    const dgamma = totalDyX() * <f64>invstd
    store<f32>(at(pDbeta, c), <f32>dbeta)
    store<f32>(at(pDgamma, c), <f32>dgamma)
    if (!pDx) continue
    const a = invstd * valueOr(pGamma, c, 1)
    const b: f32 = training ? a * <f32>(dbeta * part) : 0
    const k: f32 = training ? a * invstd * <f32>(dgamma * part) : 0
    for (let n = 0; n < N; n++) {
      const i = (n * C + c) * S
      gradientRun(at(pX, i), at(pDy, i), at(pDx, i), S, mean, a, b, k)
    }
  }
}
