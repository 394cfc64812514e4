// The parameter block of src/groups/pool.ts, and the windows it describes.

@inline
export function field(pParams: usize, at: i32): i32 {
  return load<i32>(pParams + (<usize>at << 2))
}

export const N: i32 = 0
export const C: i32 = 1
export const IN: i32 = 2
export const OUT: i32 = 5
export const KERNEL: i32 = 8
export const STRIDE: i32 = 11
export const PAD: i32 = 14
export const PAD_END: i32 = 17
export const DILATION: i32 = 20
export const COUNT_INCLUDE_PAD: i32 = 23
export const DIVISOR: i32 = 24

// The part of a window along one dimension that lies inside the input: positions first, first + step ... (`count` of
// them). `size` counts the taps inside the padded input. Set by `along`.
export let first: i32 = 0
export let count: i32 = 0
export let size: i32 = 0

/** Output position o of dimension d (0 depth, 1 height, 2 width). */
export function along(pParams: usize, d: i32, o: i32, adaptive: bool): void {
  const length = field(pParams, IN + d)
  if (adaptive) {
    const out = field(pParams, OUT + d)
    first = <i32>((<i64>o * <i64>length) / <i64>out)
    count = <i32>(((<i64>o + 1) * <i64>length + <i64>out - 1) / <i64>out) - first
    size = count
    return
  }
  const kernel = field(pParams, KERNEL + d)
  const step = field(pParams, DILATION + d)
  const start = o * field(pParams, STRIDE + d) - field(pParams, PAD + d)
  if (start >= 0 && start + (kernel - 1) * step < length) {
    first = start
    count = kernel
    size = kernel
    return
  }
  const skipped = start < 0 ? (step - 1 - start) / step : 0
  const end = min(kernel, tapsBelow(length - start, step))
  first = start + skipped * step
  count = max(0, end - skipped)
  size = min(kernel, tapsBelow(length + field(pParams, PAD_END + d) - start, step))
}

/** How many of 0, step, 2 step ... are below the limit. */
@inline
function tapsBelow(limit: i32, step: i32): i32 {
  return limit > 0 ? (limit + step - 1) / step : 0
}
