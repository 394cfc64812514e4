import { optim, type OptimKernels } from '@lanewise/kernels-wasm/optim'
import { applyAll } from '../autograd/apply.ts'
import type { TypedArray } from '../tensor/dtype.ts'
import type { Tensor } from '../tensor/tensor.ts'

/** One optimizer's formula: plain loops, the fused kernel, and the same in tensor ops. */
export interface UpdateRule<A> {
  readonly name: string
  /** The specification: changes p and the states by g, element by element. */
  readonly loops: (p: TypedArray, g: TypedArray, states: readonly TypedArray[], attrs: A) => void
  /** The fused kernel, given byte addresses of n elements each. */
  readonly kernel: (k: OptimKernels, n: number, p: number, g: number, states: readonly number[], attrs: A) => void
  /** The same in tensor ops, for backends without loops or kernels. */
  readonly compose: (p: Tensor, g: Tensor, states: readonly Tensor[], attrs: A) => void
}

/** Runs a rule in place on a parameter and its states. */
export const runRule = <A>(rule: UpdateRule<A>, p: Tensor, g: Tensor, states: readonly Tensor[], attrs: A): void => {
  applyAll<A>(
    {
      name: rule.name,
      mutates: [0, ...states.map((_, i) => i + 2)],
      infer: () => [],
      reference: ([x, dx, ...s], a) =>
        rule.loops(
          x.data,
          dx.data,
          s.map(({ data }) => data),
          a,
        ),
      wasm: (k, [x, dx, ...s], a) => {
        if (x.dtype !== 'f32' || !x.contiguous || !s.every((t) => t.contiguous)) return null
        const pG = k.contiguousPtr(dx)
        rule.kernel(
          k.use(optim),
          x.size,
          k.ptr(x),
          pG,
          s.map((t) => k.ptr(t)),
          a,
        )
        return []
      },
      compose: ([x, dx, ...s], a) => {
        rule.compose(x, dx, s, a)
        return []
      },
    },
    [p, g, ...states],
    attrs,
  )
}
