import {
  checkChanges,
  checkKey,
  checkList,
  closedError,
  type CommitResult,
  type ListOptions,
  type StateChange,
  type StateStore,
  type StoredState,
} from './store.ts'

/** By code points, as UTF-8 sorts; JavaScript's own order is by UTF-16 units. */
const compareKeys = (a: string, b: string): number => {
  const [x, y] = [[...a], [...b]]
  const at = x.findIndex((character, i) => character !== y[i])
  if (at < 0 || at >= y.length) return x.length - y.length
  return (x[at].codePointAt(0) ?? 0) - (y[at].codePointAt(0) ?? 0)
}

const copied = ({ key, bytes, version }: StoredState): StoredState => ({ key, bytes: bytes.slice(), version })

/**
 * A {@link StateStore} in memory: for tests, for one process, and as the plain form of what the others do.
 * @example
 * const store = new MemoryStore()
 * await store.commit([{ key: 'bkt/ann', bytes: Uint8Array.of(1) }]) // => { ok: true, versions: [1] }
 * const again = await store.commit([{ key: 'bkt/ann', bytes: null, expected: 7 }])
 * again.ok // => false
 */
export class MemoryStore implements StateStore {
  readonly #states: Map<string, StoredState> = new Map()
  #version = 0
  #closed = false

  async get(key: string): Promise<StoredState | null> {
    this.#live('get')
    checkKey('get', key)
    const state = this.#states.get(key)
    return state === undefined ? null : copied(state)
  }

  async list(options: ListOptions = {}): Promise<StoredState[]> {
    this.#live('list')
    const { prefix, after, limit } = checkList('list', options)
    return [...this.#states.values()]
      .filter(({ key }) => key.startsWith(prefix) && compareKeys(key, after) > 0)
      .sort((a, b) => compareKeys(a.key, b.key))
      .slice(0, limit)
      .map(copied)
  }

  async commit(changes: readonly StateChange[]): Promise<CommitResult> {
    this.#live('commit')
    checkChanges('commit', changes)
    const conflicts = changes.filter(
      ({ key, expected }) => expected !== undefined && expected !== (this.#states.get(key)?.version ?? null),
    )
    if (conflicts.length > 0) return { ok: false, conflicts: conflicts.map(({ key }) => key) }
    const versions = changes.map(({ key, bytes }) => {
      if (bytes === null) {
        this.#states.delete(key)
        return 0
      }
      this.#states.set(key, { key, bytes: bytes.slice(), version: ++this.#version })
      return this.#version
    })
    return { ok: true, versions }
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#states.clear()
  }

  #live(op: string): void {
    if (this.#closed) throw closedError(`MemoryStore.${op}`)
  }
}
