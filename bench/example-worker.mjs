// Times the training step of one example: { id, seconds, group, tier, clock } as JSON in the first argument.
import { init, manualSeed } from '@lanewise/core'
import { steps } from './example-steps.mjs'
import { clocks } from './measure.mjs'

const { id, seconds, group, tier, clock } = JSON.parse(process.argv[2])
const now = clocks[clock]
await init({ tier })
manualSeed(0)
const step = steps[id]()
for (let i = 0; i < 3; i++) await step()
const times = []
for (const end = performance.now() + 1000 * seconds; performance.now() < end || times.length < 3;) {
  const start = now()
  for (let i = 0; i < group; i++) await step()
  times.push((now() - start) / group)
}
console.log(JSON.stringify(times))
