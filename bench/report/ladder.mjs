// The generated parts of the kernel-ladder page, from what bench/ladder.mjs wrote.
import { scaleLinear } from 'd3-scale'
import { figure, table } from './page.mjs'
import { faint, ink, line, own, rule, sheet, text } from './svg.mjs'

/** Each rung of the matrix product: what it is called here, and what it changes. */
export const gemmRungs = {
  naive: 'three loops',
  turned: 'loops turned',
  blocked: 'blocked',
  packed: 'packed',
  vectors: 'SIMD',
  tiles: 'a 4x8 tile in registers',
  panels_4x8: 'the tile over packed panels',
  panels_4x8_unrolled: 'unrolled by two',
  panels_4x8_exits: 'with ways out of the loop',
  panels_4x8_ready: '4x8, values of A ready',
  panels_3x12_exits: '3x12',
  panels_3x12_ready: '3x12, values of A ready',
  panels_5x8_exits: '5x8',
  panels_5x8_ready: '5x8, values of A ready',
  panels_6x8_exits: '6x8',
  panels_6x8_ready: '6x8, values of A ready',
  library: "the library's kernel",
}

const convRungs = {
  plain: 'plain loops',
  im2col: 'copied to rows (im2col), one matrix product',
  library: "the library's kernel: the copies are only addresses",
}

const columnsOf = (rows) => [
  ...new Map(rows.map(({ runtime, tier }) => [`${runtime}, ${tier}`, { runtime, tier }])).values(),
]

/** GFLOP/s of each rung in each runtime and tier, and what share of the peak the last one is. */
const speedTable = (rows, names) => {
  const columns = columnsOf(rows)
  const find = (rung, { runtime, tier }) =>
    rows.find((row) => row.rung === rung && row.runtime === runtime && row.tier === tier)
  const lines = Object.entries(names).map(([rung, name]) => [
    name,
    ...columns.map((column) => find(rung, column)?.gflops.toFixed(1) ?? ''),
  ])
  const share = columns.map((column) => `${find('library', column).percentOfPeak.toFixed(0)} %`)
  const head = columns.map(({ runtime, tier }) => `${runtime.replace(/(\d+)\.[\d.]+/, '$1')} ${tier}`)
  return table(['GFLOP/s', ...head], [...lines, ['of the peak', ...share]])
}

const loopsTable = (rows) => {
  const workloads = [...new Set(rows.map(({ workload }) => workload))]
  return table(
    ['kernel', 'plain loops, ms', 'kernel, ms', 'times'],
    workloads.map((workload) => {
      const [loops, kernel] = ['loops', 'kernel'].map((rung) =>
        rows.find((row) => row.workload === workload && row.rung === rung),
      )
      return [
        `\`${workload}\``,
        ...[loops, kernel].map(({ msMin }) => figure(msMin)),
        figure(loops.msMin / kernel.msMin),
      ]
    }),
  )
}

/** Bars of GFLOP/s, one a rung, with the peak as a line; the first runtime's base tier. */
const gemmPlot = (rows, { machine, date }) => {
  const [{ runtime, tier }] = columnsOf(rows)
  const mine = rows.filter((row) => row.runtime === runtime && row.tier === tier)
  const entries = Object.entries(gemmRungs).flatMap(([rung, name]) =>
    mine.filter((row) => row.rung === rung).map((row) => ({ ...row, name })),
  )
  const peak = Math.max(...entries.map(({ gflops, percentOfPeak }) => (100 * gflops) / percentOfPeak))
  const [width, left, top, step] = [760, 232, 96, 25]
  const bottom = top + entries.length * step
  const x = scaleLinear([0, peak * 1.04], [left, width - 60])
  const parts = x
    .ticks(6)
    .flatMap((tick) => [
      line(x(tick), top - 6, x(tick), bottom + 2, rule),
      text(x(tick), bottom + 20, `${tick}`, { size: 11, colour: faint, anchor: 'middle' }),
    ])
  entries.forEach(({ name, gflops, rung }, i) => {
    const y = top + i * step
    const isLast = rung === 'library'
    parts.push(
      text(left - 14, y + 14, name, { size: 12, anchor: 'end', weight: isLast ? 650 : 400 }),
      `<rect x="${left}" y="${y + 2}" width="${(x(gflops) - left).toFixed(1)}" height="17" rx="2" fill="${own}" fill-opacity="${isLast ? 1 : 0.55}"/>`,
      text(x(gflops) + 7, y + 15, gflops.toFixed(1), { size: 11.5, colour: ink }),
    )
  })
  parts.push(
    line(x(peak), top - 6, x(peak), bottom + 2, '#c4402b', 2),
    text(x(peak), top - 12, 'peak', { size: 11.5, colour: '#c4402b', anchor: 'middle', weight: 650 }),
  )
  const subtitle = `480 x 480 x 480, GFLOP/s · ${runtime}, ${tier} SIMD, one thread · ${machine} · ${date}`
  return sheet(width, bottom + 40, 'A matrix product, rung by rung', subtitle, parts)
}

/** { parts: text by the name of its marker, pictures: { name: svg } }. */
export const ladderParts = ({ machine, date, command, rows }) => {
  const of = (name) => rows.filter(({ ladder }) => ladder === name)
  return {
    parts: {
      circumstances: `${machine}, ${date}, \`${command}\`; the minimum of many runs that take turns, one thread. The peak is the fastest of sixty register tiles over panels in the first-level cache, in the same run.`,
      gemm: `![GFLOP/s of each rung](../pictures/ladder-gemm.svg)\n\n${speedTable(of('gemm'), gemmRungs)}`,
      conv: speedTable(of('conv'), convRungs),
      kernels: loopsTable(of('kernels')),
    },
    pictures: { 'ladder-gemm.svg': gemmPlot(of('gemm'), { machine, date }) },
  }
}
