import { AbortError } from '@lanewise/core'
import { checkCount } from './recommend.ts'

/** A model that learns in passes over its data. */
export interface EpochModel<E> {
  /** One pass; returns what there is to report. */
  step(): E
}

/** What {@link epochs} takes. */
export interface EpochsOptions {
  /** Passes. */
  readonly epochs: number
  /** Stops between two passes; the model keeps what it has learned. */
  readonly signal?: AbortSignal
}

/**
 * Trains a recommender pass by pass and reports after each; between passes, other work gets its turn.
 * Stopping early leaves a model that works, and going on is a second call.
 * @throws AbortError when `signal` is aborted; ValueError when `epochs` is not a positive integer.
 * @example
 * import { Generator } from '@lanewise/core'
 * const train = interactions(parseRatings('a\tx\t1\na\ty\t1\nb\tx\t1\nc\tz\t1').ratings)
 * const model = new ImplicitAls(train, { factors: 4, generator: new Generator(0) })
 * const losses = []
 * for await (const { loss } of epochs(model, { epochs: 3 })) losses.push(loss)
 * losses[2] < losses[0] // => true
 */
export async function* epochs<E>(model: EpochModel<E>, { epochs: count, signal }: EpochsOptions): AsyncGenerator<E> {
  checkCount('epochs', 'passes', count)
  for (let epoch = 0; epoch < count; epoch++) {
    if (signal?.aborted) {
      throw new AbortError({
        op: 'epochs',
        problem: `stopped before pass ${epoch + 1} of ${count}`,
        cause: signal.reason,
      })
    }
    yield model.step()
    await new Promise<void>((resume) => setTimeout(resume))
  }
}
