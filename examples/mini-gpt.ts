import {
  AdamW,
  clipGradNorm,
  crossEntropy,
  fromData,
  Generator,
  lambdaLr,
  manualSeed,
  math,
  noGrad,
  reshape,
  scope,
  type Tensor,
} from '@lanewise/core'
import { CharacterTokenizer, generateText, gpt, gptReader, type Gpt } from '@lanewise/rnn'
import type { Context, Metrics } from './lib/context.ts'
import { plot } from './lib/plot.ts'
import { shakespeare } from './lib/shakespeare.ts'

export const summary =
  'A small GPT learns to write like Shakespeare, character by character: validation loss and samples'

const [blockSize, batchSize, warmup] = [64, 12, 100]
const rate = { top: 1e-3, end: 1e-4 }

/** Rises over the warm-up, then falls along half a wave to a tenth; as a factor of the top rate. */
const factorAt = (step: number, steps: number): number => {
  if (step < warmup) return step / warmup
  const share = (step - warmup) / (steps - warmup)
  return (rate.end + ((rate.top - rate.end) * (1 + math.cos(Math.PI * share))) / 2) / rate.top
}

/** Windows of the text as input and, one character later, target: i32 [N, blockSize] each. */
const windows = (codes: Int32Array, starts: readonly number[]): [x: Tensor, target: Tensor] => {
  const [x, target] = [0, 1].map((shift) => {
    const data = new Int32Array(starts.length * blockSize)
    starts.forEach((at, i) => data.set(codes.subarray(at + shift, at + shift + blockSize), i * blockSize))
    return fromData(data, [starts.length, blockSize], 'i32')
  })
  return [x!, target!]
}

const lossOf = (model: Gpt, [x, target]: readonly [Tensor, Tensor]): Tensor =>
  crossEntropy(reshape(model.forward(x), [target.size, -1]), reshape(target, [-1]))

/** The mean loss over all whole windows of a text. */
const measure = (model: Gpt, codes: Int32Array, signal: AbortSignal): number => {
  const starts = Array.from({ length: Math.floor((codes.length - 1) / blockSize) }, (_, i) => i * blockSize)
  let total = 0
  model.eval()
  for (let at = 0; at < starts.length; at += 64) {
    signal.throwIfAborted()
    const part = starts.slice(at, at + 64)
    total += part.length * scope(() => noGrad(() => lossOf(model, windows(codes, part))).item())
  }
  model.train()
  return total / starts.length
}

/** AdamW as nanoGPT sets it: only matrices decay. */
const optimizerOf = (model: Gpt): AdamW => {
  const parameters = model.parameters()
  const groups = [
    { params: parameters.filter((p) => p.rank >= 2), weightDecay: 0.1 },
    { params: parameters.filter((p) => p.rank < 2), weightDecay: 0 },
  ]
  return new AdamW(groups, { lr: rate.top, betas: [0.9, 0.99] })
}

export const run = async (context: Context): Promise<Metrics> => {
  const { data, quick, seed, signal, log, progress, write } = context
  const { text, source } = shakespeare(data, quick ? 20_000 : Infinity)
  const tokenizer = CharacterTokenizer.fromText(text)
  const codes = Int32Array.from(tokenizer.encode(text))
  const cut = Math.floor(0.9 * codes.length)
  const [learned, held] = [codes.subarray(0, cut), codes.subarray(cut)]
  log(`${learned.length} characters to learn from and ${held.length} to validate: ${source}`)

  manualSeed(seed)
  const model = gpt({ vocabSize: tokenizer.size, blockSize, numLayers: 4, numHeads: 4, embedDim: 128, bias: false })
  const optimizer = optimizerOf(model)
  const steps = quick ? 10 : 2000
  const schedule = lambdaLr((step) => factorAt(step, steps))(optimizer)
  const generator = new Generator(seed)
  const curves: { train: [number, number][]; validation: [number, number][] } = { train: [], validation: [] }
  const bar = progress('training', steps)
  const start = performance.now()
  let recent = 0
  let trainSeconds = 0
  for (let step = 1; step <= steps; step++) {
    signal.throwIfAborted()
    const began = performance.now()
    const starts = Array.from({ length: batchSize }, () => generator.randint(learned.length - blockSize))
    const loss = scope(() => {
      const loss = lossOf(model, windows(learned, starts))
      optimizer.zeroGrad()
      loss.backward()
      clipGradNorm(model.parameters(), 1)
      optimizer.step()
      schedule.step()
      return loss.item()
    })
    trainSeconds += (performance.now() - began) / 1000
    recent = step === 1 ? loss : 0.98 * recent + 0.02 * loss
    bar.update(step, `loss ${recent.toFixed(4)}`)
    if (step % 10 === 0) await new Promise((resume) => setImmediate(resume))
    if (step % 250 === 0 || step === steps) {
      const validation = measure(model, held, signal)
      curves.train.push([step, recent])
      curves.validation.push([step, validation])
      log(`step ${step}: loss ${recent.toFixed(4)}, validation ${validation.toFixed(4)}, ${trainSeconds.toFixed(1)} s`)
    }
  }
  bar.stop()
  const seconds = (performance.now() - start) / 1000

  let sample = '\n'
  const options = { prompt: '\n', maxTokens: quick ? 40 : 500, temperature: 0.8, seed, signal }
  for await (const piece of generateText(gptReader(model.eval()), tokenizer, options)) sample += piece
  log(sample)
  write('mini-gpt.txt', sample)
  const series = Object.entries(curves).map(([name, points]) => ({ name, points }))
  write('mini-gpt.svg', plot('mini-gpt: loss', series, 'step', 'nats a character'))
  return {
    validationLoss: curves.validation.at(-1)?.[1] ?? 0,
    trainLoss: recent,
    parameters: model.parameters().reduce((n, p) => n + p.size, 0),
    steps,
    trainSeconds,
    charactersPerSecond: (steps * batchSize * blockSize) / seconds,
    data: source,
  }
}
