// Steps of ours against the same ones in PyTorch, one thread, taking turns in one run.
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { circumstances, targetOf, writeResult } from './files.mjs'

const here = fileURLToPath(new URL('.', import.meta.url))
const rounds = 2

/**
 * Measures, prints and, if asked, writes a table.
 * @param command - as one would type it
 * @param steps - the file of the steps, which exports `steps`, an object of functions that prepare a step
 * @param torch - the Python file with the same ones
 * @param groupOf - how many calls of a step are one measurement
 * @param warmUp - calls before the first measurement
 */
export const besideTorch = async ({ command, steps: file, torch, groupOf, warmUp = 3, seconds }) => {
  const { values: options } = parseArgs({
    options: {
      only: { type: 'string', default: '' },
      seconds: { type: 'string', default: seconds },
      clock: { type: 'string', default: 'cpu' },
      json: { type: 'string' },
    },
  })
  const { steps } = await import(`./${file}`)
  const timesOf = {
    lanewise: (request) =>
      execFileSync(process.execPath, [join(here, 'step-worker.mjs'), JSON.stringify({ ...request, file, warmUp })], {
        encoding: 'utf8',
      }),
    torch: (request) =>
      execFileSync('/usr/bin/python3', [join(here, torch)], { encoding: 'utf8', input: JSON.stringify(request) }),
  }
  const measure = (id) => {
    const times = { lanewise: [], torch: [] }
    const request = { id, seconds: Number(options.seconds) / rounds, group: groupOf(id), clock: options.clock }
    for (let round = 0; round < rounds; round++)
      for (const impl of Object.keys(times)) times[impl].push(...JSON.parse(timesOf[impl](request)))
    const row = { workload: id }
    for (const [impl, list] of Object.entries(times)) {
      list.sort((a, b) => a - b)
      row[impl] = { msMin: list[0], msMedian: list[list.length >> 1] }
    }
    const { lanewise: ours, torch: theirs } = row
    return { ...row, ratio: ours.msMin / theirs.msMin, medianRatio: ours.msMedian / theirs.msMedian }
  }
  const target = targetOf(options.json)
  const context = circumstances(command)
  const ids = Object.keys(steps).filter((id) => options.only.split(',').some((word) => id.includes(word)))
  console.log(`${context.machine}, node ${process.versions.node}; one thread; ms a step: minimum (median)\n`)
  const rows = ids.map((id) => {
    const row = measure(id)
    const cell = ({ msMin, msMedian }) => `${msMin.toPrecision(3)} (${msMedian.toPrecision(3)})`.padEnd(18)
    const ratios = `${row.ratio.toFixed(2)}x (${row.medianRatio.toFixed(2)}x) PyTorch's time`
    console.log(`${id.padEnd(26)}${cell(row.lanewise)}${cell(row.torch)}${ratios}`)
    return row
  })
  writeResult(target, { ...context, runtime: `node ${process.versions.node}`, rows })
}
