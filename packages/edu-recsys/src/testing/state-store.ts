import { ValueError } from '@lanewise/core'
import type { StateStore } from '../store/store.ts'
import { updateState } from '../store/store.ts'

/** One case of a conformance suite; it throws where the store is wrong. */
export interface StateStoreCase {
  readonly name: string
  /**
   * Holds a store to this case.
   * @param open - gives a new, empty store at each call
   */
  run(open: () => Promise<StateStore>): Promise<void>
}

const show = (value: unknown): string =>
  JSON.stringify(value, (_, item: unknown) => (item instanceof Uint8Array ? [...item] : item)) ?? 'undefined'

const same = (what: string, got: unknown, expected: unknown): void => {
  if (show(got) !== show(expected))
    throw new ValueError({ op: 'stateStoreConformance', problem: what, got: show(got), expected: show(expected) })
}

const refused = async (what: string, call: () => Promise<unknown>, code: string): Promise<void> => {
  const outcome = await call().then(
    () => 'no error',
    (error: unknown) => (error instanceof Error && 'code' in error ? error.code : String(error)),
  )
  same(what, outcome, code)
}

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values)
const put = (store: StateStore, ...keys: string[]): Promise<unknown> =>
  store.commit(keys.map((key, i) => ({ key, bytes: bytes(i) })))
const keysOf = (states: readonly { key: string }[]): string[] => states.map(({ key }) => key)

/**
 * What every {@link StateStore} has to do, as cases for any test runner.
 * @example
 * const open = async () => new MemoryStore()
 * for (const { run } of stateStoreConformance) await run(open)
 * stateStoreConformance.length > 10 // => true
 */
export const stateStoreConformance: readonly StateStoreCase[] = [
  {
    name: 'keeps bytes',
    run: async (open) => {
      const store = await open()
      same('an absent key', await store.get('a'), null)
      await store.commit([{ key: 'a', bytes: bytes(1, 2, 255) }])
      same('the bytes', (await store.get('a'))?.bytes, bytes(1, 2, 255))
      same('the key', (await store.get('a'))?.key, 'a')
      await store.commit([{ key: 'a', bytes: bytes(9) }])
      same('the newer bytes', (await store.get('a'))?.bytes, bytes(9))
    },
  },
  {
    name: 'keeps empty and large states',
    run: async (open) => {
      const store = await open()
      const large = Uint8Array.from({ length: 1 << 20 }, (_, i) => (i * 31) & 255)
      await store.commit([
        { key: 'empty', bytes: bytes() },
        { key: 'large', bytes: large },
      ])
      same('an empty state', (await store.get('empty'))?.bytes, bytes())
      const back = (await store.get('large'))?.bytes
      same('the length', back?.length, large.length)
      same(
        'the bytes',
        back?.every((value, i) => value === large[i]),
        true,
      )
    },
  },
  {
    name: 'copies what it is given and what it gives',
    run: async (open) => {
      const store = await open()
      const given = bytes(1)
      await store.commit([{ key: 'a', bytes: given }])
      given[0] = 7
      const read = await store.get('a')
      same('after the caller changed its array', read?.bytes, bytes(1))
      read?.bytes.fill(8)
      same('after the reader changed its array', (await store.get('a'))?.bytes, bytes(1))
    },
  },
  {
    name: 'keeps a part of a larger buffer, and only that',
    run: async (open) => {
      const store = await open()
      await store.commit([{ key: 'a', bytes: bytes(1, 2, 3, 4).subarray(1, 3) }])
      same('the part', (await store.get('a'))?.bytes, bytes(2, 3))
    },
  },
  {
    name: 'gives each change a version of its own',
    run: async (open) => {
      const store = await open()
      const first = await store.commit([{ key: 'a', bytes: bytes(1) }])
      const second = await store.commit([{ key: 'b', bytes: bytes(1) }])
      await store.commit([{ key: 'a', bytes: null }])
      const third = await store.commit([{ key: 'a', bytes: bytes(1) }])
      const versions = [first, second, third].map((result) => (result.ok ? result.versions[0] : undefined))
      same(
        'distinct and growing',
        versions,
        [...new Set(versions)].sort((x, y) => (x ?? 0) - (y ?? 0)),
      )
      same('three of them', new Set(versions).size, 3)
      same('the version read', (await store.get('a'))?.version, versions[2])
    },
  },
  {
    name: 'changes only what has the expected version',
    run: async (open) => {
      const store = await open()
      await store.commit([{ key: 'a', bytes: bytes(1), expected: null }])
      const { version = -1 } = (await store.get('a')) ?? {}
      same('a second creation', await store.commit([{ key: 'a', bytes: bytes(2), expected: null }]), {
        ok: false,
        conflicts: ['a'],
      })
      same('a stale change', await store.commit([{ key: 'a', bytes: bytes(2), expected: version + 1 }]), {
        ok: false,
        conflicts: ['a'],
      })
      same('a change of nothing', await store.commit([{ key: 'b', bytes: bytes(2), expected: version }]), {
        ok: false,
        conflicts: ['b'],
      })
      same('a fresh change', (await store.commit([{ key: 'a', bytes: bytes(3), expected: version }])).ok, true)
      same('the state', (await store.get('a'))?.bytes, bytes(3))
    },
  },
  {
    name: 'deletes, with and without an expected version',
    run: async (open) => {
      const store = await open()
      await put(store, 'a', 'b')
      same('deleted', await store.commit([{ key: 'a', bytes: null }]), { ok: true, versions: [0] })
      same('gone', await store.get('a'), null)
      same('deleted again', await store.commit([{ key: 'a', bytes: null }]), { ok: true, versions: [0] })
      same('a stale delete', (await store.commit([{ key: 'b', bytes: null, expected: null }])).ok, false)
      same('still there', (await store.get('b'))?.bytes, bytes(1))
    },
  },
  {
    name: 'makes all changes or none',
    run: async (open) => {
      const store = await open()
      await put(store, 'a')
      const result = await store.commit([
        { key: 'a', bytes: null },
        { key: 'b', bytes: bytes(5) },
        { key: 'c', bytes: bytes(5), expected: 3 },
      ])
      same('the conflict', result, { ok: false, conflicts: ['c'] })
      same('nothing was changed', keysOf(await store.list()), ['a'])
    },
  },
  {
    name: 'refuses bad changes before any takes place',
    run: async (open) => {
      const store = await open()
      const good = { key: 'good', bytes: bytes(1) }
      for (const key of ['', '\0', 'a\0b', '\ud800', 'x'.repeat(513), 'a\u{10ffff}'])
        await refused(`the key ${show(key)}`, () => store.commit([good, { key, bytes: bytes(1) }]), 'VALUE')
      await refused('a key given twice', () => store.commit([good, good]), 'VALUE')
      await refused(
        'an impossible version',
        () => store.commit([good, { key: 'b', bytes: null, expected: 0.5 }]),
        'VALUE',
      )
      await refused('the key of a get', () => store.get(''), 'VALUE')
      await refused('a limit of 0', () => store.list({ limit: 0 }), 'SHAPE')
      same('nothing was changed', await store.list(), [])
    },
  },
  {
    name: 'lists by code points, by prefix and in pages',
    run: async (open) => {
      const store = await open()
      await put(store, 'b/2', '\u{1f600}', 'b/10', 'B', 'a', 'é', 'b', '\uff5e', 'b/1')
      const ordered = ['B', 'a', 'b', 'b/1', 'b/10', 'b/2', 'é', '\uff5e', '\u{1f600}']
      same('everything', keysOf(await store.list()), ordered)
      same('a prefix', keysOf(await store.list({ prefix: 'b/' })), ['b/1', 'b/10', 'b/2'])
      same('a prefix without keys', keysOf(await store.list({ prefix: 'c' })), [])
      same('the first page', keysOf(await store.list({ limit: 4 })), ordered.slice(0, 4))
      same('the next page', keysOf(await store.list({ limit: 4, after: 'b/1' })), ordered.slice(4, 8))
      same('a page of a prefix', keysOf(await store.list({ prefix: 'b/', after: 'b/10' })), ['b/2'])
      same('the bytes', (await store.list({ prefix: 'b/10' }))[0]?.bytes, bytes(2))
    },
  },
  {
    name: 'takes keys with quotes, percent signs and wildcards as they are',
    run: async (open) => {
      const store = await open()
      const keys = ["'; DROP TABLE state; --", '%', '*', '_', 'a_b', 'aXb']
      await put(store, ...keys)
      for (const [i, key] of keys.entries()) same(key, (await store.get(key))?.bytes, bytes(i))
      same('an underscore is no wildcard', keysOf(await store.list({ prefix: 'a_' })), ['a_b'])
      same('all are there', (await store.list()).length, keys.length)
    },
  },
  {
    name: 'loses no update among many',
    run: async (open) => {
      const store = await open()
      const add = (state: Uint8Array | null): Uint8Array => bytes((state?.[0] ?? 0) + 1)
      await Promise.all(Array.from({ length: 20 }, () => updateState(store, 'count', add, { attempts: 100 })))
      same('the count', (await store.get('count'))?.bytes, bytes(20))
    },
  },
  {
    name: 'takes an empty list of changes',
    run: async (open) => {
      const store = await open()
      same('the result', await store.commit([]), { ok: true, versions: [] })
    },
  },
  {
    name: 'ends with close',
    run: async (open) => {
      const store = await open()
      await put(store, 'a')
      await store.close()
      await store.close()
      await refused('get', () => store.get('a'), 'BACKEND')
      await refused('list', () => store.list(), 'BACKEND')
      await refused('commit', () => store.commit([]), 'BACKEND')
    },
  },
]
