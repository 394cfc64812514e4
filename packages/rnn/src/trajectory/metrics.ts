import { ShapeError, tensor, type Tensor } from '@lanewise/core'

/** Mean errors of predicted tracks, in the tracks' unit. */
export interface DisplacementErrors {
  /** Mean distance over all steps. */
  readonly ade: number
  /** Mean distance at the last step. */
  readonly fde: number
}

/**
 * Average and final displacement error. Shape: both [N, T, 2].
 * @throws ShapeError when the shapes differ or are not such.
 * @example
 * import { tensor } from '@lanewise/core'
 * displacementErrors(tensor([[[0, 0], [3, 4]]]), tensor([[[0, 0], [0, 0]]])) // => { ade: 2.5, fde: 5 }
 */
export const displacementErrors = (predicted: Tensor, truth: Tensor): DisplacementErrors => {
  if (truth.rank !== 3 || truth.shape[2] !== 2 || truth.size === 0 || predicted.shape.join() !== truth.shape.join()) {
    throw new ShapeError({
      op: 'displacementErrors',
      problem: 'the tracks do not fit each other',
      got: `[${predicted.shape.join(', ')}] and [${truth.shape.join(', ')}]`,
      expected: '[N, T, 2] of both, with at least one position',
    })
  }
  const [N, T] = truth.shape
  const [p, q] = [predicted.dataSync(), truth.dataSync()]
  let [all, last] = [0, 0]
  for (let i = 0; i < N * T; i++) {
    const [dx, dy] = [p[2 * i] - q[2 * i], p[2 * i + 1] - q[2 * i + 1]]
    const distance = Math.sqrt(dx * dx + dy * dy)
    all += distance
    if (i % T === T - 1) last += distance
  }
  return { ade: all / (N * T), fde: last / N }
}

/**
 * Goes on as the last two positions say. Shape: history [N, T, 2], T >= 2 -> [N, steps, 2].
 * @throws ShapeError when the history is not such.
 * @example
 * import { tensor } from '@lanewise/core'
 * constantVelocity(tensor([[[0, 0], [1, 2]]]), 2).toArray() // => [[[2, 4], [3, 6]]]
 */
export const constantVelocity = (history: Tensor, steps: number): Tensor => {
  if (history.rank !== 3 || history.shape[2] !== 2 || history.shape[1] < 2) {
    throw new ShapeError({
      op: 'constantVelocity',
      problem: 'the history does not fit',
      got: `[${history.shape.join(', ')}]`,
      expected: '[N, T, 2] with T >= 2',
    })
  }
  const [N, T] = history.shape
  const seen = history.dataSync()
  const found = new Float32Array(N * steps * 2)
  for (let n = 0; n < N; n++) {
    for (let axis = 0; axis < 2; axis++) {
      const last = (n * T + T - 1) * 2 + axis
      const velocity = seen[last] - seen[last - 2]
      for (let t = 0; t < steps; t++) found[(n * steps + t) * 2 + axis] = seen[last] + (t + 1) * velocity
    }
  }
  return tensor(found, { shape: [N, steps, 2] })
}
