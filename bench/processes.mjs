// The child processes of a run: workers in the runtimes under test, and PyTorch. All of them end with this process.
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const here = fileURLToPath(new URL('.', import.meta.url))
const env = { ...process.env, DENO_NO_UPDATE_CHECK: '1', NO_COLOR: '1' }
const running = new Set()

const start = (command, args, stdin) => {
  const child = spawn(command, args, { env, stdio: [stdin, 'pipe', 'pipe'] })
  running.add(child)
  child.on('close', () => running.delete(child))
  return child
}

/** Ends every child. */
export const stopAll = () => {
  for (const child of running) child.kill('SIGKILL')
}

/**
 * Runs a worker, by default the bench's, to its end: { answer } of its last line, or { failed, doing, errors } with what
 * it had in hand.
 */
export const runWorker = ({ command, args }, request, timeoutMs, script = 'worker.mjs') =>
  new Promise((resolve) => {
    const child = start(command, [...args, join(here, script), JSON.stringify(request)], 'ignore')
    let [doing, answer, errors] = [undefined, undefined, '']
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (!line.startsWith('{')) return
      const message = JSON.parse(line)
      if (message.doing) doing = message.doing
      else answer = message
    })
    child.stderr.on('data', (chunk) => (errors = (errors + chunk).slice(-2000)))
    let timedOut = false
    const timer = setTimeout(() => {
      timedOut = true
      child.kill('SIGKILL')
    }, timeoutMs)
    child.on('close', (code) => {
      clearTimeout(timer)
      if (answer) return resolve({ answer })
      const failed = timedOut ? `does not finish within ${timeoutMs / 1000} s` : `ends with ${code}`
      resolve({ failed, doing, errors })
    })
  })

/** The fastest register tiles of a runtime, by tier; `paths` come from compileTiles. */
export const rankTiles = async (runtime, paths) => {
  const { answer, failed, errors } = await runWorker(runtime, paths, 120_000, 'asm/rank.mjs')
  if (!answer) throw new Error(`bench: the peak of ${runtime.label} cannot be measured: ${failed}\n${errors}`)
  return answer
}

const python = '/usr/bin/python3'

/** PyTorch's process: { version, ask(request), stop() }; undefined when it is not installed. */
export const startTorch = async () => {
  const child = start(python, [join(here, 'torch_bench.py')], 'pipe')
  child.on('error', () => {})
  child.stdin.on('error', () => {})
  let errors = ''
  child.stderr.on('data', (chunk) => (errors = (errors + chunk).slice(-2000)))
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const next = async () => {
    const { value, done } = await lines.next()
    if (done) throw new Error(`bench: PyTorch's process ended: ${errors}`)
    return JSON.parse(value)
  }
  const ask = (request) => {
    child.stdin.write(`${JSON.stringify(request)}\n`)
    return next()
  }
  try {
    const { version } = await next()
    return { version, ask, stop: () => child.stdin.end() }
  } catch {
    return undefined
  }
}
