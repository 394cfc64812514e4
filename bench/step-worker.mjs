// Times a step: { file, id, seconds, group, clock, warmUp } as JSON in the first argument; prints the times as JSON. It warms
// up for `warmUp` calls, and not longer than it measures.
import { init, manualSeed } from '@lanewise/core'
import { clocks } from './measure.mjs'

const { file, id, seconds, group, clock, warmUp } = JSON.parse(process.argv[2])
const now = clocks[clock]
await init({ tier: 'best' })
const { steps } = await import(`./${file}`)
manualSeed(0)
const step = steps[id]()
const warm = performance.now() + 1000 * seconds
for (let i = 0; i < warmUp && (i < 3 || performance.now() < warm); i++) await step()
const times = []
for (const end = performance.now() + 1000 * seconds; performance.now() < end || times.length < 3;) {
  const start = now()
  for (let i = 0; i < group; i++) await step()
  times.push((now() - start) / group)
}
console.log(JSON.stringify(times))
