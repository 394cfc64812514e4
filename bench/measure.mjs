import process from 'node:process'

/** Milliseconds from some start on. */
export const clocks = {
  wall: () => performance.now(),
  /** What this process has used, so that the turns of others on a busy machine do not count. */
  cpu: () => {
    const { user, system } = process.cpuUsage()
    return (user + system) / 1000
  },
}

/** Milliseconds per call over `calls` calls. */
const time = async (candidate, calls, now = clocks.wall) => {
  const start = now()
  for (let i = 0; i < calls; i++) await candidate.run()
  return (now() - start) / calls
}

/** Calls after which a call of a tenth of a millisecond no longer gets faster: engines compile what runs often anew. */
const warmCalls = 3000

/** Warm-up by calls, at most `seconds`; gives the time of a call at its end. */
const warmUp = async (candidate, seconds) => {
  const end = performance.now() + 1000 * seconds
  let last = Infinity
  for (let i = 0; i < warmCalls && performance.now() < end; i++) last = Math.min(last, await time(candidate, 1))
  return last
}

const median = (list) => list.toSorted((a, b) => a - b)[list.length >> 1]

/** A sample is as many calls as fill this, so that the clock's grain does not matter. */
const sampleMs = 2

/**
 * Times the candidates in turn, round after round, so that whatever else the machine does falls on all of them.
 * @param candidates - [{ impl, run, firstMs }], with the times of the first calls; one that takes over `onceMs` even after
 * the first is not called again
 * @param seconds - about how long each is measured
 * @param clock - `wall`, or `cpu` for processor time
 * @returns for each candidate { impl, times, once }
 */
export const race = async (candidates, seconds, { onceMs = Infinity, clock = 'wall' } = {}) => {
  const entries = []
  for (const candidate of candidates) {
    const { firstMs = [] } = candidate
    const once = Math.min(...firstMs) > onceMs && firstMs.length > 1
    const ms = once ? Math.min(...firstMs) : await warmUp(candidate, seconds)
    const calls = Math.max(1, Math.round(sampleMs / ms))
    entries.push({ candidate, once, calls, times: once ? [ms] : [], spent: 0 })
  }
  const isDone = ({ once, spent, times }) =>
    once || times.length >= 200 || (spent >= seconds * 1000 && (times.length >= 5 || spent >= seconds * 5000))
  while (!entries.every(isDone))
    for (const entry of entries.filter((one) => !isDone(one))) {
      const ms = await time(entry.candidate, entry.calls, clocks[clock])
      entry.times.push(ms)
      entry.spent += ms * entry.calls
    }
  return entries.map(({ candidate, times, once }) => ({ impl: candidate.impl, times, once }))
}

/** Minimum and median of a list of times. */
export const summary = (times) => ({ msMin: Math.min(...times), msMedian: median(times) })

/**
 * Whether two results differ by more than 1e-3 of the largest value. Lists of losses are compared as far as both go.
 */
export const differs = (a, b, areLosses) => {
  if (!areLosses && a.length !== b.length) return true
  const scale = a.reduce((largest, value) => Math.max(largest, Math.abs(value)), 1e-3)
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) if (!(Math.abs(a[i] - b[i]) <= 1e-3 * scale)) return true
  return false
}
