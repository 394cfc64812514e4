import base from '#wasm/move.base'
import type { KernelGroup } from '../host.ts'
import type { UnaryKernel, CopyNdKernel } from './kinds.ts'

export type { UnaryKernel, CopyNdKernel }

/**
 * Copies, fills and changes of type. Pointers are byte addresses, of 4-byte elements multiples of 4; n counts elements and may be 0.
 * A result depends on its operands alone, never on position or alignment. NaN in gives NaN out unless said otherwise;
 * which NaN is not specified. "ULP" bounds hold on both tiers for every f32.
 */
export interface MoveKernels {
  /** Towards zero; out of range goes to the nearest i32, NaN to 0. In place is fine. */
  readonly f32_to_i32: UnaryKernel
  /** Nearest, halves to even. In place is fine. */
  readonly i32_to_f32: UnaryKernel
  /** x != 0 as a byte of 0 or 1; NaN is true. Not in place. */
  readonly f32_to_bool: UnaryKernel
  /** x != 0 as a byte of 0 or 1. Not in place. */
  readonly i32_to_bool: UnaryKernel
  /** The low byte of the value as i32. Not in place. */
  readonly f32_to_u8: UnaryKernel
  /** The low byte. Not in place. */
  readonly i32_to_u8: UnaryKernel
  /** Not in place. */
  readonly u8_to_f32: UnaryKernel
  /** Not in place. */
  readonly u8_to_i32: UnaryKernel
  /** Every word of y is the 32 bits given. */
  b32_fill(pY: number, n: number, bits: number): void
  /** Every y is the value given. */
  f32_fill(pY: number, n: number, value: number): void
  /** Every byte of y is the value given. */
  b8_fill(pY: number, n: number, value: number): void
  /** n words; the buffers may overlap. */
  readonly b32_copy: UnaryKernel
  /** n bytes; the buffers may overlap. */
  readonly b8_copy: UnaryKernel
  /** Strided x to dense y. */
  readonly b32_copy_nd: CopyNdKernel
  readonly b8_copy_nd: CopyNdKernel
  /** Dense x to strided y (no stride 0). */
  readonly b32_copy_into_nd: CopyNdKernel
  readonly b8_copy_into_nd: CopyNdKernel
  /** y_i = start + i step, in f64, rounded once. */
  f32_arange(pY: number, n: number, start: number, step: number): void
}

/** The move group; pass it to `KernelHost.use`. */
export const move: KernelGroup<MoveKernels> = { name: 'move', base }
