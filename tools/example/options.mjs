import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { root } from '../setup.mjs'
import { backendNames } from './backends.mjs'
import { UsageError } from './usage-error.mjs'

const usage = 'npm run example -- NAME [--data DIR] [--quick] [--seed N] [--backend B] [--threads N] [--json]'

const fail = (problem, got, expected, advice = `Usage: ${usage}`) => {
  throw new UsageError(`example: ${problem}; got ${got}, expected ${expected}. ${advice}`)
}

const integer = (name, text, least) => {
  const value = Number(text)
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value) || value < least)
    fail(`--${name} is not a whole number`, `'${text}'`, `an integer from ${least}`)
  return value
}

const dataFolder = (given) => {
  if (given !== undefined && !existsSync(given)) fail('--data names no folder', `'${given}'`, 'a folder of data sets')
  return resolve(given ?? process.env.LANEWISE_DATA ?? join(root, '../shared/data'))
}

const parse = (args) => {
  const text = { type: 'string' }
  const flag = { type: 'boolean', default: false }
  const options = { data: text, seed: text, backend: text, threads: text, quick: flag, json: flag }
  try {
    return parseArgs({ args, options, allowPositionals: true })
  } catch (error) {
    throw new UsageError(`example: ${error.message.split('. ')[0].toLowerCase()}. Usage: ${usage}`)
  }
}

/** The command line as `{ name, data, quick, seed, backend, threads, json }`; throws UsageError. */
export const parseOptions = (args) => {
  const { values, positionals } = parse(args)
  const [name, ...rest] = positionals
  if (name === undefined) fail('no example named', 'nothing', 'a NAME, or `list`')
  if (rest.length > 0) fail('more than one name', `'${positionals.join(' ')}'`, 'one NAME')
  const { backend = 'wasm', seed = '0', threads = '1', quick, json } = values
  if (!backendNames.includes(backend)) fail('no such backend', `'${backend}'`, backendNames.join(', '))
  return {
    name,
    quick,
    json,
    backend,
    data: dataFolder(values.data),
    seed: integer('seed', seed, 0),
    threads: integer('threads', threads, 1),
  }
}

/** The names most like `name`, for a message. */
export const nearest = (name, names) =>
  names.filter((other) => other.includes(name) || name.includes(other) || distance(name, other) <= 2)

const distance = (a, b) => {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++)
      next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1))
    row = next
  }
  return row[b.length]
}
