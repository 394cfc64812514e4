/** y_i = f(x_i) for n elements; pY may equal pX. */
export type UnaryKernel = (pX: number, pY: number, n: number) => void
/** As {@link UnaryKernel} with one parameter. */
export type UnaryKernel1 = (pX: number, pY: number, n: number, a: number) => void
/** As {@link UnaryKernel} with two parameters. */
export type UnaryKernel2 = (pX: number, pY: number, n: number, a: number, b: number) => void
/** dx_i = dy_i f'(v_i), where v is the x or the y that the kernel's line names; pDx may equal either input. */
export type GradientKernel = (pV: number, pDy: number, pDx: number, n: number) => void
/** As {@link GradientKernel} with one parameter. */
export type GradientKernel1 = (pV: number, pDy: number, pDx: number, n: number, a: number) => void
/** As {@link GradientKernel} with two parameters. */
export type GradientKernel2 = (pV: number, pDy: number, pDx: number, n: number, a: number, b: number) => void
/** y_i = a_i op b_i for n elements; pY may equal pA or pB where element sizes agree. */
export type BinaryKernel = (pA: number, pB: number, pY: number, n: number) => void
/**
 * y = a op b over strides. pMeta points to i32[3 rank]: shape, strides of A, strides of B, in elements, outermost first;
 * a stride may be 0 (broadcast) or negative. y is dense and row-major. Rank 0 is one element. pY may equal an input
 * that is dense in the same order. Rows whose inner strides are 0 or 1 are fastest.
 */
export type BinaryNdKernel = (pA: number, pB: number, pY: number, pMeta: number, rank: number) => void
/** y_i = c_i != 0 ? a_i : b_i for n elements, c in bytes; pY may equal pA or pB. */
export type WhereKernel = (pCond: number, pA: number, pB: number, pY: number, n: number) => void
/** As {@link WhereKernel} over strides: pMeta points to i32[4 rank]: shape, strides of the condition, of A, of B. */
export type WhereNdKernel = (pCond: number, pA: number, pB: number, pY: number, pMeta: number, rank: number) => void
/**
 * A copy between a dense and a strided array of at least one element a dimension. pMeta points to i32[2 rank]: shape,
 * strides of the strided side. Buffers must not overlap. A unit stride in any dimension makes it a blocked transpose.
 */
export type CopyNdKernel = (pX: number, pY: number, pMeta: number, rank: number) => void
/** Reduces the middle axis of x [outer, n, inner] into y [outer, inner], both dense and row-major. */
export type ReduceKernel = (pX: number, pY: number, outer: number, n: number, inner: number) => void
/** Along the middle axis of dense x [outer, n, inner]; y has the same shape and may be x itself. */
export type SoftmaxKernel = (pX: number, pY: number, outer: number, n: number, inner: number) => void
/** The gradient from the saved output y and dy, all [outer, n, inner]; dx may be either of them. */
export type SoftmaxGradientKernel = (
  pY: number,
  pDy: number,
  pDx: number,
  outer: number,
  n: number,
  inner: number,
) => void
