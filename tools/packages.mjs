import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './setup.mjs'

/** The published packages: { folder, path, json }. */
export const publicPackages = () =>
  readdirSync(join(root, 'packages'))
    .map((folder) => ({ folder, path: join(root, 'packages', folder) }))
    .map((entry) => ({ ...entry, json: JSON.parse(readFileSync(join(entry.path, 'package.json'), 'utf8')) }))
    .filter(({ json }) => !json.private)

/** The closing line that .ci/run adds up. */
export const tallyLine = (passed, failed, skipped = 0) => `${passed} passed, ${failed} failed, ${skipped} skipped`
