import { existsSync, renameSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { dirname, resolve } from 'node:path'

/** Where and when: { machine, date, command }, the command being `run` with this process's options. */
export const circumstances = (run) => {
  const args = process.argv.slice(2).filter((arg, i, all) => !arg.startsWith('--json') && all[i - 1] !== '--json')
  return {
    machine: `${cpus()[0].model.trim()}, ${cpus().length} cores, ${process.platform} ${process.arch}`,
    date: new Date().toISOString().slice(0, 10),
    command: [run, ...(args.length > 0 ? ['--', ...args] : [])].join(' '),
  }
}

/** The path that results go to, once it is known that they can; undefined when none is asked for. */
export const targetOf = (file) => {
  if (file === undefined) return undefined
  const target = resolve(file)
  if (!existsSync(dirname(target))) throw new Error(`there is no folder ${dirname(target)} for the results`)
  return target
}

/** Writes beside the target and renames, so that nobody ever sees half a file. */
export const writeResult = (target, result) => {
  if (target === undefined) return
  const half = `${target}.${process.pid}.part`
  writeFileSync(half, `${JSON.stringify(result, null, 1)}\n`)
  renameSync(half, target)
}
