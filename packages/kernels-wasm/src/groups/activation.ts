import base from '#wasm/activation.base'
import type { KernelGroup } from '../host.ts'
import type {
  UnaryKernel,
  UnaryKernel1,
  UnaryKernel2,
  GradientKernel,
  GradientKernel1,
  GradientKernel2,
} from './kinds.ts'

export type { UnaryKernel, UnaryKernel1, UnaryKernel2, GradientKernel, GradientKernel1, GradientKernel2 }

/**
 * Activations beyond the rectifier and the sigmoids. Pointers are byte addresses, of 4-byte elements multiples of 4; n counts elements and may be 0.
 * A result depends on its operands alone, never on position or alignment. NaN in gives NaN out unless said otherwise;
 * which NaN is not specified. "ULP" bounds hold on both tiers for every f32.
 */
export interface ActivationKernels {
  readonly f32_relu6: UnaryKernel
  /** min(max(x, a), b). */
  readonly f32_hardtanh: UnaryKernel2
  /** x > 0 ? x : a x. */
  readonly f32_leaky_relu: UnaryKernel1
  /** x / (1 + |x|). */
  readonly f32_softsign: UnaryKernel
  readonly f32_hardsigmoid: UnaryKernel
  readonly f32_hardswish: UnaryKernel
  /** x > 0 ? x : a (exp(x) - 1). */
  readonly f32_elu: UnaryKernel1
  readonly f32_selu: UnaryKernel
  /** x > 0 ? x : a (exp(x / a) - 1), a > 0. */
  readonly f32_celu: UnaryKernel1
  /** x Phi(x) with erf: 2 ULP or 1e-7 |x|; 0 to 1e-14 at -Infinity, where PyTorch has NaN. */
  readonly f32_gelu: UnaryKernel
  /** The approximation with tanh: 2 ULP or 1e-7 |x|. */
  readonly f32_gelu_tanh: UnaryKernel
  /** x tanh(softplus(x)): 3 ULP or 1.2e-7 |x|. */
  readonly f32_mish: UnaryKernel
  /** log(1 + exp(a x)) / a, and x where a x > b (PyTorch: beta 1, threshold 20). */
  readonly f32_softplus: UnaryKernel2
  /** log(1 / (1 + exp(-x))), 0.51 ULP. */
  readonly f32_logsigmoid: UnaryKernel
  /** From x: zero outside 0 < x < 6. */
  readonly f32_relu6_grad: GradientKernel
  /** From x: zero outside a < x < b. */
  readonly f32_hardtanh_grad: GradientKernel2
  /** From x. */
  readonly f32_leaky_relu_grad: GradientKernel1
  /** From x. */
  readonly f32_softsign_grad: GradientKernel
  /** From x. */
  readonly f32_hardsigmoid_grad: GradientKernel
  /** From x. */
  readonly f32_hardswish_grad: GradientKernel
  /** From x; the parameter is alpha. */
  readonly f32_elu_grad: GradientKernel1
  /** From x. */
  readonly f32_selu_grad: GradientKernel
  /** From x; the parameter is alpha. */
  readonly f32_celu_grad: GradientKernel1
  /** From x. */
  readonly f32_gelu_grad: GradientKernel
  /** From x. */
  readonly f32_gelu_tanh_grad: GradientKernel
  /** From x. */
  readonly f32_mish_grad: GradientKernel
  /** From x; the parameters are beta and threshold. */
  readonly f32_softplus_grad: GradientKernel2
  /** From x. */
  readonly f32_logsigmoid_grad: GradientKernel
}

/** The activation group; pass it to `KernelHost.use`. */
export const activation: KernelGroup<ActivationKernels> = { name: 'activation', base }
