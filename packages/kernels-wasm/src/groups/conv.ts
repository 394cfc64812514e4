import base from '#wasm/conv.base'
import type { KernelGroup } from '../host.ts'

/**
 * Extents of a convolution; triples are depth, height, width, with 1 (padding 0) for the axes that a 1-D or 2-D
 * convolution lacks. The padding after the last element is whatever the output extents imply.
 */
export interface ConvShape {
  readonly N: number
  /** Input channels, all groups together. */
  readonly C: number
  /** Output channels, all groups together. */
  readonly OC: number
  readonly groups: number
  readonly input: readonly [D: number, H: number, W: number]
  readonly output: readonly [D: number, H: number, W: number]
  readonly kernel: readonly [D: number, H: number, W: number]
  readonly stride: readonly [D: number, H: number, W: number]
  /** Zeros before the first element, at least 0. */
  readonly padding: readonly [D: number, H: number, W: number]
  readonly dilation: readonly [D: number, H: number, W: number]
}

/** Bytes of the parameter block that the conv kernels read: 22 i32 fields. */
export const CONV_PARAMS_BYTES = 88 as const

/**
 * Writes a parameter block at byte address `p` of `memory`. Fields: N, C, OC, groups, then D, H, W of input, output,
 * kernel, stride, padding and dilation.
 */
export function writeConvParams(memory: WebAssembly.Memory, p: number, shape: ConvShape): void {
  const { N, C, OC, groups, input, output, kernel, stride, padding, dilation } = shape
  const fields = new Int32Array(memory.buffer, p, CONV_PARAMS_BYTES >> 2)
  fields.set([N, C, OC, groups])
  fields.set(input, 4)
  fields.set(output, 7)
  fields.set(kernel, 10)
  fields.set(stride, 13)
  fields.set(padding, 16)
  fields.set(dilation, 19)
}

/** Bits of the `flags` argument; add those wanted. */
export const convFlags: {
  /** Add to what the output holds instead of overwriting it. */
  readonly accumulate: 1
  /** max(0, x) on the result (not for weight gradients). */
  readonly relu: 16
  /** `pW` is the block that `f32_conv_pack` wrote for this pass. */
  readonly packed: 32
  /** min(max(0, x), 6) on the result of the forward pass. */
  readonly relu6: 80
  /**
   * A hint for weight gradients that does not change them: here loads cost less without offsets. `engineFlags` of the gemm
   * group says whether that is so; weight gradients take its flags as they are.
   */
  readonly plainLoads: 128
} = { accumulate: 1, relu: 16, packed: 32, relu6: 80, plainLoads: 128 }

/** The `pass` argument of the helpers. */
export const convPass: { readonly forward: 0; readonly inputGrad: 1; readonly weightGrad: 2 } = {
  forward: 0,
  inputGrad: 1,
  weightGrad: 2,
}

/**
 * Convolution (cross-correlation, as in PyTorch) of channels-last data: x [N, D, H, W, C], y [N, OD, OH, OW, OC], both
 * dense; weights [OC, C / groups, KD, KH, KW] row-major. A transposed convolution is the input gradient of the
 * convolution whose weights have the same memory layout: its x plays dy, its y plays dx, its [Cin, Cout / groups, ...]
 * weights play [OC, C / groups, ...], and its own gradients are the other two passes.
 *
 * Pointers are byte addresses (multiples of 4); outputs overlap neither inputs nor scratch. Each output element is
 * summed in an order fixed by the shape alone. Taps that fall outside the input multiply zeros, or are left out.
 */
export interface ConvKernels {
  /** Bytes that `pScratch` must hold for a pass. */
  conv_scratch_bytes(pParams: number, pass: number): number
  /** y = act(conv(x, w) + bias). `pBias` holds OC values or is 0. */
  f32_conv(pX: number, pW: number, pBias: number, pY: number, pParams: number, flags: number, pScratch: number): void
  /** dx = act(adjoint(dy, w) + bias). `pBias` holds C values or is 0: bias and relu serve transposed convolution. */
  f32_conv_input_grad(
    pDy: number,
    pW: number,
    pBias: number,
    pDx: number,
    pParams: number,
    flags: number,
    pScratch: number,
  ): void
  /** dw [OC, C / groups, KD, KH, KW] and, unless `pDb` is 0, db [OC] (the sum of dy). */
  f32_conv_weight_grad(
    pX: number,
    pDy: number,
    pDw: number,
    pDb: number,
    pParams: number,
    flags: number,
    pScratch: number,
  ): void
  /** Bytes of packed weights for pass forward or inputGrad. */
  conv_packed_bytes(pParams: number, pass: number): number
  /** Packs weights once for many calls with flag `packed`; N and the spatial extents do not matter. */
  f32_conv_pack(pW: number, pPacked: number, pParams: number, pass: number): void
}

/** The conv group; pass it to `KernelHost.use`. */
export const conv: KernelGroup<ConvKernels> = { name: 'conv', base }
