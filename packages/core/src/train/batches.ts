import { AbortError, ValueError } from '../errors.ts'
import { DataLoader, type LoaderPosition } from '../data/loader.ts'
import { forget, scope } from '../tensor/scope.ts'
import { Tensor } from '../tensor/tensor.ts'

/** What gives batches, once for each pass over it: a {@link DataLoader}, an array, or anything to loop over. */
export type Batches<B> = Iterable<B> | AsyncIterable<B>

/** A pass over batches. */
export interface Pass<B> {
  next(): B | undefined | Promise<B | undefined>
  /** Where it stands, for sources that can go on from there. */
  position(): LoaderPosition | null
}

const isPromise = <T>(value: T | Promise<T>): value is Promise<T> => value instanceof Promise

/** Starts a pass, or goes on with one. */
export const startPass = <B>(source: Batches<B>, from: LoaderPosition | null): Pass<B> => {
  if (source instanceof DataLoader) {
    const pass = (source as DataLoader<unknown, B>).pass(from ?? undefined)
    return { next: () => pass.read(), position: () => pass.position() }
  }
  if (from !== null) {
    throw new ValueError({
      op: 'fit',
      problem: 'the checkpoint stands within an epoch',
      got: 'batches that always start anew',
      expected: 'a DataLoader',
    })
  }
  const iterator = Symbol.iterator in source ? source[Symbol.iterator]() : source[Symbol.asyncIterator]()
  return {
    next: () => {
      const result = iterator.next()
      if (isPromise(result)) return result.then((r) => (r.done === true ? undefined : r.value))
      return result.done === true ? undefined : result.value
    },
    position: () => null,
  }
}

/**
 * Takes the next batch and runs `body` on it in one scope, which releases the batch too, unless its source holds it
 * or gave a Promise. Gives null at the end.
 */
export const runNext = async <B, T>(pass: Pass<B>, body: (batch: B) => T): Promise<{ readonly value: T } | null> => {
  const now = scope((): { later: Promise<B | undefined> } | { value: T } | null => {
    const batch = pass.next()
    if (isPromise(batch)) {
      forget()
      return { later: batch }
    }
    return batch === undefined ? null : { value: body(batch) }
  })
  if (now === null || 'value' in now) return now
  const batch = await now.later
  return batch === undefined ? null : { value: scope(() => body(batch)) }
}

/** Throws when the signal was aborted. */
export const checkSignal = (op: string, signal: AbortSignal | undefined): void => {
  if (signal?.aborted === true) throw new AbortError({ op, problem: 'stopped by its signal', cause: signal.reason })
}

/** The first two tensors of a batch: input and target. */
export const pairOf = (op: string, batch: unknown): readonly [Tensor, Tensor] => {
  if (Array.isArray(batch) && batch[0] instanceof Tensor && batch[1] instanceof Tensor) return [batch[0], batch[1]]
  throw new ValueError({
    op,
    problem: 'a batch is not a pair of tensors',
    got: Array.isArray(batch) ? `an array of ${batch.length}` : typeof batch,
    expected: '[input, target]',
    advice: 'Pass `objective`, which takes batches of any kind, instead of `loss`',
  })
}

/** Samples in a batch: the size of the first axis of its first tensor. */
export const countOf = (batch: unknown): number => {
  if (batch instanceof Tensor) return batch.shape[0] ?? 1
  if (Array.isArray(batch)) return batch.length > 0 ? countOf(batch[0]) : 0
  if (typeof batch === 'object' && batch !== null) return countOf(Object.values(batch))
  return 1
}

/** The value of a scalar on any backend. */
export const valueOf = async (x: Tensor): Promise<number> => (x.backend.synchronous ? x.item() : (await x.data())[0])

const breath = 100

/** Lets timers and events run now and then, so that long work can be stopped and shown. */
export const breather = (): (() => Promise<void>) => {
  let last = performance.now()
  return async () => {
    if (performance.now() - last < breath) return
    await new Promise((resume) => setTimeout(resume, 0))
    last = performance.now()
  }
}
