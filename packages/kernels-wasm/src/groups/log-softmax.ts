import base from '#wasm/log-softmax.base'
import type { KernelGroup } from '../host.ts'
import type { SoftmaxGradientKernel, SoftmaxKernel } from './kinds.ts'

export type { SoftmaxGradientKernel, SoftmaxKernel }

/** Log-softmax and cross-entropy, f32. Sums are made of short runs in f32 whose totals are added in f64. */
export interface LogSoftmaxKernels {
  /** x - max - log sum exp(x - max). */
  readonly f32_log_softmax: SoftmaxKernel
  /** dx = dy - exp(y) sum dy. */
  readonly f32_log_softmax_grad: SoftmaxGradientKernel
  /**
   * Cross-entropy of logits x [N, C] with classes t (i32 [N]): loss [N], without reduction, and the log sum exp of each
   * row, lse [N], for the gradient.
   *   loss_i = -(1 - s) w_t log p_t - s / C sum_c w_c log p_c
   * pW points to class weights f32 [C], or is 0 for none. Rows with t = ignoreIndex (or outside [0, C)) have loss 0.
   */
  f32_cross_entropy(
    pX: number,
    pTarget: number,
    pW: number,
    pLoss: number,
    pLse: number,
    N: number,
    C: number,
    ignoreIndex: number,
    smoothing: number,
  ): void
  /** dx [N, C] from the gradient of each row's loss, dloss [N]; dx may be x. Ignored rows get 0. */
  f32_cross_entropy_grad(
    pX: number,
    pTarget: number,
    pW: number,
    pLse: number,
    pDloss: number,
    pDx: number,
    N: number,
    C: number,
    ignoreIndex: number,
    smoothing: number,
  ): void
  /** out [N]: w_t of each row (1 with pW = 0), 0 where ignored: what the mean divides by is their sum. */
  f32_cross_entropy_weights(pTarget: number, pW: number, pOut: number, N: number, C: number, ignoreIndex: number): void
}

/** The log-softmax group; pass it to `KernelHost.use`. */
export const logSoftmax: KernelGroup<LogSoftmaxKernels> = { name: 'log-softmax', base }
