const round = (value) => (value >= 100 ? value.toFixed(0) : value >= 1 ? value.toFixed(2) : value.toFixed(3))

const cell = (row) =>
  row
    ? `${round(row.msMin)} (${round(row.msMedian)})${row.gflops ? ` ${row.gflops.toFixed(0)} GF` : ''}${row.peakMemoryMb ? ` ${row.peakMemoryMb.toFixed(0)} MB` : ''}`
    : '-'

/** One line per workload and runtime: each implementation's minimum (median) ms, then how many times faster we are than each. */
export const printTable = ({ machine, date, rows }) => {
  console.log(`\n${machine}, ${date}; one thread; ms: minimum (median)`)
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
      const [ours, ...others] = found
      const ratios = others
        .map((row, i) => (row && ours ? `${round(row.msMin / ours.msMin)}x ${impls[i + 1]}` : ''))
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
  }
}
