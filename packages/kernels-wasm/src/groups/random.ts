import base from '#wasm/random.base'
import type { KernelGroup } from '../host.ts'

/** Bytes of a generator's state: 624 words and the number of them already used. */
export const mtStateBytes: number = 2500

/**
 * MT19937 with the draws of PyTorch's CPU generator. pState points to {@link mtStateBytes} bytes: the 624 words, then an
 * i32 that counts those already used (624 after seeding). Every kernel draws in order from that one stream.
 */
export interface RandomKernels {
  /** torch.manual_seed for seeds of 32 bits. */
  mt_seed(pState: number, seed: number): void
  /** n tempered words of 32 bits, one draw each. */
  mt_raw(pState: number, pY: number, n: number): void
  /** f64 in [0, 1) with 53 bits, two draws each, as PyTorch's doubles. pY is a multiple of 8. */
  f64_uniform53(pState: number, pY: number, n: number): void
  /** bernoulli_(p): bytes of 1 with probability p, else 0; two draws each. */
  u8_bernoulli(pState: number, pY: number, n: number, p: number): void
  /** The same draws as `scale` or 0: with p = 1 - rate and scale = 1 / p, dropout's mask. */
  f32_bernoulli(pState: number, pY: number, n: number, p: number, scale: number): void
  /** torch.bernoulli of a tensor of probabilities: 1 or 0, one draw of 24 bits each. y may be pP. */
  f32_bernoulli_from(pState: number, pP: number, pY: number, n: number): void
}

/** The random group; pass it to `KernelHost.use`. */
export const random: KernelGroup<RandomKernels> = { name: 'random', base }
