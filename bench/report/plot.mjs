// The pictures of the results page.
import { scaleLinear, scaleLog } from 'd3-scale'
import { isTraining } from '../workloads.mjs'
import { faint, line, own, round, rule, sheet, text } from './svg.mjs'

/** Colours that stay apart for every eye; shapes tell them apart too. */
export const libraries = {
  'tfjs-wasm': { name: 'TensorFlow.js', colour: '#e08a00', shape: 'circle' },
  'ort-web': { name: 'ONNX Runtime Web', colour: '#0069b4', shape: 'square' },
  'jax-js': { name: 'jax-js', colour: '#b8478f', shape: 'triangle' },
  convnetjs: { name: 'ConvNetJS', colour: '#7a7f87', shape: 'cross' },
  torch: { name: 'PyTorch, native', colour: '#c4402b', shape: 'diamond' },
}

const marks = {
  circle: (x, y, colour) => `<circle cx="${x}" cy="${y}" r="4.6" fill="${colour}"/>`,
  square: (x, y, colour) => `<rect x="${x - 4}" y="${y - 4}" width="8" height="8" fill="${colour}"/>`,
  triangle: (x, y, colour) => `<path d="M${x},${y - 5}l5,9h-10z" fill="${colour}"/>`,
  cross: (x, y, colour) =>
    `<path d="M${x - 4},${y - 4}l8,8m0,-8l-8,8" stroke="${colour}" stroke-width="2.2" fill="none"/>`,
  diamond: (x, y, colour) =>
    `<path d="M${x},${y - 5.5}l5.5,5.5l-5.5,5.5l-5.5,-5.5z" fill="#fff" stroke="${colour}" stroke-width="2"/>`,
}

const mark = (impl, x, y) => marks[libraries[impl].shape](round(x), round(y), libraries[impl].colour)

/** Headings over the rows, by the kind of workload. */
const groups = [
  ['Matrix products', ({ kind }) => kind === 'matmul'],
  ['Convolutions', ({ kind }) => kind.startsWith('conv')],
  ['Everything else that layers need', (spec) => spec.input !== undefined],
  ['Whole networks', ({ kind }) => kind === 'net' || kind === 'lstm'],
  ['A training step', isTraining],
]

const grouped = (entries) => {
  const rest = new Set(entries)
  return groups
    .map(([name, belongs]) => {
      const own = [...rest].filter(({ spec }) => belongs(spec))
      for (const entry of own) rest.delete(entry)
      return [name, own]
    })
    .filter(([, own]) => own.length > 0)
}

const times = (value) =>
  `${value >= 100 ? Math.round(value).toLocaleString('en') : value.toPrecision(value < 1 ? 2 : 3)}×`

/**
 * How long each library takes, in units of our time: one line per workload.
 * @param entries - [{ spec, ours, best, others: [row] }]
 */
export const speedPlot = (entries, subtitle) => {
  const [width, left, right, top, step] = [880, 236, 108, 118, 23]
  const [low, high] = [0.1, 100]
  const x = scaleLog([low, high], [left, width - right])
  const parts = []
  let y = top
  const rows = grouped(entries).flatMap(([name, own]) => [{ name }, ...own])
  const height = top + rows.reduce((sum, row) => sum + (row.name ? step + 12 : step), 0) + 40
  for (const tick of [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100]) {
    const isOwn = tick === 1
    parts.push(line(x(tick), top - 4, x(tick), height - 34, isOwn ? own : rule, isOwn ? 2 : 1))
    parts.push(
      text(x(tick), height - 14, isOwn ? '1' : `${tick}×`, {
        size: 11,
        colour: isOwn ? own : faint,
        anchor: 'middle',
        weight: isOwn ? 700 : 400,
      }),
    )
  }
  parts.push(text(x(1), top - 12, 'Lanewise', { colour: own, anchor: 'middle', weight: 700 }))
  parts.push(text(x(1) - 44, top - 12, '← faster than Lanewise', { size: 11, colour: faint, anchor: 'end' }))
  parts.push(text(x(1) + 44, top - 12, 'slower →', { size: 11, colour: faint }))
  parts.push(text(width - 24, top - 12, 'best of the others', { size: 11, colour: faint, anchor: 'end' }))
  for (const row of rows) {
    if (row.name) {
      y += step + 12
      parts.push(text(28, y - 7, row.name, { size: 12.5, weight: 650 }))
      continue
    }
    y += step
    const middle = y - step / 2 + 1
    parts.push(text(left - 16, middle + 4, row.spec.id, { size: 11.5, anchor: 'end' }))
    parts.push(...speedRow(row, middle, x, [low, high], width))
  }
  let at = 28
  for (const [impl, { name }] of Object.entries(libraries)) {
    if (!entries.some(({ others }) => others.some((row) => row.impl === impl))) continue
    parts.push(mark(impl, at + 5, 80), text(at + 16, 84, name, { size: 12 }))
    at += 36 + name.length * 6.2
  }
  return sheet(width, height, 'Time taken, in units of Lanewise’s', subtitle, parts)
}

const speedRow = ({ ours, best, others }, y, x, [low, high], width) => {
  const place = (row) => x(Math.min(high, Math.max(low, row.msMin / ours.msMin)))
  const parts = []
  if (best) {
    const ratio = best.msMin / ours.msMin
    parts.push(line(x(1), y, place(best), y, ratio >= 1 ? '#b9ded2' : '#f0c4bc', 5))
    parts.push(
      text(width - 24, y + 4, times(ratio), {
        size: 12,
        anchor: 'end',
        weight: 600,
        colour: ratio >= 1 ? own : '#c4402b',
      }),
    )
  }
  for (const row of others.toReversed()) {
    const beyond = row.msMin / ours.msMin > high
    parts.push(mark(row.impl, place(row), y))
    if (beyond) parts.push(text(place(row) + 8, y + 4, '›', { size: 13, colour: faint }))
  }
  return parts
}

/**
 * Shares of the machine's peak, a panel for each runtime: ours as bars, the best JavaScript peer as ticks.
 * @param panels - [{ title, note, entries: [{ spec, ours, best }] }], ours and best with percentOfPeak
 */
export const peakPlot = (panels, subtitle) => {
  const ids = [...new Set(panels.flatMap(({ entries }) => entries.map(({ spec }) => spec.id)))]
  const [left, panel, gap, top, step] = [236, 190, 26, 130, 21]
  const width = Math.max(560, left + panels.length * (panel + gap) + 10)
  const height = top + ids.length * step + 44
  const parts = ids.map((id, i) => text(left - 16, top + i * step + 15, id, { size: 11.5, anchor: 'end' }))
  panels.forEach(({ title, note, entries }, p) => {
    const from = left + p * (panel + gap)
    const x = scaleLinear([0, 100], [from, from + panel])
    parts.push(
      text(from, top - 26, title, { size: 12.5, weight: 650 }),
      text(from, top - 10, note, { size: 11, colour: faint }),
    )
    for (const tick of [0, 25, 50, 75, 100]) {
      parts.push(line(x(tick), top, x(tick), top + ids.length * step + 4, rule))
      parts.push(
        text(x(tick), top + ids.length * step + 20, `${tick}%`, {
          size: 10.5,
          colour: faint,
          anchor: tick === 0 ? 'start' : tick === 100 ? 'end' : 'middle',
        }),
      )
    }
    for (const { spec, ours, best } of entries) {
      const y = top + ids.indexOf(spec.id) * step + 4
      const to = x(Math.min(100, ours.percentOfPeak))
      parts.push(
        `<rect x="${round(from)}" y="${y}" width="${round(to - from)}" height="14" rx="2" fill="${own}" fill-opacity="0.82"/>`,
      )
      if (best?.percentOfPeak) {
        const tick = x(Math.min(100, best.percentOfPeak))
        parts.push(line(tick, y - 2, tick, y + 16, libraries[best.impl].colour, 3))
      }
    }
  })
  let at = 28
  parts.push(
    `<rect x="${at}" y="75" width="18" height="11" rx="2" fill="${own}" fill-opacity="0.82"/>`,
    text(at + 24, 85, 'Lanewise'),
  )
  at += 100
  for (const impl of ['tfjs-wasm', 'ort-web', 'jax-js']) {
    const { name, colour } = libraries[impl]
    parts.push(line(at, 73, at, 88, colour, 3), text(at + 8, 85, `${name}, where it is the best other`))
    at += 30 + (name.length + 27) * 6
  }
  return sheet(width, height, 'Share of the peak of one core', subtitle, parts)
}
