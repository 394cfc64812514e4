import base from '#wasm/norm.base'
import type { KernelGroup } from '../host.ts'

/**
 * Normalisation, f32. `nhwc` kernels take channels-last data: batch norm as [M, C] with M = N times the spatial extent,
 * group norm as [N, S, C]; `nchw` kernels take [N, C, S] with S the spatial extent. pGamma and pBeta point to [C] or
 * are 0 for 1 and 0. Variances are biased (divided by the count). Moments are taken chunk by chunk about the chunk's own
 * mean and added up in f64, so a mean of thousands of standard deviations costs no accuracy. y may be x, and dx may be
 * x or dy. Extents are at least 1.
 */
export interface NormKernels {
  /** Training: mean, var and invstd [C] are written, and y = (x - mean) invstd gamma + beta. */
  f32_batch_norm_nhwc(
    pX: number,
    pY: number,
    pGamma: number,
    pBeta: number,
    pMean: number,
    pVar: number,
    pInvstd: number,
    M: number,
    C: number,
    eps: number,
  ): void
  /** Training, [N, C, S]. */
  f32_batch_norm_nchw(
    pX: number,
    pY: number,
    pGamma: number,
    pBeta: number,
    pMean: number,
    pVar: number,
    pInvstd: number,
    N: number,
    C: number,
    S: number,
    eps: number,
  ): void
  /** invstd_i = 1 / sqrt(var_i + eps), rounded once. */
  f32_invstd(pVar: number, pInvstd: number, n: number, eps: number): void
  /** Evaluation: y = (x - mean) invstd gamma + beta with the statistics given. */
  f32_batch_norm_apply_nhwc(
    pX: number,
    pY: number,
    pGamma: number,
    pBeta: number,
    pMean: number,
    pInvstd: number,
    M: number,
    C: number,
  ): void
  /** Evaluation, [N, C, S]. */
  f32_batch_norm_apply_nchw(
    pX: number,
    pY: number,
    pGamma: number,
    pBeta: number,
    pMean: number,
    pInvstd: number,
    N: number,
    C: number,
    S: number,
  ): void
  /**
   * dgamma and dbeta [C] are written always, dx unless pDx is 0. `training` 1: mean and invstd are those of x;
   * 0: they are constants.
   */
  f32_batch_norm_grad_nhwc(
    pX: number,
    pDy: number,
    pGamma: number,
    pMean: number,
    pInvstd: number,
    pDx: number,
    pDgamma: number,
    pDbeta: number,
    M: number,
    C: number,
    training: number,
  ): void
  /** The gradient for [N, C, S]. */
  f32_batch_norm_grad_nchw(
    pX: number,
    pDy: number,
    pGamma: number,
    pMean: number,
    pInvstd: number,
    pDx: number,
    pDgamma: number,
    pDbeta: number,
    N: number,
    C: number,
    S: number,
    training: number,
  ): void
  /** Over the last axis of [M, n]; gamma and beta are [n]; mean and invstd [M] are written. */
  f32_layer_norm(
    pX: number,
    pY: number,
    pGamma: number,
    pBeta: number,
    pMean: number,
    pInvstd: number,
    M: number,
    n: number,
    eps: number,
  ): void
  /** dx unless pDx is 0; dgamma and dbeta [n] unless pDgamma is 0. dx may not be x or dy unless pDgamma is 0. */
  f32_layer_norm_grad(
    pX: number,
    pDy: number,
    pGamma: number,
    pMean: number,
    pInvstd: number,
    pDx: number,
    pDgamma: number,
    pDbeta: number,
    M: number,
    n: number,
  ): void
  /** [N, C, S] in G groups of C / G channels; mean and invstd [N, G] are written. Instance norm is G = C. */
  f32_group_norm_nchw(
    pX: number,
    pY: number,
    pGamma: number,
    pBeta: number,
    pMean: number,
    pInvstd: number,
    N: number,
    C: number,
    S: number,
    G: number,
    eps: number,
  ): void
  /** [N, S, C]; pScratch points to 12 C bytes. */
  f32_group_norm_nhwc(
    pX: number,
    pY: number,
    pGamma: number,
    pBeta: number,
    pMean: number,
    pInvstd: number,
    N: number,
    C: number,
    S: number,
    G: number,
    eps: number,
    pScratch: number,
  ): void
  /** dgamma and dbeta [C] are written always, dx unless pDx is 0. */
  f32_group_norm_grad_nchw(
    pX: number,
    pDy: number,
    pGamma: number,
    pMean: number,
    pInvstd: number,
    pDx: number,
    pDgamma: number,
    pDbeta: number,
    N: number,
    C: number,
    S: number,
    G: number,
  ): void
  /** The gradient for [N, S, C]; pScratch points to 16 C bytes. */
  f32_group_norm_grad_nhwc(
    pX: number,
    pDy: number,
    pGamma: number,
    pMean: number,
    pInvstd: number,
    pDx: number,
    pDgamma: number,
    pDbeta: number,
    N: number,
    C: number,
    S: number,
    G: number,
    pScratch: number,
  ): void
}

/** The norm group; pass it to `KernelHost.use`. */
export const norm: KernelGroup<NormKernels> = { name: 'norm', base }
