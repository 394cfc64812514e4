// The set-up that every command shares: install what the lockfile says, build what is out of date.
// All output goes to stderr, so that a command's own stdout stays clean. Imports node built-ins only: it runs first.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('..', import.meta.url))

const env = { ...process.env, TURBO_TELEMETRY_DISABLED: '1' }

const runOnStderr = (command, args, cwd) => {
  const { status, error } = spawnSync(command, args, { cwd, env, stdio: ['ignore', 2, 2] })
  if (status !== 0) {
    console.error(`setup: \`${command} ${args.join(' ')}\` failed in ${cwd}${error ? `; ${error.message}` : ''}.`)
    process.exit(1)
  }
}

const packagesOf = (file) => JSON.parse(readFileSync(file, 'utf8')).packages

/** Whether node_modules holds every package of the lockfile in its version (optional ones may be absent). */
const isInstalled = (folder) => {
  const record = join(folder, 'node_modules/.package-lock.json')
  if (!existsSync(record)) return false
  const installed = packagesOf(record)
  return Object.entries(packagesOf(join(folder, 'package-lock.json')))
    .filter(([path, entry]) => path.startsWith('node_modules/') && !entry.optional && !entry.peer)
    .every(
      ([path, { version, resolved }]) => installed[path]?.version === version && installed[path]?.resolved === resolved,
    )
}

/** Installs `folder` from its lockfile, unless it is installed already. */
export const install = (folder) => {
  if (!isInstalled(folder)) runOnStderr('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], folder)
}

/** Installs the root and builds the packages that changed: all, or `only` one with those it rests on. */
export const setup = (only) => {
  install(root)
  const filter = only === undefined ? [] : [`--filter=@lanewise/${only}`]
  runOnStderr(
    join(root, 'node_modules/.bin/turbo'),
    ['run', 'build', '--log-prefix=none', '--output-logs=new-only', ...filter],
    root,
  )
}
