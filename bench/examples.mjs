// npm run bench:examples [-- --only WORDS] [--seconds S] [--clock wall] [--json FILE]: the training step of each example against
// PyTorch's, one thread, taking turns in one run.
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { steps } from './example-steps.mjs'
import { circumstances, targetOf, writeResult } from './files.mjs'

const here = fileURLToPath(new URL('.', import.meta.url))
const { values: options } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    seconds: { type: 'string', default: '3' },
    clock: { type: 'string', default: 'cpu' },
    json: { type: 'string' },
  },
})
const rounds = 2

/** A critic's five steps and the generator's one are one measurement. */
const groupOf = (id) => (id === 'wgan-gp' ? 5 : 1)

const timesOf = {
  lanewise: (request) =>
    execFileSync(process.execPath, [join(here, 'example-worker.mjs'), JSON.stringify({ ...request, tier: 'best' })], {
      encoding: 'utf8',
    }),
  torch: (request) =>
    execFileSync('/usr/bin/python3', [join(here, 'torch_example_steps.py')], {
      encoding: 'utf8',
      input: JSON.stringify(request),
    }),
}

const measure = (id) => {
  const times = { lanewise: [], torch: [] }
  for (let round = 0; round < rounds; round++)
    for (const impl of Object.keys(times))
      times[impl].push(
        ...JSON.parse(
          timesOf[impl]({ id, seconds: Number(options.seconds) / rounds, group: groupOf(id), clock: options.clock }),
        ),
      )
  const row = { workload: id }
  for (const [impl, list] of Object.entries(times)) {
    list.sort((a, b) => a - b)
    row[impl] = { msMin: list[0], msMedian: list[list.length >> 1] }
  }
  return {
    ...row,
    ratio: row.lanewise.msMin / row.torch.msMin,
    medianRatio: row.lanewise.msMedian / row.torch.msMedian,
  }
}

const target = targetOf(options.json)
const context = circumstances('npm run bench:examples')
const ids = Object.keys(steps).filter((id) => options.only.split(',').some((word) => id.includes(word)))
console.log(`${context.machine}, node ${process.versions.node}; one thread; ms a step: minimum (median)\n`)
const rows = ids.map((id) => {
  const row = measure(id)
  const cell = ({ msMin, msMedian }) => `${msMin.toFixed(1)} (${msMedian.toFixed(1)})`.padEnd(18)
  const ratios = `${row.ratio.toFixed(2)}x (${row.medianRatio.toFixed(2)}x) PyTorch's time`
  console.log(`${id.padEnd(21)}${cell(row.lanewise)}${cell(row.torch)}${ratios}`)
  return row
})
writeResult(target, { ...context, runtime: `node ${process.versions.node}`, rows })
