import { amax, amin, DTypeError, ShapeError, Tensor, ValueError, type Shape } from '@lanewise/core'

/** Samples [N, ...], or samples with their labels [N]. */
export type SampleBatch = Tensor | readonly Tensor[]

const show = (shape: Shape): string => `[${shape.join(',')}]`

/**
 * The samples of a batch.
 * @throws ShapeError, DTypeError or ValueError when they are not what the model makes.
 */
export const samplesOf = (op: string, batch: SampleBatch, shape: Shape): Tensor => {
  const x: unknown = batch instanceof Tensor ? batch : batch[0]
  if (!(x instanceof Tensor)) {
    throw new ValueError({
      op,
      problem: 'a batch holds no samples',
      got: typeof x,
      expected: `a tensor [N,${shape.join(',')}], or [samples, labels]`,
    })
  }
  if (x.shape.length !== shape.length + 1 || shape.some((n, i) => x.shape[i + 1] !== n)) {
    throw new ShapeError({
      op,
      problem: 'the samples have another shape than the model makes',
      got: show(x.shape),
      expected: `[N,${shape.join(',')}]`,
      advice: 'Resize or pad them, or build the model for this size',
    })
  }
  if (x.dtype === 'f32' || x.dtype === 'f64') return x
  throw new DTypeError({
    op,
    problem: 'samples are not fractions',
    got: x.dtype,
    expected: 'f32',
    advice: 'Scale pixels to [-1, 1]',
  })
}

/**
 * The labels of a batch, as long as its samples.
 * @throws ValueError or ShapeError when there are none, or they do not fit.
 */
export const labelsOf = (op: string, batch: SampleBatch): Tensor => {
  const [x, labels] = batch instanceof Tensor ? [batch] : batch
  if (labels instanceof Tensor && labels.rank === 1 && labels.shape[0] === x.shape[0]) return labels
  const got = labels instanceof Tensor ? show(labels.shape) : 'samples alone'
  throw new ShapeError({
    op,
    problem: 'a conditional model needs labels',
    got,
    expected: '[samples [N, ...], labels [N]]',
  })
}

/** Generators that end in tanh give [-1, 1]: real samples beyond it are told apart by that alone. */
export const checkRange = (op: string, x: Tensor): void => {
  if (!x.backend.synchronous || x.size === 0) return
  const [low, high] = [amin(x), amax(x)]
  const [least, most] = [low.item(), high.item()]
  low.dispose()
  high.dispose()
  if (least >= -1 && most <= 1) return
  throw new ValueError({
    op,
    problem: 'samples lie outside of what the generator can make',
    got: `values from ${least} to ${most}`,
    expected: 'values in [-1, 1]',
    advice: 'Scale bytes by x / 127.5 - 1',
  })
}
