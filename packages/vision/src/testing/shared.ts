import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = new URL('../../../../', import.meta.url)

/** A file or folder of the real data, `LANEWISE_DATA` or ../shared/data; null where it is not there. */
export const dataPath = (name: string): string | null => {
  const base = process.env.LANEWISE_DATA ?? fileURLToPath(new URL('../shared/data', root))
  return existsSync(`${base}/${name}`) ? `${base}/${name}` : null
}

/** A file of recorded outputs in ../shared/golden; null where it is not there. */
export const recordedPath = (name: string): string | null => {
  const path = fileURLToPath(new URL(`../shared/golden/${name}`, root))
  return existsSync(path) ? path : null
}
