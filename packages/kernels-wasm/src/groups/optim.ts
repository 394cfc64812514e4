import base from '#wasm/optim.base'
import type { KernelGroup } from '../host.ts'

/**
 * Optimizer steps on one parameter of n values, in place, with the formulas and the order of operations of PyTorch 1.13.
 * pP is the parameter, pG its gradient (not changed), the other pointers its state, which starts at 0. Work out what
 * depends on the step number in f64 and pass it; arguments are rounded to f32. `add*` is 1 minus the beta beside it, an
 * argument of its own because 1 - beta must be taken in f64.
 */
export interface OptimKernels {
  /**
   * g += weightDecay p; buffer = first ? g : momentum buffer + (1 - dampening) g; g = nesterov ? g + momentum buffer :
   * buffer; p -= lr g. With momentum 0 the buffer is not touched and pBuffer may be 0.
   */
  f32_sgd(
    pP: number,
    pG: number,
    pBuffer: number,
    n: number,
    lr: number,
    momentum: number,
    dampening: number,
    weightDecay: number,
    nesterov: number,
    first: number,
  ): void
  /**
   * Adam, AMSGrad (pMax not 0) and AdamW (weightDecay 0, shrink = 1 - lr decay; Adam passes shrink 1).
   * g += weightDecay p; p *= shrink; m = beta1 m + add1 g; v = beta2 v + add2 g^2;
   * p -= stepSize m / (sqrt(max v) / sqrtCorrection + eps), where stepSize = lr / (1 - beta1^t) and
   * sqrtCorrection = sqrt(1 - beta2^t).
   */
  f32_adam(
    pP: number,
    pG: number,
    pM: number,
    pV: number,
    pMax: number,
    n: number,
    stepSize: number,
    beta1: number,
    beta2: number,
    eps: number,
    weightDecay: number,
    shrink: number,
    sqrtCorrection: number,
    add1: number,
    add2: number,
  ): void
  /** pMean is 0 unless centred; pBuffer is 0 without momentum; add = 1 - alpha. */
  f32_rmsprop(
    pP: number,
    pG: number,
    pSquare: number,
    pMean: number,
    pBuffer: number,
    n: number,
    lr: number,
    alpha: number,
    eps: number,
    weightDecay: number,
    momentum: number,
    add: number,
  ): void
  /** lr is the decayed rate, lr / (1 + (t - 1) lrDecay). */
  f32_adagrad(pP: number, pG: number, pSum: number, n: number, lr: number, eps: number, weightDecay: number): void
  /** add = 1 - rho. */
  f32_adadelta(
    pP: number,
    pG: number,
    pSquare: number,
    pDelta: number,
    n: number,
    lr: number,
    rho: number,
    eps: number,
    weightDecay: number,
    add: number,
  ): void
  /** p = shrink p - lr sign(beta1 m + add1 g), shrink = 1 - lr decay; m = beta2 m + add2 g. */
  f32_lion(
    pP: number,
    pG: number,
    pM: number,
    n: number,
    lr: number,
    beta1: number,
    beta2: number,
    shrink: number,
    add1: number,
    add2: number,
  ): void
}

/** The optim group; pass it to `KernelHost.use`. */
export const optim: KernelGroup<OptimKernels> = { name: 'optim', base }
