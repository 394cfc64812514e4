import base from '#wasm/index.base'
import type { KernelGroup } from '../host.ts'

/** Moves rows of `inner` words between [outer, n, inner] and [outer, m, inner] by m indices into n. */
export type IndexKernel = (
  pX: number,
  pIndex: number,
  pY: number,
  outer: number,
  n: number,
  inner: number,
  m: number,
) => void
/** Sorts or selects along rows; see each kernel. */
export type SortKernel = (
  pX: number,
  pY: number,
  pIndex: number,
  rows: number,
  n: number,
  descending: number,
  pScratch: number,
) => void
/** As {@link SortKernel}, keeping k of each row. */
export type TopKKernel = (
  pX: number,
  pY: number,
  pIndex: number,
  rows: number,
  n: number,
  k: number,
  largest: number,
  pScratch: number,
) => void

/**
 * Gathers, scatters, masks and sorting. Indices are i32 in [0, n): check them first with `i32_find_outside`, nothing
 * here does. `b32` kernels move words of any type. Sums and repeated writes go in the order of the source, so results
 * are reproducible. Buffers must not overlap unless said.
 */
export interface IndexKernels {
  /** Position of the first of n indices outside [low, high), or -1. */
  i32_find_outside(pIndex: number, n: number, low: number, high: number): number
  /** y[o, j, :] = x[o, index[j], :]; x is [outer, n, inner], index [m]. Embedding lookup has outer = 1. */
  readonly b32_index_select: IndexKernel
  /** y[o, index[j], :] = x[o, j, :]; y is [outer, n, inner]; of repeated indices the last wins. */
  readonly b32_index_copy: IndexKernel
  /** y[o, index[j], :] += x[o, j, :], but not where index[j] is `skip` (-1 for none): the gradient of index_select. */
  f32_index_add(
    pX: number,
    pIndex: number,
    pY: number,
    outer: number,
    n: number,
    inner: number,
    m: number,
    skip: number,
  ): void
  /** y[o, j, i] = x[o, index[o, j, i], i]; index and y are [outer, m, inner]. */
  readonly b32_gather: IndexKernel
  /** y[o, index[o, j, i], i] = x[o, j, i]; index and x are [outer, m, inner], y [outer, n, inner]. */
  readonly b32_scatter: IndexKernel
  /** y[o, index[o, j, i], i] += x[o, j, i]: the gradient of gather. */
  readonly f32_scatter_add: IndexKernel
  /** y [n, classes]: 0 but for the word `one` (its bits) at each index; a row whose index is outside is all 0. */
  b32_one_hot(pIndex: number, pY: number, n: number, classes: number, one: number): void
  /** Writes the positions of the bytes that are not 0, as i32, and returns how many. y must hold n. */
  u8_nonzero(pMask: number, pY: number, n: number): number
  /** Packs the words whose mask byte is not 0, and returns how many. y may be x. */
  b32_masked_select(pX: number, pMask: number, pY: number, n: number): number
  /** Takes words from x in order into the places of y whose mask byte is not 0, and returns how many. */
  b32_masked_scatter(pX: number, pMask: number, pY: number, n: number): number
  /** Of each of `batch` matrices keeps j - i >= k where `upper` is 1, j - i <= k where it is 0. y may be x. */
  b32_trilu(pX: number, pY: number, batch: number, rows: number, columns: number, k: number, upper: number): void
  /**
   * Stable sort of each row of [rows, n]: values to y (which may be x), their positions to pIndex. NaN counts as larger
   * than everything, -0 as equal to 0. pScratch points to 16 n + 1024 bytes.
   */
  readonly f32_sort: SortKernel
  readonly i32_sort: SortKernel
  /** The first k of that sort, k <= n: the largest first, or with `largest` 0 the smallest first. The same scratch. */
  readonly f32_topk: TopKKernel
  readonly i32_topk: TopKKernel
}

/** The index group; pass it to `KernelHost.use`. */
export const index: KernelGroup<IndexKernels> = { name: 'index', base }
