import base from '#wasm/pool.base'
import type { KernelGroup } from '../host.ts'

/** What a pooling kernel reads; three numbers are depth, height, width. 1-D and 2-D pools have depth (and height) 1. */
export interface PoolParams {
  readonly N: number
  readonly C: number
  readonly input: readonly [number, number, number]
  readonly output: readonly [number, number, number]
  readonly kernel: readonly [number, number, number]
  readonly stride: readonly [number, number, number]
  /** Padding in front; taps there are never read. */
  readonly padding: readonly [number, number, number]
  /** Padding behind, which only the average's divisor sees. */
  readonly paddingEnd: readonly [number, number, number]
  readonly dilation: readonly [number, number, number]
  readonly countIncludePad: boolean
  /** 0 for none. */
  readonly divisorOverride: number
}

/** Number of i32 fields of the parameter block. */
export const poolParamCount: number = 25

/**
 * The fields of a parameter block, in order: N, C, input, output, kernel, stride, padding, paddingEnd, dilation,
 * countIncludePad, divisorOverride. Store them as i32 where pParams points. Adaptive pools read the first eight.
 */
export function poolParams(p: PoolParams): number[] {
  const { N, C, input, output, kernel, stride, padding, paddingEnd, dilation } = p
  const extents = [...input, ...output, ...kernel, ...stride, ...padding, ...paddingEnd, ...dilation] as const
  return [N, C, ...extents, p.countIncludePad ? 1 : 0, p.divisorOverride]
}

/**
 * Pooling over dense channels-last data: x [N, D, H, W, C] to y [N, outD, outH, outW, C], f32. pParams points to the
 * i32 fields of {@link poolParams}. Output extents are the caller's (floor or ceil); every window must reach into the
 * input. Buffers must not overlap.
 */
export interface PoolKernels {
  /**
   * Largest value of each window; NaN where one is in it. pIndex points to i32, shaped as y, for the position of the
   * winner in the input's D H W (the first of equals, the last NaN, as in PyTorch), or is 0.
   */
  f32_max_pool(pX: number, pY: number, pIndex: number, pParams: number): void
  /** Window o of an axis covers floor(o in / out) to ceil((o + 1) in / out). */
  f32_adaptive_max_pool(pX: number, pY: number, pIndex: number, pParams: number): void
  /** From the indices of either max pool: dx is cleared, then dx[n, index, c] += dy. Sizes are products of extents. */
  f32_max_pool_grad(
    pDy: number,
    pIndex: number,
    pDx: number,
    N: number,
    outSize: number,
    inSize: number,
    C: number,
  ): void
  /** Sum over the window's taps inside the input, divided as PyTorch's countIncludePad and divisorOverride say. */
  f32_avg_pool(pX: number, pY: number, pParams: number): void
  /** dx of the average: each dy, divided, at all taps of its window. */
  f32_avg_pool_grad(pDy: number, pDx: number, pParams: number): void
  /** The average of each of the near-equal parts that the output asks for. */
  f32_adaptive_avg_pool(pX: number, pY: number, pParams: number): void
  /** dx of the adaptive average. */
  f32_adaptive_avg_pool_grad(pDy: number, pDx: number, pParams: number): void
}

/** The pool group; pass it to `KernelHost.use`. */
export const pool: KernelGroup<PoolKernels> = { name: 'pool', base }
