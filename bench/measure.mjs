/** Milliseconds per call over `calls` calls. */
const time = async (candidate, calls) => {
  const start = performance.now()
  for (let i = 0; i < calls; i++) await candidate.run()
  return (performance.now() - start) / calls
}

/** Warm-up by calls, at most `seconds`; gives the time of a call at its end. */
const warmUp = async (candidate, seconds) => {
  const end = performance.now() + 1000 * seconds
  let last = Infinity
  for (let i = 0; i < 50 && performance.now() < end; i++) last = Math.min(last, await time(candidate, 1))
  return last
}

const median = (list) => list.toSorted((a, b) => a - b)[list.length >> 1]

/**
 * Times the candidates in turn, round after round, so that whatever else the machine does falls on all of them.
 * @param candidates - [{ impl, run }]
 * @param seconds - about how long each is measured
 */
export const race = async (candidates, seconds) => {
  const entries = []
  for (const candidate of candidates) {
    const ms = await warmUp(candidate, seconds / 2)
    entries.push({ candidate, calls: Math.max(1, Math.round(2 / ms)), times: [], spent: 0 })
  }
  const isDone = ({ spent, times }) =>
    times.length >= 200 || (spent >= seconds * 1000 && (times.length >= 5 || spent >= seconds * 5000))
  while (!entries.every(isDone))
    for (const entry of entries.filter((one) => !isDone(one))) {
      const ms = await time(entry.candidate, entry.calls)
      entry.times.push(ms)
      entry.spent += ms * entry.calls
    }
  return entries.map(({ candidate, times }) => ({
    impl: candidate.impl,
    msMin: Math.min(...times),
    msMedian: median(times),
  }))
}
