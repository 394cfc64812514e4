import { LanewiseError } from '../errors.ts'
import { sameShape, show } from '../tensor/shape.ts'
import { Tensor } from '../tensor/tensor.ts'

/** Two tensors differ by more than the tolerance. */
export class CloseError extends LanewiseError {
  static override readonly code: string = 'CLOSE'
}

/** |got - expected| <= atol + rtol |expected|, NaN equal to NaN. */
export interface Tolerance {
  /** Default 1e-8. */
  readonly atol?: number
  /** Default 1e-5. */
  readonly rtol?: number
}

/**
 * Whether two tensors agree, by torch.allclose's rule with NaN equal to NaN.
 * @param expected - a tensor, or values in logical order
 * @returns true
 * @throws CloseError naming the first element that differs, or the shapes.
 * @example allClose(tensor([1, 2]), [1, 2]) // => true
 */
export const allClose = (
  got: Tensor,
  expected: Tensor | ArrayLike<number>,
  { atol = 1e-8, rtol = 1e-5 }: Tolerance = {},
): true => {
  const a = got.dataSync()
  if (expected instanceof Tensor && !sameShape(got.shape, expected.shape)) {
    throw new CloseError({
      op: 'allClose',
      problem: 'the shapes differ',
      got: show(got.shape),
      expected: show(expected.shape),
    })
  }
  const b = expected instanceof Tensor ? expected.dataSync() : expected
  if (a.length !== b.length) {
    throw new CloseError({
      op: 'allClose',
      problem: 'the sizes differ',
      got: String(a.length),
      expected: String(b.length),
    })
  }
  for (let i = 0; i < a.length; i++) {
    const same = a[i] === b[i] || (Number.isNaN(a[i]) && Number.isNaN(b[i]))
    if (same || Math.abs(a[i] - b[i]) <= atol + rtol * Math.abs(b[i])) continue
    throw new CloseError({
      op: 'allClose',
      problem: `element ${i} of ${show(got.shape)} differs by ${Math.abs(a[i] - b[i])}`,
      got: String(a[i]),
      expected: `${b[i]} within ${atol} + ${rtol} |expected|`,
    })
  }
  return true
}

/**
 * Runs `fn` and checks that it left no more live blocks on `backend` than it found, beyond `allowed`.
 * @throws CloseError with the count.
 */
export const expectNoLeaks = (
  backend: { memory(): { readonly blocks: number } },
  fn: () => void,
  allowed = 0,
): void => {
  const before = backend.memory().blocks
  fn()
  const left = backend.memory().blocks - before
  if (left > allowed) {
    throw new CloseError({
      op: 'expectNoLeaks',
      problem: 'blocks were left behind',
      got: String(left),
      expected: `at most ${allowed}`,
    })
  }
}
