import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { writeFileAtomic } from '@lanewise/core/node'
import fc from 'fast-check'
import initSqlJs from 'sql.js'
import { expect, test } from 'vitest'
import { stateStoreConformance } from '../testing/index.ts'
import { MemoryStore } from './memory.ts'
import { openSqliteStore } from './sqlite.ts'
import { updateState, type StateStore } from './store.ts'

const adapters: readonly [name: string, open: () => Promise<StateStore>][] = [
  ['memory', async () => new MemoryStore()],
  ['sqlite', () => openSqliteStore()],
]
for (const [adapter, open] of adapters)
  for (const { name, run } of stateStoreConformance) test(`${adapter}: ${name}`, () => run(open))

test('the suite finds a store that forgets to copy', async () => {
  class Careless extends MemoryStore {
    readonly #kept: Map<string, Uint8Array> = new Map()
    override async commit(changes: Parameters<MemoryStore['commit']>[0]): ReturnType<MemoryStore['commit']> {
      for (const { key, bytes } of changes) if (bytes) this.#kept.set(key, bytes)
      return super.commit(changes)
    }
    override async get(key: string): ReturnType<MemoryStore['get']> {
      const state = await super.get(key)
      return state && { ...state, bytes: this.#kept.get(key) ?? state.bytes }
    }
  }
  const failures: string[] = []
  for (const { name, run } of stateStoreConformance)
    await run(async () => new Careless()).catch(() => failures.push(name))
  expect(failures).toEqual(['copies what it is given and what it gives'])
})

test('both adapters agree on any course of changes', async () => {
  const key = fc.constantFrom('a', 'b', 'b/c', 'é', '\u{1f600}', '\uff5e')
  const change = fc.record({
    key,
    bytes: fc.option(fc.uint8Array({ maxLength: 3 })),
    expected: fc.constantFrom(undefined, null, 1, 2, 3),
  })
  const commits = fc.array(fc.uniqueArray(change, { maxLength: 3, selector: (one) => one.key }), { maxLength: 12 })
  await fc.assert(
    fc.asyncProperty(commits, async (list) => {
      const stores = [new MemoryStore(), await openSqliteStore()]
      for (const changes of list) {
        const given = changes.map(({ expected, ...rest }) => (expected === undefined ? rest : { ...rest, expected }))
        const [x, y] = await Promise.all(stores.map((store) => store.commit(given)))
        expect(y).toEqual(x)
      }
      const [x, y] = await Promise.all(stores.map((store) => store.list()))
      expect(y).toEqual(x)
      await Promise.all(stores.map((store) => store.close()))
    }),
    { numRuns: 40 },
  )
})

test('a database outlives its store, by way of a file', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'store-'))
  try {
    const file = join(folder, 'states.db')
    const store = await openSqliteStore()
    await store.commit([
      { key: 'bkt/ann', bytes: Uint8Array.of(1, 2) },
      { key: 'bkt/bob', bytes: Uint8Array.of(3) },
    ])
    await store.commit([{ key: 'bkt/bob', bytes: null }])
    await writeFileAtomic(file, store.bytes())
    // Writing it out does not end the store.
    expect((await store.get('bkt/ann'))?.version).toBe(1)
    const again = await openSqliteStore({ bytes: new Uint8Array(readFileSync(file)) })
    expect(await again.get('bkt/ann')).toEqual({ key: 'bkt/ann', bytes: Uint8Array.of(1, 2), version: 1 })
    // Versions go on where they stood, though the state of version 2 is gone.
    expect(await again.commit([{ key: 'x', bytes: Uint8Array.of(0) }])).toEqual({ ok: true, versions: [3] })
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('SQLite may be handed in', async () => {
  const store = await openSqliteStore({ sqlite: await initSqlJs() })
  expect(await store.list()).toEqual([])
})

test('foreign and damaged files are refused, whatever they hold', async () => {
  const { Database } = await initSqlJs()
  const foreign = new Database()
  foreign.run('CREATE TABLE secrets (x)')
  await expect(openSqliteStore({ bytes: foreign.export() })).rejects.toThrowErrorMatchingInlineSnapshot(
    `[FormatError: openSqliteStore: not a store of learner states; got application id 0, expected a database that SqliteStore.bytes() wrote.]`,
  )
  const store = await openSqliteStore()
  await store.commit([{ key: 'a', bytes: new Uint8Array(5000) }])
  const good = store.bytes()
  const armed = new Database(good)
  armed.run('CREATE TRIGGER t AFTER INSERT ON state BEGIN DELETE FROM state; END')
  await expect(openSqliteStore({ bytes: armed.export() })).rejects.toThrow('the tables are not ours')
  await expect(openSqliteStore({ bytes: Uint8Array.of(1, 2, 3) })).rejects.toThrowErrorMatchingInlineSnapshot(
    `[FormatError: openSqliteStore: not an SQLite file; got 3 bytes, expected a database that SqliteStore.bytes() wrote.]`,
  )
  await expect(openSqliteStore({ bytes: new Uint8Array(0) })).rejects.toMatchObject({ code: 'FORMAT' })
  for (const cut of [100, 512, 4096, good.length - 4096])
    await expect(openSqliteStore({ bytes: good.slice(0, cut) })).rejects.toMatchObject({ code: 'FORMAT' })
})

test('flipped bytes give a store that works or a typed error', async () => {
  const store = await openSqliteStore()
  await store.commit([{ key: 'a', bytes: Uint8Array.of(1, 2, 3) }])
  const good = store.bytes()
  await fc.assert(
    fc.asyncProperty(fc.nat(good.length - 1), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
      const bytes = good.slice()
      bytes[at] ^= flip
      try {
        const opened = await openSqliteStore({ bytes })
        expect((await opened.list()).length).toBeLessThanOrEqual(1)
        await opened.close()
      } catch (error) {
        expect(error).toMatchObject({ code: 'FORMAT' })
      }
    }),
    { numRuns: 60 },
  )
})

test('an update gives up after its attempts', async () => {
  const store = new MemoryStore()
  const meddle = async (): Promise<void> => void (await store.commit([{ key: 'a', bytes: Uint8Array.of(0) }]))
  const slow: StateStore = {
    get: async (key) => {
      const state = await store.get(key)
      await meddle()
      return state
    },
    list: (options) => store.list(options),
    commit: (changes) => store.commit(changes),
    close: () => store.close(),
  }
  await expect(
    updateState(slow, 'a', () => Uint8Array.of(1), { attempts: 3 }),
  ).rejects.toThrowErrorMatchingInlineSnapshot(
    `[BackendError: updateState: a was changed by somebody else every time; got 3 attempts. Try again later, or pass more attempts.]`,
  )
  expect(await updateState(store, 'a', () => null)).toBe(0)
})

test('a closed store says so', async () => {
  const store = await openSqliteStore()
  await store.close()
  expect(() => store.bytes()).toThrowErrorMatchingInlineSnapshot(
    `[BackendError: SqliteStore.bytes: the store is closed. Open it again.]`,
  )
  await expect(new MemoryStore().get('')).rejects.toThrowErrorMatchingInlineSnapshot(
    `[ValueError: get: not a key; got "", expected text of 1 to 512 characters without NUL, lone surrogates and U+10FFFF.]`,
  )
})
