import base from '#wasm/uniform.base'
import type { KernelGroup } from '../host.ts'

/** The draws that new layers start from; what else draws is in the random group. */
export interface UniformKernels {
  /**
   * torch.rand and uniform_: one draw each, 24 bits, scaled to [a, b) in f64 and rounded once. pState points to the state
   * of a generator: the 624 words of MT19937, then an i32 that counts those already used.
   */
  f32_uniform(pState: number, pY: number, n: number, a: number, b: number): void
}

/** The uniform group; pass it to `KernelHost.use`. */
export const uniform: KernelGroup<UniformKernels> = { name: 'uniform', base }
