import { SingleBar } from 'cli-progress'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'

const silent = { update() {}, stop() {} }

/** A bar on stderr, or nothing where stderr is not a terminal. */
export const startProgress = (label, total) => {
  if (!process.stderr.isTTY) return silent
  const format = `${label} [{bar}] {value}/{total} {percentage}% {eta_formatted} {note}`
  const bar = new SingleBar({ format, stream: process.stderr, hideCursor: true, clearOnComplete: true, barsize: 28 })
  bar.start(total, 0, { note: '' })
  return { update: (done, note = '') => bar.update(done, { note }), stop: () => bar.stop() }
}

/** Writes files into `outDir` and remembers their names. */
export const fileWriter = (outDir) => {
  const files = []
  const write = (name, content) => {
    const path = join(outDir, name)
    mkdirSync(outDir, { recursive: true })
    writeFileSync(path, content)
    files.push(relative(process.cwd(), path))
    return path
  }
  return { files, write }
}

const show = (value) => {
  if (typeof value === 'number')
    return Number.isInteger(value) ? String(value) : value.toPrecision(6).replace(/\.?0+$/, '')
  return typeof value === 'string' ? value : JSON.stringify(value)
}

const lines = (metrics, indent) =>
  Object.entries(metrics).flatMap(([name, value]) =>
    value !== null && typeof value === 'object' && !Array.isArray(value)
      ? [`${indent}${name}`, ...lines(value, `${indent}  `)]
      : [`${indent}${name.padEnd(28 - indent.length)} ${show(value)}`],
  )

/** The summary for a reader. */
export const printSummary = ({ name, metrics, seconds, peakMemoryMb, backend, threads, seed }, files) => {
  console.log(`\n${name}`)
  for (const line of lines(metrics, '  ')) console.log(line)
  console.log(
    `  ${'time'.padEnd(26)} ${seconds.toFixed(1)} s, at most ${peakMemoryMb} MB (${backend}, ${threads} thread${threads > 1 ? 's' : ''}, seed ${seed})`,
  )
  for (const file of files) console.log(`  wrote ${file}`)
}
