import { AbortError, FormatError, ValueError } from '../errors.ts'
import type { DataLoader, LoaderPosition } from '../data/loader.ts'
import type { Plain } from '../io/checkpoint.ts'
import { Generator } from '../random/generator.ts'
import { forget, scope } from '../tensor/scope.ts'
import { Tensor } from '../tensor/tensor.ts'

/** What gives batches, once for each pass over it: a {@link DataLoader}, an array, or anything to loop over. */
export type Batches<B> = Iterable<B> | AsyncIterable<B>

/** A pass over batches, from {@link startPass}. */
export interface Pass<B> {
  /** The next batch, or undefined at the end. */
  next(): B | undefined | Promise<B | undefined>
  /** Where it stands, for sources that can go on from there. */
  position(): LoaderPosition | null
}

/** Told by its shape: what loops over an array need not carry the loader. */
const isLoader = (source: Batches<unknown>): source is DataLoader<unknown, unknown> =>
  'pass' in source && typeof source.pass === 'function'

const isPromise = <T>(value: T | Promise<T>): value is Promise<T> => value instanceof Promise

const startsAnew = (op: string): ValueError =>
  new ValueError({
    op,
    problem: 'the checkpoint stands within an epoch',
    got: 'batches that always start anew',
    expected: 'a DataLoader',
    advice: 'Resume from a checkpoint that was saved after an epoch, or read the batches from a DataLoader',
  })

/**
 * Starts a pass over batches, or goes on with one: what a training loop of one's own reads from.
 * @param from - a position from {@link loadPosition}; null starts anew
 * @throws ValueError when the source cannot go on from a position.
 * @example startPass([1, 2], null).next() // => 1
 */
export const startPass = <B>(source: Batches<B>, from: LoaderPosition | null): Pass<B> => {
  if (isLoader(source)) {
    const pass = (source as DataLoader<unknown, B>).pass(from ?? undefined)
    return { next: () => pass.read(), position: () => pass.position() }
  }
  if (from !== null) throw startsAnew('fit')
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

const encode = (bytes: Uint8Array): string => Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('')
const decode = (text: string): Uint8Array =>
  Uint8Array.from({ length: text.length / 2 }, (_, i) => Number.parseInt(text.slice(2 * i, 2 * i + 2), 16))

/** A source's own generator of orders, where it has one. */
const generatorOf = (source: Batches<unknown>): Generator | null =>
  isLoader(source) ? (source.generator ?? null) : null

/**
 * Where a pass stands, with the source's own generator, for a checkpoint.
 * @param pass - null between passes
 * @throws ValueError when the pass cannot go on from where it stands.
 * @example savePosition([1, 2], null) // => { position: null, generator: null }
 */
export const savePosition = (source: Batches<unknown>, pass: Pass<unknown> | null): Plain => {
  const position = pass?.position() ?? null
  if (pass !== null && position === null) {
    throw new ValueError({
      op: 'fit',
      problem: 'a checkpoint within an epoch needs a loader that can go on',
      expected: 'a DataLoader',
      advice: 'Save after epochs only',
    })
  }
  const own = generatorOf(source)
  return {
    position: position === null ? null : { state: encode(position.state), next: position.next },
    generator: own === null ? null : encode(own.state()),
  }
}

/** What {@link savePosition} gave, as read. */
export interface SourcePosition {
  readonly position: LoaderPosition | null
  /** State of the source's own generator. */
  readonly generator: Uint8Array | null
}

type Fields = { readonly [name: string]: Plain }

const isFields = (value: Plain | undefined): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** A generator's state of hexadecimal digits. Throws when it is none. */
const readState = (text: Plain | undefined): Uint8Array => {
  if (typeof text !== 'string' || !/^[0-9a-f]*$/.test(text)) throw new TypeError('not hexadecimal digits')
  const state = decode(text)
  new Generator(0).setState(state)
  return state
}

/** What {@link readPosition} holds a position against. */
export interface PositionCheck {
  /** The batches that are to go on from there. */
  readonly source?: Batches<unknown>
  /** Batches of the epoch that are done, by the loop's own count. */
  readonly batch?: number
}

/** Throws unless the loop's count and the data tell of the same place, and the data reaches that far. */
const checkPlace = (next: number | null, { source, batch }: PositionCheck): void => {
  // A batch that failed was read, yet not counted.
  const fits = batch === 0 ? next === null : next === batch || next === batch! + 1
  if (batch !== undefined && !fits) throw new RangeError(`next is ${next} after ${batch} batches`)
  if (next === null || source === undefined || !isLoader(source)) return
  // At the end of a pass it stands one further.
  if (next > source.length + 1) throw new RangeError(`next is ${next} of ${source.length} batches`)
}

/**
 * Reads what {@link savePosition} gave, and sees that a source can be put there; changes nothing.
 * @param op - who asks, for the error
 * @throws FormatError when a part of it is missing, of another kind, or no place in this data; ValueError when it stands
 * within an epoch and the source always starts anew.
 * @example readPosition('fit', { position: null, generator: null }) // => { position: null, generator: null }
 */
export const readPosition = (op: string, saved: Plain | undefined, check: PositionCheck = {}): SourcePosition => {
  let found: SourcePosition
  try {
    found = parsePosition(saved)
    checkPlace(found.position?.next ?? null, check)
  } catch (cause) {
    throw new FormatError({
      op,
      problem: "the checkpoint's source cannot be read",
      got: String(cause),
      expected: 'a place in the data',
      advice: 'Pass a checkpoint that an event of fit gave, and the data of that run',
      cause,
    })
  }
  const { source } = check
  if (found.position !== null && source !== undefined && !isLoader(source)) throw startsAnew(op)
  return found
}

const parsePosition = (saved: Plain | undefined): SourcePosition => {
  if (!isFields(saved)) throw new TypeError('no fields')
  const { position, generator } = saved
  const own = generator === null ? null : readState(generator)
  if (position === null) return { position, generator: own }
  if (!isFields(position)) throw new TypeError('no position')
  const { state, next } = position
  if (!Number.isSafeInteger(next) || (next as number) < 0) throw new TypeError(`next is ${String(next)}`)
  return { position: { state: readState(state), next: next as number }, generator: own }
}

/**
 * Restores what {@link savePosition} gave.
 * @returns where to start the pass, or null at the start of one
 * @throws FormatError or ValueError, as {@link readPosition}; nothing is changed then.
 */
export const loadPosition = (source: Batches<unknown>, saved: Plain): LoaderPosition | null => {
  const { position, generator } = readPosition('loadPosition', saved, { source })
  if (generator !== null) generatorOf(source)?.setState(generator)
  return position
}

/**
 * Takes the next batch and runs `body` on it in one scope, which releases the batch too, unless its source holds it
 * or gave a Promise.
 * @returns what `body` gives, or null at the end
 * @example
 * const pass = startPass([tensor([1, 2])], null)
 * const result = await runNext(pass, (x) => sum(x).item())
 * result.value // => 3
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

/**
 * Makes a function that lets timers and events run now and then, so that long work can be stopped and shown.
 * Await it between batches; most calls cost nothing.
 * @example
 * const pause = breather()
 * await pause() // => undefined
 */
export const breather = (): (() => Promise<void>) => {
  let last = performance.now()
  return async () => {
    if (performance.now() - last < breath) return
    await new Promise((resume) => setTimeout(resume, 0))
    last = performance.now()
  }
}
