import { openSqliteStore } from '@lanewise/edu-recsys/sqlite'
import { stateStoreConformance } from '@lanewise/edu-recsys/testing'

/** The optional peer: SQLite as it is installed, held to the suite of every store, and written out and read again. */
export const run = async (): Promise<{ cases: number; kept: number[]; version: number | undefined }> => {
  for (const { name, run } of stateStoreConformance) {
    await run(() => openSqliteStore()).catch((cause: unknown) => {
      throw new Error(`sqlite: ${name}`, { cause })
    })
  }
  const store = await openSqliteStore()
  await store.commit([{ key: 'bkt/ann', bytes: Uint8Array.of(1, 2, 255) }])
  const again = await openSqliteStore({ bytes: store.bytes() })
  const state = await again.get('bkt/ann')
  return { cases: stateStoreConformance.length, kept: [...(state?.bytes ?? [])], version: state?.version }
}
