import { BackendError, ShapeError, ValueError } from '@lanewise/core'

/** One stored state. */
export interface StoredState {
  readonly key: string
  readonly bytes: Uint8Array
  /** Grows with every change; no two states of a store ever have the same, not even after a delete. */
  readonly version: number
}

/** One change: bytes to keep under a key, or null to delete it. */
export interface StateChange {
  readonly key: string
  readonly bytes: Uint8Array | null
  /** The version that must be there for the change to take place, null where nothing may be; absent, it is not checked. */
  readonly expected?: number | null
}

/** What became of changes: all took place, or none did because these keys had another version. */
export type CommitResult =
  | { readonly ok: true; readonly versions: readonly number[] }
  | { readonly ok: false; readonly conflicts: readonly string[] }

/** What {@link StateStore.list} takes. */
export interface ListOptions {
  /** What the keys begin with. Default everything. */
  readonly prefix?: string
  /** Only keys after this one: the last of the page before. */
  readonly after?: string
  /** Default 100. */
  readonly limit?: number
}

/**
 * Keeps learner states as bytes under keys such as `bkt/ann`. What is given and what is returned are copies.
 * Keys are text of 1 to 512 characters without NUL, lone surrogates and U+10FFFF. All adapters pass the suite
 * `stateStoreConformance` of `@lanewise/edu-recsys/testing`.
 */
export interface StateStore {
  /** The state under a key, or null. */
  get(key: string): Promise<StoredState | null>
  /** States in the order of their keys' code points. */
  list(options?: ListOptions): Promise<StoredState[]>
  /** Makes all changes or none. A version is 0 for a deleted key. No key may come twice. */
  commit(changes: readonly StateChange[]): Promise<CommitResult>
  /** Ends the use; every later call is an error. Closing again does nothing. */
  close(): Promise<void>
}

/** What a key may hold. Lone surrogates cannot be written as UTF-8; the other two are needed as marks. */
const isKey = (key: unknown): boolean =>
  typeof key === 'string' && key.length >= 1 && key.length <= 512 && !/[\0\u{10ffff}\p{Surrogate}]/u.test(key)

/** Checks a key, for authors of adapters. */
export const checkKey = (op: string, key: string): void => {
  if (isKey(key)) return
  throw new ValueError({
    op,
    problem: 'not a key',
    got: JSON.stringify(key)?.slice(0, 60) ?? String(key),
    expected: 'text of 1 to 512 characters without NUL, lone surrogates and U+10FFFF',
  })
}

/** Checks changes as a whole before any takes place, for authors of adapters. */
export const checkChanges = (op: string, changes: readonly StateChange[]): void => {
  const seen = new Set<string>()
  for (const { key, bytes, expected } of changes) {
    checkKey(op, key)
    if (seen.has(key)) throw new ValueError({ op, problem: 'a key comes twice', got: key, expected: 'each key once' })
    seen.add(key)
    if (bytes !== null && !(bytes instanceof Uint8Array))
      throw new ValueError({
        op,
        problem: `not the bytes of ${key}`,
        got: typeof bytes,
        expected: 'a Uint8Array or null',
      })
    if (expected !== undefined && expected !== null && !(Number.isSafeInteger(expected) && expected >= 1))
      throw new ValueError({
        op,
        problem: `not a version of ${key}`,
        got: String(expected),
        expected: 'an integer >= 1 or null',
      })
  }
}

/** Checks and completes what a list is asked for, for authors of adapters. */
export const checkList = (op: string, { prefix = '', after = '', limit = 100 }: ListOptions): Required<ListOptions> => {
  if (prefix !== '') checkKey(op, prefix)
  if (after !== '') checkKey(op, after)
  if (!(Number.isSafeInteger(limit) && limit >= 1))
    throw new ShapeError({ op, problem: 'not a length', got: String(limit), expected: 'an integer >= 1' })
  return { prefix, after, limit }
}

/** The error of a store that is used after its end, for authors of adapters. */
export const closedError = (op: string): BackendError =>
  new BackendError({ op, problem: 'the store is closed', advice: 'Open it again' })

/**
 * Changes one state by what it is: reads it, computes the new one, and tries again when somebody else was faster.
 * @param change - the new bytes, or null to delete; given null where there is no state yet
 * @param options.attempts - tries before giving up. Default 10.
 * @returns the new version, 0 when deleted
 * @throws BackendError when every attempt met another writer.
 * @example
 * const store = new MemoryStore()
 * const count = (bytes) => Uint8Array.of((bytes?.[0] ?? 0) + 1)
 * await updateState(store, 'answers/ann', count)
 * await updateState(store, 'answers/ann', count)
 * const stored = await store.get('answers/ann')
 * stored?.bytes // => [2]
 */
export const updateState = async (
  store: StateStore,
  key: string,
  change: (bytes: Uint8Array | null) => Uint8Array | null,
  options: { readonly attempts?: number } = {},
): Promise<number> => {
  const { attempts = 10 } = options
  for (let attempt = 0; attempt < attempts; attempt++) {
    const before = await store.get(key)
    const bytes = change(before?.bytes ?? null)
    const result = await store.commit([{ key, bytes, expected: before?.version ?? null }])
    if (result.ok) return result.versions[0] ?? 0
  }
  throw new BackendError({
    op: 'updateState',
    problem: `${key} was changed by somebody else every time`,
    got: `${attempts} attempts`,
    advice: 'Try again later, or pass more attempts',
  })
}
