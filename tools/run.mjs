// node tools/run.mjs [--only PACKAGE] [SCRIPT [ARGS...]]: does the set-up that is still lacking, then runs the script in this process.
// With --only, just that package and what it rests on are built.
// A script in a folder with its own lockfile (bench/, docs/, runtime-tests/) gets that folder installed too.
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { install, root, setup } from './setup.mjs'

const [, only] = process.argv[2] === '--only' ? process.argv.splice(2, 2) : []
const [script] = process.argv.splice(2, 1)
setup(only)
if (script !== undefined) {
  const folder = join(root, script.split('/')[0])
  if (existsSync(join(folder, 'package-lock.json'))) install(folder)
  process.argv[1] = resolve(root, script)
  await import(pathToFileURL(process.argv[1]))
}
