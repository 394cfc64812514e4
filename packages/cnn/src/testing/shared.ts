import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = new URL('../../../../', import.meta.url)

/** A file or folder of the real data, `LANEWISE_DATA` or ../shared/data; null where it is not there. */
export const dataPath = (name: string): string | null => {
  const base = process.env['LANEWISE_DATA'] ?? fileURLToPath(new URL('../shared/data', root))
  return existsSync(`${base}/${name}`) ? `${base}/${name}` : null
}

/** A JSON file of recorded outputs or names in ../shared/golden; null where it is not there. */
export const recorded = <T>(name: string): T | null => {
  const path = fileURLToPath(new URL(`../shared/golden/${name}`, root))
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : null
}

/** Shapes by name, as ../shared/golden/torchvision-keys lists them. */
export type KeyShapes = Readonly<Record<string, readonly number[]>>
/** An output of torchvision's own tests. */
export interface RecordedOutput {
  readonly data: readonly number[]
}

/** Why a test that needs them is skipped. */
export const noRecords = '../shared/golden is not here'
