import { loadUpTo4, storeUpTo4 } from '../lib/tail'
import { f4, fma } from '../lib/math'
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

/** Columns of dy and dy (x - mean) invstd summed over the rows, four at a time. */
function parameterGradients(
  pX: usize, pDy: usize, pMean: usize, pInvstd: usize, pDgamma: usize, pDbeta: usize, M: i32, n: i32,
): void {
  const step = <usize>n << 2
  for (let j = 0; j < n; j += 4) {
    const lanes = n - j
    let x = at(pX, j)
    let dy = at(pDy, j)
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
    storeUpTo4(at(pDbeta, j), joinHalves(s0, s1), lanes)
    storeUpTo4(at(pDgamma, j), joinHalves(t0, t1), lanes)
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
