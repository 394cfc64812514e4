/** The block at pParams: 22 i32 fields, in the order that src/groups/conv.ts documents. */
@unmanaged
export class Shape {
  N: i32
  C: i32
  OC: i32
  groups: i32
  D: i32
  H: i32
  W: i32
  OD: i32
  OH: i32
  OW: i32
  KD: i32
  KH: i32
  KW: i32
  strideD: i32
  strideH: i32
  strideW: i32
  padD: i32
  padH: i32
  padW: i32
  dilationD: i32
  dilationH: i32
  dilationW: i32
}

// @ts-ignore: decorator
@inline
export const SHAPE_BYTES: i32 = <i32>offsetof<Shape>()

/** Bits of `flags`, as gemm's; a bias is present when its pointer is not 0. */
// @ts-ignore: decorator
@inline
export const PACKED: i32 = 32

// @ts-ignore: decorator
@inline
export function taps(s: Shape): i32 {
  return s.KD * s.KH * s.KW
}

/** One input channel per group. */
// @ts-ignore: decorator
@inline
export function isDepthwise(s: Shape): bool {
  return s.groups > 1 && s.C == s.groups
}
