import base from '#wasm/elementwise.base'
import type { KernelGroup } from '../host.ts'

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

/**
 * Kernels of one result per element. Pointers are byte addresses, of 4-byte elements multiples of 4; n counts elements
 * and may be 0. A result depends on its operands alone, never on position or alignment. NaN in gives NaN out unless
 * said otherwise; which NaN is not specified. "ULP" bounds hold on both tiers for every f32.
 */
export interface ElementwiseKernels {
  readonly f32_neg: UnaryKernel
  readonly f32_abs: UnaryKernel
  /** -1, 0 or 1; NaN gives 0, as in PyTorch. */
  readonly f32_sign: UnaryKernel
  readonly f32_square: UnaryKernel
  readonly f32_sqrt: UnaryKernel
  /** 1 / sqrt(x), two roundings. */
  readonly f32_rsqrt: UnaryKernel
  readonly f32_reciprocal: UnaryKernel
  /** 1.1 ULP, subnormal results included. */
  readonly f32_exp: UnaryKernel
  /** 0.51 ULP. */
  readonly f32_expm1: UnaryKernel
  /** 1 ULP. log 0 = -Infinity, log of a negative number is NaN. */
  readonly f32_log: UnaryKernel
  /** 0.51 ULP. */
  readonly f32_log1p: UnaryKernel
  /** 0.51 ULP. */
  readonly f32_log2: UnaryKernel
  /** 0.51 ULP for every finite x: arguments of 2^20 and more are reduced with 2/pi to 190 bits. */
  readonly f32_sin: UnaryKernel
  /** 0.51 ULP for every finite x. */
  readonly f32_cos: UnaryKernel
  /** 0.51 ULP for every finite x. */
  readonly f32_tan: UnaryKernel
  /** 0.51 ULP. */
  readonly f32_asin: UnaryKernel
  /** 0.51 ULP. */
  readonly f32_acos: UnaryKernel
  /** 0.51 ULP. */
  readonly f32_atan: UnaryKernel
  /** 0.51 ULP. */
  readonly f32_sinh: UnaryKernel
  /** 0.51 ULP. */
  readonly f32_cosh: UnaryKernel
  /** 0.51 ULP. */
  readonly f32_asinh: UnaryKernel
  /** 0.51 ULP. */
  readonly f32_acosh: UnaryKernel
  /** 0.51 ULP. */
  readonly f32_atanh: UnaryKernel
  /** 3 ULP. */
  readonly f32_tanh: UnaryKernel
  /** 2 ULP, subnormal results included. */
  readonly f32_sigmoid: UnaryKernel
  /** log(1 / (1 + exp(-x))), 0.51 ULP. */
  readonly f32_logsigmoid: UnaryKernel
  /** 0.6 ULP. */
  readonly f32_erf: UnaryKernel
  /** max(0, x); NaN stays NaN, -0 stays -0. */
  readonly f32_relu: UnaryKernel
  readonly f32_relu6: UnaryKernel
  /** x > 0 ? x : a x. */
  readonly f32_leaky_relu: UnaryKernel1
  /** x > 0 ? x : a (exp(x) - 1). */
  readonly f32_elu: UnaryKernel1
  readonly f32_selu: UnaryKernel
  /** x > 0 ? x : a (exp(x / a) - 1), a > 0. */
  readonly f32_celu: UnaryKernel1
  /** x Phi(x) with erf: 2 ULP or 1e-7 |x|; 0 to 1e-14 at -Infinity, where PyTorch has NaN. */
  readonly f32_gelu: UnaryKernel
  /** The approximation with tanh: 2 ULP or 1e-7 |x|. */
  readonly f32_gelu_tanh: UnaryKernel
  /** x sigmoid(x): 3 ULP or 1e-7 |x|. */
  readonly f32_silu: UnaryKernel
  /** x tanh(softplus(x)): 3 ULP or 1.2e-7 |x|. */
  readonly f32_mish: UnaryKernel
  /** log(1 + exp(a x)) / a, and x where a x > b (PyTorch: beta 1, threshold 20). */
  readonly f32_softplus: UnaryKernel2
  /** x / (1 + |x|). */
  readonly f32_softsign: UnaryKernel
  /** min(max(x, a), b). */
  readonly f32_hardtanh: UnaryKernel2
  readonly f32_hardsigmoid: UnaryKernel
  readonly f32_hardswish: UnaryKernel
  /** min(max(x, a), b); pass an infinity for a missing bound. NaN stays NaN; the bounds must not be NaN. */
  readonly f32_clip: UnaryKernel2
  readonly f32_floor: UnaryKernel
  readonly f32_ceil: UnaryKernel
  /** To the nearest integer, halves to even. */
  readonly f32_round: UnaryKernel
  readonly f32_trunc: UnaryKernel
  /** a x + b, two roundings on both tiers. */
  readonly f32_scale: UnaryKernel2
  /** y_i += a x_i. */
  readonly f32_axpy: UnaryKernel1
  /** y_i = a_i + t (b_i - a_i), computed from the nearer end, as torch.lerp. */
  f32_lerp(pA: number, pB: number, pY: number, n: number, t: number): void

  /** From y (or x): y > 0 ? dy : 0; NaN passes dy. */
  readonly f32_relu_grad: GradientKernel
  /** From x: zero outside 0 < x < 6. */
  readonly f32_relu6_grad: GradientKernel
  /** From x. */
  readonly f32_leaky_relu_grad: GradientKernel1
  /** From x: zero outside a < x < b. */
  readonly f32_hardtanh_grad: GradientKernel2
  /** From x. */
  readonly f32_hardsigmoid_grad: GradientKernel
  /** From x. */
  readonly f32_hardswish_grad: GradientKernel
  /** From y. */
  readonly f32_sigmoid_grad: GradientKernel
  /** From y. */
  readonly f32_tanh_grad: GradientKernel
  /** From x. */
  readonly f32_softsign_grad: GradientKernel
  /** From x; 0 at 0. */
  readonly f32_abs_grad: GradientKernel
  /** From y. */
  readonly f32_sqrt_grad: GradientKernel
  /** From x; the parameter is alpha. */
  readonly f32_elu_grad: GradientKernel1
  /** From x. */
  readonly f32_selu_grad: GradientKernel
  /** From x; the parameter is alpha. */
  readonly f32_celu_grad: GradientKernel1
  /** From x. */
  readonly f32_silu_grad: GradientKernel
  /** From x; the parameters are beta and threshold. */
  readonly f32_softplus_grad: GradientKernel2
  /** From x. */
  readonly f32_logsigmoid_grad: GradientKernel
  /** From x. */
  readonly f32_mish_grad: GradientKernel
  /** From x. */
  readonly f32_gelu_grad: GradientKernel
  /** From x. */
  readonly f32_gelu_tanh_grad: GradientKernel

  readonly f32_add: BinaryKernel
  readonly f32_add_nd: BinaryNdKernel
  readonly f32_sub: BinaryKernel
  readonly f32_sub_nd: BinaryNdKernel
  readonly f32_mul: BinaryKernel
  readonly f32_mul_nd: BinaryNdKernel
  readonly f32_div: BinaryKernel
  readonly f32_div_nd: BinaryNdKernel
  /** 0.51 ULP; zeros, infinities, NaN and negative bases as C's pow. */
  readonly f32_pow: BinaryKernel
  readonly f32_pow_nd: BinaryNdKernel
  /** NaN where either operand is NaN. */
  readonly f32_maximum: BinaryKernel
  readonly f32_maximum_nd: BinaryNdKernel
  readonly f32_minimum: BinaryKernel
  readonly f32_minimum_nd: BinaryNdKernel
  /** Exact remainder with the sign of a. */
  readonly f32_fmod: BinaryKernel
  readonly f32_fmod_nd: BinaryNdKernel
  /** Remainder with the sign of b. */
  readonly f32_remainder: BinaryKernel
  readonly f32_remainder_nd: BinaryNdKernel
  /** Angle of the point (b, a): A holds y, B holds x. 0.51 ULP. */
  readonly f32_atan2: BinaryKernel
  readonly f32_atan2_nd: BinaryNdKernel
  /** torch.floor_divide: rounded towards -Infinity, from the exact remainder. */
  readonly f32_floor_divide: BinaryKernel
  readonly f32_floor_divide_nd: BinaryNdKernel

  /** Integer arithmetic wraps. */
  readonly i32_add: BinaryKernel
  readonly i32_add_nd: BinaryNdKernel
  readonly i32_sub: BinaryKernel
  readonly i32_sub_nd: BinaryNdKernel
  readonly i32_mul: BinaryKernel
  readonly i32_mul_nd: BinaryNdKernel
  readonly i32_maximum: BinaryKernel
  readonly i32_maximum_nd: BinaryNdKernel
  readonly i32_minimum: BinaryKernel
  readonly i32_minimum_nd: BinaryNdKernel
  readonly i32_and: BinaryKernel
  readonly i32_and_nd: BinaryNdKernel
  readonly i32_or: BinaryKernel
  readonly i32_or_nd: BinaryNdKernel
  readonly i32_xor: BinaryKernel
  readonly i32_xor_nd: BinaryNdKernel
  /** Rounded towards -Infinity; 0 where b is 0 (PyTorch throws: check in the op). */
  readonly i32_floor_divide: BinaryKernel
  readonly i32_floor_divide_nd: BinaryNdKernel
  /** Sign of b; 0 where b is 0. */
  readonly i32_remainder: BinaryKernel
  readonly i32_remainder_nd: BinaryNdKernel
  /** By b modulo 32. */
  readonly i32_shl: BinaryKernel
  readonly i32_shl_nd: BinaryNdKernel
  /** Arithmetic, by b modulo 32. */
  readonly i32_shr: BinaryKernel
  readonly i32_shr_nd: BinaryNdKernel
  readonly i32_neg: UnaryKernel
  readonly i32_abs: UnaryKernel
  /** Bitwise. */
  readonly i32_not: UnaryKernel

  /** Comparisons write bytes of 0 or 1; every comparison with NaN is false but `ne`. */
  readonly f32_eq: BinaryKernel
  readonly f32_eq_nd: BinaryNdKernel
  readonly f32_ne: BinaryKernel
  readonly f32_ne_nd: BinaryNdKernel
  readonly f32_lt: BinaryKernel
  readonly f32_lt_nd: BinaryNdKernel
  readonly f32_le: BinaryKernel
  readonly f32_le_nd: BinaryNdKernel
  readonly f32_gt: BinaryKernel
  readonly f32_gt_nd: BinaryNdKernel
  readonly f32_ge: BinaryKernel
  readonly f32_ge_nd: BinaryNdKernel
  readonly i32_eq: BinaryKernel
  readonly i32_eq_nd: BinaryNdKernel
  readonly i32_ne: BinaryKernel
  readonly i32_ne_nd: BinaryNdKernel
  readonly i32_lt: BinaryKernel
  readonly i32_lt_nd: BinaryNdKernel
  readonly i32_le: BinaryKernel
  readonly i32_le_nd: BinaryNdKernel
  readonly i32_gt: BinaryKernel
  readonly i32_gt_nd: BinaryNdKernel
  readonly i32_ge: BinaryKernel
  readonly i32_ge_nd: BinaryNdKernel
  /** Bytes in (any that is not 0 is true), bytes of 0 or 1 out. */
  readonly u8_logical_and: BinaryKernel
  readonly u8_logical_and_nd: BinaryNdKernel
  readonly u8_logical_or: BinaryKernel
  readonly u8_logical_or_nd: BinaryNdKernel
  readonly u8_logical_xor: BinaryKernel
  readonly u8_logical_xor_nd: BinaryNdKernel
  readonly u8_logical_not: UnaryKernel
  /** Tests write bytes of 0 or 1. */
  readonly f32_isnan: UnaryKernel
  readonly f32_isinf: UnaryKernel
  readonly f32_isfinite: UnaryKernel

  readonly b32_where: WhereKernel
  readonly b32_where_nd: WhereNdKernel
  readonly b8_where: WhereKernel
  readonly b8_where_nd: WhereNdKernel

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
  /** Halves (2 bytes each, 2-byte aligned) to f32, exact. Not in place. */
  readonly f16_to_f32: UnaryKernel
  /** Nearest, ties to even; overflow to infinity. Not in place. */
  readonly f32_to_f16: UnaryKernel
  /** Exact. Not in place. */
  readonly bf16_to_f32: UnaryKernel
  /** Nearest, ties to even. Not in place. */
  readonly f32_to_bf16: UnaryKernel

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

/** The elementwise group; pass it to `KernelHost.use`. */
export const elementwise: KernelGroup<ElementwiseKernels> = { name: 'elementwise', base }
