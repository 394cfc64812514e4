import { BackendError, FormatError } from '@lanewise/core'
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

type Value = number | string | Uint8Array | null

/** What is needed of a database of sql.js. */
export interface SqliteDatabase {
  /** Carries out a statement. */
  run(sql: string, params?: Value[]): unknown
  /** The rows of each statement. */
  exec(sql: string, params?: Value[]): { values: Value[][] }[]
  /** The database as the bytes of a file. */
  export(): Uint8Array
  /** Frees its memory. */
  close(): void
}

/** What `await initSqlJs()` of sql.js gives. */
export interface SqliteModule {
  readonly Database: new (data?: Uint8Array | null) => SqliteDatabase
}

/** What {@link openSqliteStore} takes. */
export interface SqliteStoreOptions {
  /** A database file that {@link SqliteStore.bytes} wrote. Default a new database. */
  readonly bytes?: Uint8Array
  /** SQLite as `await initSqlJs(...)` gives it, where its binary has to be found in another way. Default sql.js is imported. */
  readonly sqlite?: SqliteModule
}

const APPLICATION = 0x6c77656e
const TABLE = 'CREATE TABLE state (key TEXT PRIMARY KEY, bytes BLOB NOT NULL, version INTEGER NOT NULL) WITHOUT ROWID'
const COUNTER = 'CREATE TABLE counter (version INTEGER NOT NULL)'

/** Rows of the last statement. */
const rows = (db: SqliteDatabase, sql: string, params: Value[] = []): Value[][] =>
  db.exec(sql, params).at(-1)?.values ?? []

const importSqlite = async (): Promise<SqliteModule> => {
  try {
    const { default: init } = await import('sql.js')
    return await init()
  } catch (cause) {
    throw new BackendError({
      op: 'openSqliteStore',
      problem: 'sql.js cannot be loaded',
      got: cause instanceof Error ? cause.message : String(cause),
      advice: 'npm install sql.js, or pass sqlite: await initSqlJs({ ... }) of it',
      cause,
    })
  }
}

const formatError = (problem: string, got: string, cause?: unknown): FormatError =>
  new FormatError({
    op: 'openSqliteStore',
    problem,
    got,
    expected: 'a database that SqliteStore.bytes() wrote',
    ...(cause !== undefined && { cause }),
  })

const isSqlite = (bytes: Uint8Array): boolean =>
  new TextDecoder('latin1').decode(bytes.subarray(0, 16)) === 'SQLite format 3\0'

/** Refuses every database but our own: a foreign one could carry triggers and views. */
const checkSchema = (db: SqliteDatabase): void => {
  const [[application] = []] = rows(db, 'PRAGMA application_id')
  if (application !== APPLICATION)
    throw formatError('not a store of learner states', `application id ${String(application)}`)
  const schema = rows(db, 'SELECT sql FROM sqlite_master ORDER BY name').map(([sql]) => String(sql))
  if (schema.length !== 2 || schema[0] !== COUNTER || schema[1] !== TABLE)
    throw formatError('the tables are not ours', schema.join('; ').slice(0, 80))
  const [[report] = []] = rows(db, 'PRAGMA integrity_check(1)')
  if (report !== 'ok') throw formatError('the database is damaged', String(report).slice(0, 80))
  const [[counters, largest] = []] = rows(
    db,
    'SELECT count(*), (SELECT max(version) FROM state) <= max(version) FROM counter',
  )
  if (counters !== 1 || largest === 0) throw formatError('the versions do not fit', `${String(counters)} counters`)
}

const create = (db: SqliteDatabase): void => {
  db.run(`PRAGMA application_id = ${APPLICATION}`)
  db.run(TABLE)
  db.run(COUNTER)
  db.run('INSERT INTO counter VALUES (0)')
}

const openDatabase = ({ Database }: SqliteModule, bytes: Uint8Array | undefined): SqliteDatabase => {
  if (bytes === undefined) {
    const db = new Database()
    create(db)
    return db
  }
  if (!isSqlite(bytes)) throw formatError('not an SQLite file', `${bytes.length} bytes`)
  const db = new Database(bytes)
  try {
    checkSchema(db)
    return db
  } catch (error) {
    db.close()
    throw FormatError.is(error) ? error : formatError('the database cannot be read', String(error).slice(0, 80), error)
  }
}

/**
 * A {@link StateStore} in an SQLite database, which lives in memory and is written out as the bytes of a file.
 * @throws BackendError when sql.js is not installed; FormatError when `bytes` are not such a database.
 * @source SQLite as WebAssembly: https://github.com/sql-js/sql.js
 * @example
 * const store = await openSqliteStore()
 * await store.commit([{ key: 'bkt/ann', bytes: Uint8Array.of(1, 2) }])
 * const again = await openSqliteStore({ bytes: store.bytes() })
 * const state = await again.get('bkt/ann')
 * state?.bytes // => [1, 2]
 */
export const openSqliteStore = async ({ bytes, sqlite }: SqliteStoreOptions = {}): Promise<SqliteStore> =>
  new SqliteStore(openDatabase(sqlite ?? (await importSqlite()), bytes))

/** The store that {@link openSqliteStore} opens. */
export class SqliteStore implements StateStore {
  #db: SqliteDatabase | null

  constructor(db: SqliteDatabase) {
    this.#db = db
  }

  async get(key: string): Promise<StoredState | null> {
    const db = this.#live('get')
    checkKey('get', key)
    const [row] = rows(db, 'SELECT key, bytes, version FROM state WHERE key = ?', [key])
    return row === undefined ? null : stateOf(row)
  }

  async list(options: ListOptions = {}): Promise<StoredState[]> {
    const db = this.#live('list')
    const { prefix, after, limit } = checkList('list', options)
    const sql = 'SELECT key, bytes, version FROM state WHERE key >= ? AND key < ? AND key > ? ORDER BY key LIMIT ?'
    return rows(db, sql, [prefix, `${prefix}\u{10ffff}`, after, limit]).map(stateOf)
  }

  async commit(changes: readonly StateChange[]): Promise<CommitResult> {
    const db = this.#live('commit')
    checkChanges('commit', changes)
    db.run('BEGIN IMMEDIATE')
    try {
      const result = commitInside(db, changes)
      db.run(result.ok ? 'COMMIT' : 'ROLLBACK')
      return result
    } catch (error) {
      db.run('ROLLBACK')
      throw error
    }
  }

  /**
   * The database as a file. In Node, `writeFileAtomic(path, store.bytes())` of `@lanewise/core/node` keeps the old file
   * whole until the new one is complete.
   */
  bytes(): Uint8Array {
    return this.#live('bytes').export()
  }

  async close(): Promise<void> {
    this.#db?.close()
    this.#db = null
  }

  #live(op: string): SqliteDatabase {
    if (this.#db === null) throw closedError(`SqliteStore.${op}`)
    return this.#db
  }
}

const stateOf = ([key, bytes, version]: Value[]): StoredState => ({
  key: String(key),
  // An empty blob comes back as null.
  bytes: bytes instanceof Uint8Array ? bytes.slice() : new Uint8Array(0),
  version: Number(version),
})

const commitInside = (db: SqliteDatabase, changes: readonly StateChange[]): CommitResult => {
  const versionOf = (key: string): Value => rows(db, 'SELECT version FROM state WHERE key = ?', [key])[0]?.[0] ?? null
  const conflicts = changes.filter(({ key, expected }) => expected !== undefined && versionOf(key) !== expected)
  if (conflicts.length > 0) return { ok: false, conflicts: conflicts.map(({ key }) => key) }
  let version = Number(rows(db, 'SELECT version FROM counter')[0]?.[0])
  const versions = changes.map(({ key, bytes }) => {
    if (bytes === null) {
      db.run('DELETE FROM state WHERE key = ?', [key])
      return 0
    }
    const put =
      'INSERT INTO state VALUES (?, ?, ?) ON CONFLICT (key) DO UPDATE SET bytes = excluded.bytes, version = excluded.version'
    db.run(put, [key, bytes, ++version])
    return version
  })
  db.run('UPDATE counter SET version = ?', [version])
  return { ok: true, versions }
}
