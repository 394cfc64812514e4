// The results page, from what the bench wrote.
import { compare, geometricMean } from '../table.mjs'
import { countsFlops, isTraining } from '../workloads.mjs'
import { libraries, peakPlot, speedPlot } from './plot.mjs'

export const table = (head, rows) =>
  [head, head.map((_, i) => (i === 0 ? '---' : '--:')), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n')

/** Three digits, with thousands marked. */
export const figure = (value) => Number(value.toPrecision(3)).toLocaleString('en', { maximumSignificantDigits: 3 })

const ratio = (value) => `${value.toPrecision(value >= 10 ? 3 : value < 1 ? 2 : 3)}x`

const others = ['tfjs-wasm', 'ort-web', 'jax-js', 'convnetjs']

/** The runtimes of a result with the tier that we ran on: [{ runtime, tier }]. */
export const runtimesOf = ({ rows }) => [
  ...new Map(
    rows.filter(({ impl }) => impl === 'lanewise').map(({ runtime, tier }) => [runtime, { runtime, tier }]),
  ).values(),
]

const cell = (row) => (row ? `${figure(row.msMin)}${row.once ? ' (once)' : ''}` : '-')

const timesTable = (compared, rows, runtime) => {
  const impls = others.filter((impl) => rows.some((row) => row.impl === impl && row.runtime === runtime))
  return table(
    ['workload', 'lanewise', ...impls, 'torch', 'best peer', '% of peak'],
    compared.map(({ spec, ours, best, torch }) => [
      `\`${spec.id}\``,
      `**${cell(ours)}**`,
      ...impls.map((impl) =>
        cell(rows.find((row) => row.workload === spec.id && row.impl === impl && row.runtime === runtime)),
      ),
      cell(torch),
      best ? ratio(best.msMin / ours.msMin) : '-',
      ours.percentOfPeak ? ours.percentOfPeak.toFixed(0) : '',
    ]),
  )
}

const trainingTable = (compared) =>
  table(
    ['step', 'lanewise', 'torch', "times PyTorch's", 'best peer', 'peak memory', "PyTorch's"],
    compared.map(({ spec, ours, best, torch }) => [
      `\`${spec.id}\``,
      `**${cell(ours)}**`,
      cell(torch),
      torch ? (ours.msMin / torch.msMin).toFixed(2) : '-',
      best ? `${cell(best)} (${libraries[best.impl].name})` : 'none can',
      ours.peakMemoryMb ? `${ours.peakMemoryMb.toFixed(0)} MB` : '',
      torch?.peakMemoryMb ? `${torch.peakMemoryMb.toFixed(0)} MB` : '',
    ]),
  )

const runtimeSection = (result, { runtime, tier }) => {
  const compared = compare(result.rows, runtime)
  const [inference, training] = [false, true].map((wanted) =>
    compared.filter(({ spec }) => isTraining(spec) === wanted),
  )
  const ratios = inference.filter(({ best }) => best).map(({ ours, best }) => best.msMin / ours.msMin)
  const parts = [`## ${runtime}, ${tier} SIMD`]
  if (ratios.length > 0)
    parts.push(
      `Over ${ratios.length} inference rows ${geometricMean(ratios).toFixed(2)} times as fast as the best JavaScript peer of each row (geometric mean). Milliseconds, the minimum of many.`,
      timesTable(inference, result.rows, runtime),
    )
  if (training.length > 0) parts.push('A step of training:', trainingTable(training))
  return parts.join('\n\n')
}

const leftOut = ({ left }) => {
  const reasons = new Map()
  for (const { workload, impl, runtime, reason } of left) {
    const entry = reasons.get(`${impl}|${reason}`) ?? { impl, reason, workloads: new Set(), runtimes: new Set() }
    entry.workloads.add(workload)
    entry.runtimes.add(runtime)
    reasons.set(`${impl}|${reason}`, entry)
  }
  if (reasons.size === 0) return 'Nothing.'
  return [...reasons.values()]
    .map(
      ({ impl, reason, workloads, runtimes }) =>
        `- **${libraries[impl]?.name ?? impl}**: ${reason} (${[...workloads].map((id) => `\`${id}\``).join(', ')}; ${[...runtimes].join(', ')})`,
    )
    .join('\n')
}

const besideTorch = (first, rows) =>
  table(
    [first, 'lanewise', 'PyTorch', "times PyTorch's"],
    rows.map(({ workload, lanewise, torch, ratio }) => [
      `\`${workload}\``,
      `**${figure(lanewise.msMin)}**`,
      figure(torch.msMin),
      ratio.toFixed(2),
    ]),
  )

/** The table of ops that training leans on. */
const opsSection = ({ machine, date, command, runtime, rows }) => `## Ops in training, beside PyTorch

Forward and backward of the ops that the rows above do not single out, and steps of optimizers (tensors x elements), on ${runtime} and in PyTorch, one thread each, taking turns. Milliseconds, the minimum of many. ${machine}, ${date}, \`${command}\`; shapes in \`bench/op-steps.mjs\`.

${besideTorch('op', rows)}`

/** The table of training steps of the examples. */
const examplesSection = ({ machine, date, command, rows }) => `## The examples' training steps

Each example's network, loss, optimizer and batch on made-up data, against the same step in PyTorch on one thread, taking turns. Milliseconds, the minimum of many. ${machine}, ${date}, \`${command}\`.

${besideTorch('example', rows)}

\`recommend-movielens\` is a pass of biased matrix factorisation over 1,000 ratings, one after the other: plain loops here, a step of autograd for each rating there.`

const method = `## How it is measured

- One thread. In each runtime every library computes a workload in one process, from the same numbers; results are compared with each other and with PyTorch's before the clock starts, and a run with a difference above 1e-3 of the largest value fails. For training steps the losses of the first three steps are compared. Times are processor time.
- The libraries take turns, round after round, after a warm-up by calls; the figure is the minimum, the median is in the file. PyTorch runs in its own process before and after each turn.
- The peak is that of the fastest register tile of this runtime, over two packed panels that stay in the first-level cache, raced beside each workload (\`bench/asm/tile.mjs\`). Percentages are of what the operation needs: multiply and add count two.
- Our rows use the public API as an application would, in \`noGrad\`: networks with \`fuseModules\`, where batch norms and activations are layers that follow a convolution; weights packed in each call. TensorFlow.js and ONNX Runtime get networks with batch norm folded into the convolutions and fused activations, as their converters leave them, and ONNX Runtime has its weights as constants, packed once. PyTorch runs its modules in evaluation mode. Inputs of images lie channels last in memory for us and TensorFlow.js, as the layer before leaves them.
- ONNX Runtime copies inputs and outputs between JavaScript and its memory in each call; the others keep them there.
- jax-js compiles each function beforehand; ConvNetJS computes in doubles, one sample after the other, and trains by SGD since it has no Adam.`

/**
 * The page and its pictures.
 * @param bench - the JSON of `npm run bench`; `ops` and `examples`, those of `npm run bench:ops` and `bench:examples`, may be absent; `sizes` is a
 * table of bundles
 * @returns { page, pictures: { name: svg } }
 */
export const resultsPage = ({ bench, ops, examples, sizes }) => {
  const { machine, date, command, rows } = bench
  const runtimes = runtimesOf(bench)
  const [first] = runtimes
  const entries = compare(rows, first.runtime).map((entry) => ({
    ...entry,
    others: [...others, 'torch']
      .map((impl) =>
        rows.find(
          (row) =>
            row.workload === entry.spec.id && row.impl === impl && (impl === 'torch' || row.runtime === first.runtime),
        ),
      )
      .filter(Boolean),
  }))
  const panels = runtimes.map(({ runtime, tier }) => ({
    title: runtime,
    note: `${tier} SIMD`,
    entries: compare(rows, runtime).filter(({ spec, ours }) => countsFlops(spec) && ours.percentOfPeak),
  }))
  const page = `# Benchmarks

Lanewise beside other libraries for JavaScript and beside native PyTorch, on one thread. ${machine}, ${date}, \`${command}\`. This page is generated from \`bench/results\`; [the kernel ladder](./kernel-ladder) tells how the kernels got there.

![Time taken by each library in units of Lanewise's, one line per workload](../pictures/bench-speed.svg)

![Share of the peak of one core that each library reaches, by runtime](../pictures/bench-peak.svg)

${runtimes.map((runtime) => runtimeSection(bench, runtime)).join('\n\n')}
${ops ? `\n${opsSection(ops)}\n` : ''}${examples ? `\n${examplesSection(examples)}\n` : ''}
## Bytes

What an application pays for, bundled and compressed, WebAssembly included:

${sizes}

${method}

## Left out

${leftOut(bench)}
`
  const subtitle = `${first.runtime}, ${first.tier} SIMD, one thread · ${machine} · ${date}`
  return {
    page,
    pictures: {
      'bench-speed.svg': speedPlot(entries, subtitle),
      'bench-peak.svg': peakPlot(panels, `one thread · ${machine} · ${date}`),
    },
  }
}
