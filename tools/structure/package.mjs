import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { arrows } from '../arrows.mjs'
import { publicPackages } from '../packages.mjs'

const files = ['README.md', 'LICENSE', 'tsconfig.json', 'vitest.config.ts', 'src/index.ts']
const fields = { type: 'module', sideEffects: false, license: 'MIT' }

const faultsOf = ({ folder, path, json }) => {
  const allowed = arrows[folder]
  if (!allowed) return [`packages/${folder} has no row in tools/arrows.mjs`]
  const ours = Object.keys({ ...json.dependencies, ...json.peerDependencies }).filter((name) =>
    name.startsWith('@lanewise/'),
  )
  return [
    ...files.filter((file) => !existsSync(join(path, file))).map((file) => `packages/${folder} lacks ${file}`),
    ...Object.entries(fields)
      .filter(([key, value]) => json[key] !== value)
      .map(([key, value]) => `packages/${folder}/package.json: ${key} is not ${value}`),
    ...ours
      .filter((name) => !allowed.includes(name.split('/')[1]))
      .map((name) => `packages/${folder} may not depend on ${name}`),
  ]
}

export const packageFaults = () => publicPackages().flatMap(faultsOf)
