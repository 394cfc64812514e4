// How far a run is, on stderr: a bar on a terminal, else a line for each step.
import { SingleBar } from 'cli-progress'

/** @returns { step(text), stop() } */
export const progress = (total) => {
  if (!process.stderr.isTTY) {
    let done = 0
    return { step: (text) => console.error(`${++done}/${total} ${text}`), stop: () => {} }
  }
  const bar = new SingleBar({
    format: '{bar} {value}/{total}  {text}  {duration_formatted}, {eta_formatted} left',
    stream: process.stderr,
    hideCursor: true,
    etaBuffer: 20,
  })
  bar.start(total, 0, { text: '' })
  let done = -1
  return { step: (text) => bar.update(++done, { text }), stop: () => bar.stop() }
}
