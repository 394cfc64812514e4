// npm run example -- NAME: runs examples/NAME.ts and reports its metrics, time and memory.
import { join } from 'node:path'
import { root } from '../setup.mjs'
import { useBackend } from './backends.mjs'
import { exampleNames, loadExample } from './load.mjs'
import { parseOptions } from './options.mjs'
import { fileWriter, printSummary, startProgress } from './report.mjs'
import { UsageError } from './usage-error.mjs'

const list = async () => {
  for (const name of exampleNames()) console.log(`${name.padEnd(24)} ${(await loadExample(name)).summary}`)
}

/** Ctrl-C asks the example to stop; a second one ends the process. */
const stopOnInterrupt = () => {
  const controller = new AbortController()
  process.on('SIGINT', () => {
    if (controller.signal.aborted) process.exit(130)
    controller.abort()
  })
  return controller.signal
}

const checkMetrics = (name, metrics) => {
  if (metrics === null || typeof metrics !== 'object') throw new TypeError(`example: ${name} returned no metrics.`)
  JSON.stringify(metrics, (key, value) => {
    if (typeof value === 'number' && !Number.isFinite(value))
      throw new TypeError(`example: ${name} returned a metric that is not finite; got ${key} = ${value}.`)
    return value
  })
}

const run = async ({ name, json, ...options }) => {
  const example = await loadExample(name)
  const { backend, threads, seed } = options
  await useBackend(backend, threads)
  const signal = stopOnInterrupt()
  const outDir = join(root, 'out')
  const { files, write } = fileWriter(outDir)
  const log = json ? console.error : console.log
  const start = performance.now()
  const metrics = await example.run({ ...options, outDir, signal, log, write, progress: startProgress })
  signal.throwIfAborted()
  const seconds = (performance.now() - start) / 1000
  checkMetrics(name, metrics)
  const peakMemoryMb = Math.round(process.resourceUsage().maxRSS / 1024)
  const result = { name, metrics, seconds, peakMemoryMb, backend, threads, seed }
  if (!json) printSummary(result, files)
  else console.log(JSON.stringify(result))
}

try {
  const options = parseOptions(process.argv.slice(2))
  await (options.name === 'list' ? list() : run(options))
} catch (error) {
  if (error?.name === 'AbortError') {
    console.error('example: stopped.')
    process.exit(130)
  }
  console.error(error instanceof UsageError ? error.message : error)
  process.exit(error instanceof UsageError ? 2 : 1)
}
