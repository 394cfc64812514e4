import { loadUpTo4, storeUpTo4 } from '../lib/tail'
import { f4, fma } from '../lib/vector'
import { d2, highHalf, joinHalves, lowHalf } from '../lib/math64'
import { lanesSum, widen } from '../lib/rows'
import { addMoments, at, beginMoments, invstdOf, meanOf, varianceOf } from './runs'

export function f32_layer_norm(
  pX: usize, pY: usize, pGamma: usize, pBeta: usize, pMean: usize, pInvstd: usize, M: i32, n: i32, eps: f32,
): void {
  for (let i = 0; i < M; i++) {
    beginMoments()
    addMoments(pX, n)
    const mean = <f32>meanOf()
    const invstd = invstdOf(varianceOf(), eps)
    store<f32>(at(pMean, i), mean)
    store<f32>(at(pInvstd, i), invstd)
    normaliseRow(pX, pY, pGamma, pBeta, n, mean, invstd)
    pX = at(pX, n)
    pY = at(pY, n)
  }
}

function normaliseRow(pX: usize, pY: usize, pGamma: usize, pBeta: usize, n: i32, mean: f32, invstd: f32): void {
  const m = f4(mean)
  const s = f4(invstd)
  let gamma = f4(1)
  let beta = f4(0)
  for (let j = 0; j < n; j += 4) {
    if (pGamma) gamma = loadUpTo4(at(pGamma, j), n - j)
    if (pBeta) beta = loadUpTo4(at(pBeta, j), n - j)
    const x = f32x4.mul(f32x4.sub(loadUpTo4(at(pX, j), n - j), m), s)
    storeUpTo4(at(pY, j), fma(x, gamma, beta), n - j)
  }
}

/** Sums over the rows of dy and of dy (x - mean) invstd for sixteen neighbouring columns. */
function parameters16(
  x: usize, dy: usize, pMean: usize, pInvstd: usize, pDgamma: usize, pDbeta: usize, M: i32, step: usize,
): void {
  let s0 = d2(0), s1 = s0, s2 = s0, s3 = s0, s4 = s0, s5 = s0, s6 = s0, s7 = s0
  let t0 = s0, t1 = s0, t2 = s0, t3 = s0, t4 = s0, t5 = s0, t6 = s0, t7 = s0
  for (let i = 0; i < M; ) {
    let a0 = f4(0), a1 = a0, a2 = a0, a3 = a0, b0 = a0, b1 = a0, b2 = a0, b3 = a0
    for (const end = min(M, i + 32); i < end; i++, x += step, dy += step) {
      const m = v128.load32_splat(at(pMean, i))
      const s = v128.load32_splat(at(pInvstd, i))
      let g = v128.load(dy)
      a0 = f32x4.add(a0, g)
      b0 = fma(g, f32x4.mul(f32x4.sub(v128.load(x), m), s), b0)
      g = v128.load(dy, 16)
      a1 = f32x4.add(a1, g)
      b1 = fma(g, f32x4.mul(f32x4.sub(v128.load(x, 16), m), s), b1)
      g = v128.load(dy, 32)
      a2 = f32x4.add(a2, g)
      b2 = fma(g, f32x4.mul(f32x4.sub(v128.load(x, 32), m), s), b2)
      g = v128.load(dy, 48)
      a3 = f32x4.add(a3, g)
      b3 = fma(g, f32x4.mul(f32x4.sub(v128.load(x, 48), m), s), b3)
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

/** The same for one to four columns. */
function parameters4(
  x: usize, dy: usize, pMean: usize, pInvstd: usize, pDgamma: usize, pDbeta: usize, M: i32, step: usize, lanes: i32,
): void {
  let s0 = d2(0), s1 = s0, t0 = s0, t1 = s0
  for (let i = 0; i < M; ) {
    let a = f4(0)
    let b = f4(0)
    for (const end = min(M, i + 32); i < end; i++, x += step, dy += step) {
      const g = loadUpTo4(dy, lanes)
      const centred = f32x4.sub(loadUpTo4(x, lanes), v128.load32_splat(at(pMean, i)))
      a = f32x4.add(a, g)
      b = fma(g, f32x4.mul(centred, v128.load32_splat(at(pInvstd, i))), b)
    }
    s0 = f64x2.add(s0, lowHalf(a))
    s1 = f64x2.add(s1, highHalf(a))
    t0 = f64x2.add(t0, lowHalf(b))
    t1 = f64x2.add(t1, highHalf(b))
  }
  storeUpTo4(pDbeta, joinHalves(s0, s1), lanes)
  storeUpTo4(pDgamma, joinHalves(t0, t1), lanes)
}

function parameterGradients(
  pX: usize, pDy: usize, pMean: usize, pInvstd: usize, pDgamma: usize, pDbeta: usize, M: i32, n: i32,
): void {
  const step = <usize>n << 2
  let j = 0
  for (; j + 16 <= n; j += 16) {
    parameters16(at(pX, j), at(pDy, j), pMean, pInvstd, at(pDgamma, j), at(pDbeta, j), M, step)
  }
  for (; j < n; j += 4) {
    parameters4(at(pX, j), at(pDy, j), pMean, pInvstd, at(pDgamma, j), at(pDbeta, j), M, step, n - j)
  }
}

/** dx = invstd (g - mean g - x^ mean (g x^)), g = dy gamma. */
function gradientRow(pX: usize, pDy: usize, pGamma: usize, pDx: usize, n: i32, mean: f32, invstd: f32): void {
  const m = f4(mean)
  const s = f4(invstd)
  let gamma = f4(1)
  let sumG = d2(0)
  let sumGx = d2(0)
  for (let j = 0; j < n; ) {
    let a = f4(0)
    let b = f4(0)
    for (const end = min(n, j + 128); j < end; j += 4) {
      if (pGamma) gamma = loadUpTo4(at(pGamma, j), n - j)
      const g = f32x4.mul(loadUpTo4(at(pDy, j), n - j), gamma)
      a = f32x4.add(a, g)
      b = fma(g, f32x4.mul(f32x4.sub(loadUpTo4(at(pX, j), n - j), m), s), b)
    }
    sumG = widen(sumG, a)
    sumGx = widen(sumGx, b)
  }
  const meanG = f4(<f32>(lanesSum(sumG) / <f64>n))
  const meanGx = f4(<f32>(lanesSum(sumGx) / <f64>n))
  for (let j = 0; j < n; j += 4) {
    if (pGamma) gamma = loadUpTo4(at(pGamma, j), n - j)
    const g = f32x4.mul(loadUpTo4(at(pDy, j), n - j), gamma)
    const x = f32x4.mul(f32x4.sub(loadUpTo4(at(pX, j), n - j), m), s)
    storeUpTo4(at(pDx, j), f32x4.mul(s, f32x4.sub(f32x4.sub(g, meanG), f32x4.mul(x, meanGx))), n - j)
  }
}

export function f32_layer_norm_grad(
  pX: usize, pDy: usize, pGamma: usize, pMean: usize, pInvstd: usize, pDx: usize, pDgamma: usize, pDbeta: usize,
  M: i32, n: i32,
): void {
  if (pDgamma) parameterGradients(pX, pDy, pMean, pInvstd, pDgamma, pDbeta, M, n)
  if (!pDx) return
  for (let i = 0; i < M; i++) {
    const row = i * n
    gradientRow(at(pX, row), at(pDy, row), pGamma, at(pDx, row), n, load<f32>(at(pMean, i)), load<f32>(at(pInvstd, i)))
  }
}
