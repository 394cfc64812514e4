import { loadUpTo4 } from '../lib/tail'
import { channelMoments, channelSums, f32_batch_norm_apply_nhwc, gradientStrip } from './batch'
import {
  addGradient, addMoments, applyRun, at, beginGradient, beginMoments, gradientRun, invstdOf, meanOf, totalDy, totalDyX,
  valueOr, varianceOf,
} from './runs'

export function f32_group_norm_nchw(
  pX: usize, pY: usize, pGamma: usize, pBeta: usize, pMean: usize, pInvstd: usize, N: i32, C: i32, S: i32, G: i32,
  eps: f32,
): void {
  const perGroup = C / G
  for (let i = 0; i < N * G; i++) {
    beginMoments()
    addMoments(at(pX, i * perGroup * S), perGroup * S)
    const mean = <f32>meanOf()
    const invstd = invstdOf(varianceOf(), eps)
    store<f32>(at(pMean, i), mean)
    store<f32>(at(pInvstd, i), invstd)
    for (let k = 0; k < perGroup; k++) {
      const c = (i % G) * perGroup + k
      const run = (i * perGroup + k) * S
      applyRun(at(pX, run), at(pY, run), S, mean, invstd * valueOr(pGamma, c, 1), valueOr(pBeta, c, 0))
    }
  }
}

/** Mean and variance of a group from those of its channels, each over the same number of values. */
function mergeMoments(pMean: usize, pVar: usize, pRest: usize, perGroup: i32): void {
  let sum: f64 = 0
  for (let k = 0; k < perGroup; k++) sum += channelMean(pMean, pRest, k)
  groupMean = sum / <f64>perGroup
  let spread: f64 = 0
  for (let k = 0; k < perGroup; k++) {
    const d = channelMean(pMean, pRest, k) - groupMean
    spread += <f64>load<f32>(at(pVar, k)) + d * d
  }
  groupVariance = spread / <f64>perGroup
}

@inline
function channelMean(pMean: usize, pRest: usize, k: i32): f64 {
  return <f64>load<f32>(at(pMean, k)) + <f64>load<f32>(at(pRest, k))
}

let groupMean: f64 = 0
let groupVariance: f64 = 0

/** One value in each of n places. */
function spreadOver(p: usize, n: i32, value: f32): void {
  for (let k = 0; k < n; k++) store<f32>(at(p, k), value)
}

export function f32_group_norm_nhwc(
  pX: usize, pY: usize, pGamma: usize, pBeta: usize, pMean: usize, pInvstd: usize, N: i32, C: i32, S: i32, G: i32,
  eps: f32, pScratch: usize,
): void {
  const perGroup = C / G
  const pMeans = pScratch
  const pVars = at(pScratch, C)
  const pRests = at(pScratch, 2 * C)
  for (let n = 0; n < N; n++) {
    channelMoments(pX, pMeans, pVars, pRests, S, C)
    for (let g = 0; g < G; g++) {
      const first = g * perGroup
      mergeMoments(at(pMeans, first), at(pVars, first), at(pRests, first), perGroup)
      const mean = <f32>groupMean
      const invstd = invstdOf(groupVariance, eps)
      store<f32>(pMean, mean)
      store<f32>(pInvstd, invstd)
      spreadOver(at(pMeans, first), perGroup, mean)
      spreadOver(at(pVars, first), perGroup, invstd)
      pMean += 4
      pInvstd += 4
    }
    f32_batch_norm_apply_nhwc(pX, pY, pGamma, pBeta, pMeans, pVars, S, C)
    pX = at(pX, S * C)
    pY = at(pY, S * C)
  }
}

function clear(p: usize, n: i32): void {
  memory.fill(p, 0, <usize>n << 2)
}

@inline
function accumulate(p: usize, value: f64): void {
  store<f32>(p, load<f32>(p) + <f32>value)
}

// With g = gamma dy: dx = invstd (g - mean g - x^ mean (g x^)), the means over the group.

export function f32_group_norm_grad_nchw(
  pX: usize, pDy: usize, pGamma: usize, pMean: usize, pInvstd: usize, pDx: usize, pDgamma: usize, pDbeta: usize,
  N: i32, C: i32, S: i32, G: i32,
): void {
  const perGroup = C / G
  clear(pDgamma, C)
  clear(pDbeta, C)
  for (let i = 0; i < N * G; i++) {
    const mean = load<f32>(at(pMean, i))
    const invstd = load<f32>(at(pInvstd, i))
    const firstChannel = (i % G) * perGroup
    let sumG: f64 = 0
    let sumGx: f64 = 0
    for (let k = 0; k < perGroup; k++) {
      const c = firstChannel + k
      const run = (i * perGroup + k) * S
      beginGradient()
      addGradient(at(pX, run), at(pDy, run), S, mean)
      const dyX = totalDyX() * <f64>invstd
      accumulate(at(pDbeta, c), totalDy())
      accumulate(at(pDgamma, c), dyX)
      const gamma = <f64>valueOr(pGamma, c, 1)
      sumG += gamma * totalDy()
      sumGx += gamma * dyX
    }
    if (!pDx) continue
    const part = 1 / (<f64>perGroup * <f64>S)
    const b = invstd * <f32>(sumG * part)
    const k2 = invstd * invstd * <f32>(sumGx * part)
    for (let k = 0; k < perGroup; k++) {
      const run = (i * perGroup + k) * S
      const a = invstd * valueOr(pGamma, firstChannel + k, 1)
      gradientRun(at(pX, run), at(pDy, run), at(pDx, run), S, mean, a, b, k2)
    }
  }
}

export function f32_group_norm_grad_nhwc(
  pX: usize, pDy: usize, pGamma: usize, pMean: usize, pInvstd: usize, pDx: usize, pDgamma: usize, pDbeta: usize,
  N: i32, C: i32, S: i32, G: i32, pScratch: usize,
): void {
  const perGroup = C / G
  const part = 1 / (<f64>perGroup * <f64>S)
  const step = <usize>C << 2
  const pMeans = pScratch
  const pScale = at(pScratch, C)
  const pB = at(pScratch, 2 * C)
  const pK = at(pScratch, 3 * C)
  clear(pDgamma, C)
  clear(pDbeta, C)
  for (let n = 0; n < N; n++) {
    for (let g = 0; g < G; g++) spreadOver(at(pMeans, g * perGroup), perGroup, load<f32>(at(pMean, n * G + g)))
    channelSums(pX, pDy, pMeans, pK, pB, S, C)
    for (let g = 0; g < G; g++) {
      const invstd = load<f32>(at(pInvstd, n * G + g))
      const first = g * perGroup
      let sumG: f64 = 0
      let sumGx: f64 = 0
      for (let c = first; c < first + perGroup; c++) {
        const sum = <f64>load<f32>(at(pB, c))
        const dyX = <f64>load<f32>(at(pK, c)) * <f64>invstd
        accumulate(at(pDbeta, c), sum)
        accumulate(at(pDgamma, c), dyX)
        const gamma = valueOr(pGamma, c, 1)
        sumG += <f64>gamma * sum
        sumGx += <f64>gamma * dyX
        store<f32>(at(pScale, c), invstd * gamma)
      }
      spreadOver(at(pB, first), perGroup, invstd * <f32>(sumG * part))
      spreadOver(at(pK, first), perGroup, invstd * invstd * <f32>(sumGx * part))
    }
    if (pDx) {
      for (let c = 0; c < C; c += 4) {
        const lanes = C - c
        gradientStrip(
          at(pX, c), at(pDy, c), at(pDx, c), step, S, lanes, loadUpTo4(at(pMeans, c), lanes),
          loadUpTo4(at(pScale, c), lanes), loadUpTo4(at(pB, c), lanes), loadUpTo4(at(pK, c), lanes),
        )
      }
      pDx = at(pDx, S * C)
    }
    pX = at(pX, S * C)
    pDy = at(pDy, S * C)
  }
}
