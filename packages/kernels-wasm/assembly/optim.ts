// Optimizer steps with the order of operations of PyTorch 1.13. The contract is src/groups/optim.ts.
import { loadUpTo4, storeUpTo4 } from './lib/tail'
import { f4, fma, fnma } from './lib/vector'

/** Gradient with weight decay: g + decay p. */
@inline
function decayed(g: v128, p: v128, decay: v128): v128 {
  return fma(decay, p, g)
}

/** old keep + x add: the moving averages. */
@inline
function blend(old: v128, keep: v128, x: v128, add: v128): v128 {
  return fma(x, add, f32x4.mul(old, keep))
}

/** old keep + add x x */
@inline
function blendSquare(old: v128, keep: v128, x: v128, add: v128): v128 {
  return fma(f32x4.mul(add, x), x, f32x4.mul(old, keep))
}

export function f32_sgd(
  pP: usize, pG: usize, pBuffer: usize, n: i32, lr: f32, momentum: f32, dampening: f32, weightDecay: f32,
  nesterov: i32, first: i32,
): void {
  const rate = f4(lr)
  const keep = f4(momentum)
  const add = f4(1 - dampening)
  const decay = f4(weightDecay)
  for (; n > 0; n -= 4, pP += 16, pG += 16) {
    const p = loadUpTo4(pP, n)
    let g = loadUpTo4(pG, n)
    if (weightDecay != 0) g = decayed(g, p, decay)
    if (momentum != 0) {
      const buffer = first ? g : blend(loadUpTo4(pBuffer, n), keep, g, add)
      storeUpTo4(pBuffer, buffer, n)
      pBuffer += 16
      g = nesterov ? fma(buffer, keep, g) : buffer
    }
    storeUpTo4(pP, fnma(rate, g, p), n)
  }
}

/** `shrink` multiplies the parameters first (AdamW's decay); `pMax` is 0 or the running maximum of AMSGrad. */
export function f32_adam(
  pP: usize, pG: usize, pM: usize, pV: usize, pMax: usize, n: i32, stepSize: f32, beta1: f32, beta2: f32, eps: f32,
  weightDecay: f32, shrink: f32, sqrtCorrection: f32, add1: f32, add2: f32,
): void {
  const step = f4(stepSize)
  const keep1 = f4(beta1)
  const keep2 = f4(beta2)
  const new1 = f4(add1)
  const new2 = f4(add2)
  const small = f4(eps)
  const decay = f4(weightDecay)
  const scale = f4(shrink)
  const root = f4(sqrtCorrection)
  for (; n > 0; n -= 4, pP += 16, pG += 16, pM += 16, pV += 16) {
    let p = loadUpTo4(pP, n)
    let g = loadUpTo4(pG, n)
    if (weightDecay != 0) g = decayed(g, p, decay)
    p = f32x4.mul(p, scale)
    const m = blend(loadUpTo4(pM, n), keep1, g, new1)
    let v = blendSquare(loadUpTo4(pV, n), keep2, g, new2)
    storeUpTo4(pM, m, n)
    storeUpTo4(pV, v, n)
    if (pMax) {
      v = f32x4.max(loadUpTo4(pMax, n), v)
      storeUpTo4(pMax, v, n)
      pMax += 16
    }
    const denominator = f32x4.add(f32x4.div(f32x4.sqrt(v), root), small)
    storeUpTo4(pP, f32x4.sub(p, f32x4.div(f32x4.mul(step, m), denominator)), n)
  }
}

/** pMean is 0 unless centred, pBuffer 0 without momentum. */
export function f32_rmsprop(
  pP: usize, pG: usize, pSquare: usize, pMean: usize, pBuffer: usize, n: i32, lr: f32, alpha: f32, eps: f32,
  weightDecay: f32, momentum: f32, add: f32,
): void {
  const rate = f4(lr)
  const keep = f4(alpha)
  const new_ = f4(add)
  const small = f4(eps)
  const decay = f4(weightDecay)
  const carry = f4(momentum)
  for (; n > 0; n -= 4, pP += 16, pG += 16, pSquare += 16) {
    const p = loadUpTo4(pP, n)
    let g = loadUpTo4(pG, n)
    if (weightDecay != 0) g = decayed(g, p, decay)
    let average = blendSquare(loadUpTo4(pSquare, n), keep, g, new_)
    storeUpTo4(pSquare, average, n)
    if (pMean) {
      const mean = blend(loadUpTo4(pMean, n), keep, g, new_)
      storeUpTo4(pMean, mean, n)
      pMean += 16
      average = fnma(mean, mean, average)
    }
    const denominator = f32x4.add(f32x4.sqrt(average), small)
    if (pBuffer) {
      const buffer = f32x4.add(f32x4.mul(loadUpTo4(pBuffer, n), carry), f32x4.div(g, denominator))
      storeUpTo4(pBuffer, buffer, n)
      pBuffer += 16
      storeUpTo4(pP, fnma(rate, buffer, p), n)
    } else storeUpTo4(pP, f32x4.sub(p, f32x4.div(f32x4.mul(rate, g), denominator)), n)
  }
}

export function f32_adagrad(pP: usize, pG: usize, pSum: usize, n: i32, lr: f32, eps: f32, weightDecay: f32): void {
  const rate = f4(lr)
  const small = f4(eps)
  const decay = f4(weightDecay)
  for (; n > 0; n -= 4, pP += 16, pG += 16, pSum += 16) {
    const p = loadUpTo4(pP, n)
    let g = loadUpTo4(pG, n)
    if (weightDecay != 0) g = decayed(g, p, decay)
    const sum = fma(g, g, loadUpTo4(pSum, n))
    storeUpTo4(pSum, sum, n)
    const denominator = f32x4.add(f32x4.sqrt(sum), small)
    storeUpTo4(pP, f32x4.sub(p, f32x4.div(f32x4.mul(rate, g), denominator)), n)
  }
}

export function f32_adadelta(
  pP: usize, pG: usize, pSquare: usize, pDelta: usize, n: i32, lr: f32, rho: f32, eps: f32, weightDecay: f32, add: f32,
): void {
  const rate = f4(lr)
  const keep = f4(rho)
  const new_ = f4(add)
  const small = f4(eps)
  const decay = f4(weightDecay)
  for (; n > 0; n -= 4, pP += 16, pG += 16, pSquare += 16, pDelta += 16) {
    const p = loadUpTo4(pP, n)
    let g = loadUpTo4(pG, n)
    if (weightDecay != 0) g = decayed(g, p, decay)
    const square = blendSquare(loadUpTo4(pSquare, n), keep, g, new_)
    storeUpTo4(pSquare, square, n)
    const std = f32x4.sqrt(f32x4.add(square, small))
    const old = loadUpTo4(pDelta, n)
    const delta = f32x4.mul(f32x4.div(f32x4.sqrt(f32x4.add(old, small)), std), g)
    storeUpTo4(pDelta, blendSquare(old, keep, delta, new_), n)
    storeUpTo4(pP, fnma(rate, delta, p), n)
  }
}

export function f32_lion(
  pP: usize, pG: usize, pM: usize, n: i32, lr: f32, beta1: f32, beta2: f32, shrink: f32, add1: f32, add2: f32,
): void {
  const rate = f4(lr)
  const keep1 = f4(beta1)
  const keep2 = f4(beta2)
  const new1 = f4(add1)
  const new2 = f4(add2)
  const scale = f4(shrink)
  for (; n > 0; n -= 4, pP += 16, pG += 16, pM += 16) {
    const g = loadUpTo4(pG, n)
    const m = loadUpTo4(pM, n)
    const c = blend(m, keep1, g, new1)
    const positive = v128.and(f32x4.gt(c, f4(0)), rate)
    const negative = v128.and(f32x4.lt(c, f4(0)), rate)
    const p = f32x4.mul(loadUpTo4(pP, n), scale)
    storeUpTo4(pP, f32x4.sub(p, f32x4.sub(positive, negative)), n)
    storeUpTo4(pM, blend(m, keep2, g, new2), n)
  }
}
