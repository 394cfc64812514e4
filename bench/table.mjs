import { isTraining, workloads } from './workloads.mjs'

const round = (value) => (value >= 100 ? value.toFixed(0) : value >= 1 ? value.toFixed(2) : value.toFixed(3))

const cell = (row) => {
  if (!row) return '-'
  const parts = [`${round(row.msMin)} (${round(row.msMedian)})`]
  if (row.once) parts.push('once')
  if (row.gflops) parts.push(`${row.gflops.toFixed(0)} GF`)
  if (row.percentOfPeak) parts.push(`${row.percentOfPeak.toFixed(0)} %`)
  if (row.peakMemoryMb) parts.push(`${row.peakMemoryMb.toFixed(0)} MB`)
  return parts.join(' ')
}

/** The JavaScript libraries that we are compared with. */
export const peers = ['tfjs-wasm', 'ort-web', 'jax-js', 'convnetjs']

export const geometricMean = (list) => Math.exp(list.reduce((total, value) => total + Math.log(value), 0) / list.length)

/** The rows of one runtime by workload: { spec, ours, best, torch }, `best` being the fastest JavaScript peer. */
export const compare = (rows, runtime) =>
  workloads
    .map((spec) => {
      const find = (impl) =>
        rows.find(
          (row) => row.workload === spec.id && row.impl === impl && (impl === 'torch' || row.runtime === runtime),
        )
      const found = peers.map(find).filter(Boolean)
      const best = found.toSorted((a, b) => a.msMin - b.msMin)[0]
      return { spec, ours: find('lanewise'), best, torch: find('torch') }
    })
    .filter(({ ours }) => ours)

const summaryLines = (compared) => {
  const inference = compared.filter(({ spec, best }) => best && !isTraining(spec))
  const training = compared.filter(({ spec, torch }) => torch && isTraining(spec))
  const lines = []
  if (inference.length > 0) {
    const ratios = inference.map(({ ours, best }) => best.msMin / ours.msMin)
    lines.push(
      `${inference.length} inference rows: ${geometricMean(ratios).toFixed(2)} times as fast as the best JavaScript peer of each (geometric mean)`,
    )
  }
  if (training.length > 0) {
    const ratios = training.map(({ spec, ours, torch }) => `${spec.id} ${(ours.msMin / torch.msMin).toFixed(2)}`)
    lines.push(`training, times PyTorch's time on one thread: ${ratios.join(', ')}`)
  }
  return lines
}

/** One line per workload and runtime: each library's minimum (median) ms, then how many times faster we are than each. */
export const printTable = ({ machine, date, rows, left }) => {
  console.log(`\n${machine}, ${date}; one thread; ms: minimum (median), GFLOP/s, % of the peak, peak memory`)
  const torch = rows.filter(({ impl }) => impl === 'torch')
  for (const runtime of new Set(rows.filter(({ impl }) => impl !== 'torch').map((row) => row.runtime))) {
    const here = rows.filter((row) => row.runtime === runtime)
    const impls = [...new Set(here.map(({ impl }) => impl)), ...(torch.length > 0 ? ['torch'] : [])]
    const tier = here.find(({ impl }) => impl === 'lanewise')?.tier
    console.log(`\n${runtime}${tier ? `, ${tier} tier` : ''}`)
    const lines = [...new Set(here.map(({ workload }) => workload))].map((workload) => {
      const found = impls.map((impl) =>
        [...here, ...torch].find((row) => row.workload === workload && row.impl === impl),
      )
      const ours = found[impls.indexOf('lanewise')]
      const ratios = found
        .map((row, i) => (row && ours && row !== ours ? `${round(row.msMin / ours.msMin)}x ${impls[i]}` : ''))
        .filter(Boolean)
      return [workload, ...found.map(cell), ratios.join(', ')]
    })
    const table = [['workload', ...impls, 'times as fast as'], ...lines]
    const widths = table[0].map((_, column) => Math.max(...table.map((line) => line[column].length)))
    for (const line of table)
      console.log(
        line
          .map((text, column) => text.padEnd(widths[column]))
          .join('  ')
          .trimEnd(),
      )
    for (const line of summaryLines(compare(rows, runtime))) console.log(line)
  }
  const reasons = new Map()
  for (const { impl, reason, workload } of left) {
    const key = `${impl}: ${reason}`
    reasons.set(key, (reasons.get(key) ?? new Set()).add(workload))
  }
  if (reasons.size > 0) console.log('\nleft out')
  for (const [reason, ids] of reasons) console.log(`${reason} (${[...ids].join(', ')})`)
}
