import { scaleLinear } from 'd3-scale'
import { line } from 'd3-shape'

export interface Series {
  readonly name: string
  readonly points: readonly (readonly [x: number, y: number])[]
}

const colours = ['#1f6feb', '#d1242f', '#1a7f37', '#9a6700', '#8250df', '#57606a']
const size = { width: 720, height: 400, left: 60, right: 20, top: 40, bottom: 45 }
const font = 'font-family="sans-serif" font-size="12"'

/** Curves over one pair of axes, as SVG text. Points that are not finite are left out. */
export const plot = (title: string, series: readonly Series[], xLabel = '', yLabel = ''): string => {
  const finite = series.map(({ points }) => points.filter((point) => point.every(Number.isFinite)))
  const all = finite.flat()
  const x = scaleLinear(extent(all.map(([value]) => value)), [size.left, size.width - size.right])
  const y = scaleLinear(extent(all.map(([, value]) => value)), [size.height - size.bottom, size.top]).nice()
  const path = line<readonly [number, number]>(
    (point) => x(point[0]),
    (point) => y(point[1]),
  )
  const curves = finite.map(
    (points, i) => `<path d="${path(points) ?? ''}" fill="none" stroke="${colour(i)}" stroke-width="1.5"/>`,
  )
  const legend = series.map(
    ({ name }, i) =>
      `<text x="${size.width - size.right}" y="${size.top + 14 * i}" fill="${colour(i)}" text-anchor="end" ${font}>${escape(name)}</text>`,
  )
  return svg(title, [...axes(x, y, xLabel, yLabel), ...curves, ...legend])
}

/** A square table of counts as a heat map, rows the truth and columns the prediction, as SVG text. */
export const confusionPlot = (
  title: string,
  counts: readonly (readonly number[])[],
  names: readonly string[],
): string => {
  const cell = Math.floor((size.height - size.top - size.bottom) / counts.length)
  const largest = Math.max(1, ...counts.flat())
  const at = (i: number): number => size.left + i * cell
  const squares = counts.flatMap((row, r) =>
    row.map((count, c) => {
      const strength = Math.sqrt(count / largest)
      const ink = strength > 0.6 ? '#fff' : '#24292f'
      const top = size.top + r * cell
      return `<rect x="${at(c)}" y="${top}" width="${cell - 1}" height="${cell - 1}" fill="rgba(31,111,235,${strength.toFixed(3)})"/>
<text x="${at(c) + cell / 2}" y="${top + cell / 2 + 4}" fill="${ink}" text-anchor="middle" font-family="sans-serif" font-size="9">${count}</text>`
    }),
  )
  const labels = names.flatMap((name, i) => [
    `<text x="${size.left - 6}" y="${size.top + i * cell + cell / 2 + 4}" text-anchor="end" ${font}>${escape(name)}</text>`,
    `<text x="${at(i) + cell / 2}" y="${size.top + counts.length * cell + 14}" text-anchor="middle" ${font}>${escape(name)}</text>`,
  ])
  return svg(title, [...squares, ...labels])
}

type Scale = ReturnType<typeof scaleLinear<number, number>>

const axes = (x: Scale, y: Scale, xLabel: string, yLabel: string): string[] => {
  const bottom = size.height - size.bottom
  const format = { x: x.tickFormat(6), y: y.tickFormat(6) }
  return [
    `<path d="M${size.left},${size.top}V${bottom}H${size.width - size.right}" fill="none" stroke="#57606a"/>`,
    ...x
      .ticks(6)
      .map((tick) => `<text x="${x(tick)}" y="${bottom + 16}" text-anchor="middle" ${font}>${format.x(tick)}</text>`),
    ...y
      .ticks(6)
      .flatMap((tick) => [
        `<path d="M${size.left},${y(tick)}H${size.width - size.right}" stroke="#d0d7de" stroke-width=".5"/>`,
        `<text x="${size.left - 6}" y="${y(tick) + 4}" text-anchor="end" ${font}>${format.y(tick)}</text>`,
      ]),
    `<text x="${size.width / 2}" y="${size.height - 8}" text-anchor="middle" ${font}>${escape(xLabel)}</text>`,
    `<text transform="translate(14,${size.height / 2})rotate(-90)" text-anchor="middle" ${font}>${escape(yLabel)}</text>`,
  ]
}

const svg = (title: string, parts: readonly string[]): string =>
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size.width} ${size.height}" width="${size.width}" height="${size.height}">
<rect width="100%" height="100%" fill="#fff"/>
<text x="${size.width / 2}" y="20" text-anchor="middle" font-family="sans-serif" font-size="15">${escape(title)}</text>
${parts.join('\n')}
</svg>
`

const extent = (values: readonly number[]): [number, number] => {
  let [low, high] = [Infinity, -Infinity]
  for (const value of values) [low, high] = [Math.min(low, value), Math.max(high, value)]
  return low < high ? [low, high] : Number.isFinite(low) ? [low - 0.5, low + 0.5] : [0, 1]
}

const colour = (i: number): string => colours[i % colours.length] ?? '#000'

const escape = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
