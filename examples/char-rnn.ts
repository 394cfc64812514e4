import {
  Adam,
  clipGradNorm,
  crossEntropy,
  manualSeed,
  noGrad,
  reshape,
  saveSafetensors,
  scope,
  tensor,
  type Tensor,
} from '@lanewise/core'
import { textFile } from '@lanewise/core/node'
import {
  CharacterTokenizer,
  charRnn,
  generateText,
  tokenStreams,
  windowCount,
  type SequenceModel,
  type TokenStreamOptions,
  type TokenWindow,
} from '@lanewise/rnn'
import type { Context, Metrics } from './lib/context.ts'
import { plot } from './lib/plot.ts'

export const summary = 'A character LSTM learns to write like Shakespeare: three epochs, with samples as it learns'

/** The loss of a window, a scalar, and the states after it, outside of the graph. */
const lossOf = (model: SequenceModel, { x, y, steps, batchSize }: TokenWindow, states: readonly Tensor[] | null) => {
  const [logits, last] = model.forward(tensor(x, { shape: [steps, batchSize] }), states)
  const loss = crossEntropy(reshape(logits, [steps * batchSize, -1]), tensor(y))
  return { loss, states: last.map((s) => s.detach()) }
}

/** Mean loss over a text; states are carried from window to window. */
const validate = (model: SequenceModel, text: Int32Array, streams: TokenStreamOptions): number => {
  let states: readonly Tensor[] | null = null
  let [total, count] = [0, 0]
  model.eval()
  for (const window of tokenStreams(text, streams)) {
    states = scope(() =>
      noGrad(() => {
        const next = lossOf(model, window, states)
        total += next.loss.item()
        count++
        return next.states
      }),
    )
  }
  model.train()
  return total / count
}

const write200 = async (
  model: SequenceModel,
  tokenizer: CharacterTokenizer,
  { seed, signal }: Pick<Context, 'seed' | 'signal'>,
): Promise<string> => {
  let text = ''
  const options = { prompt: '\n', maxTokens: 200, temperature: 0.8, seed, signal }
  for await (const piece of generateText(model.reader(), tokenizer, options)) text += piece
  return text.trim()
}

export const run = async ({ data, quick, seed, signal, log, progress, write }: Context): Promise<Metrics> => {
  const text = (await textFile('text/tinyshakespeare.txt', { root: data })).slice(0, quick ? 60_000 : undefined)
  const tokenizer = CharacterTokenizer.fromText(text)
  const codes = tokenizer.encode(text)
  const cut = Math.floor(0.9 * codes.length)
  const [train, validation] = [codes.subarray(0, cut), codes.subarray(cut)]
  const streams = quick ? { batchSize: 20, steps: 25 } : { batchSize: 50, steps: 50 }
  // Few streams: each starts without a past, and all of them together leave out less of the text's end.
  const validationStreams = { ...streams, batchSize: 10 }
  const [epochs, steps] = quick ? [1, 40] : [3, windowCount(train.length, { ...streams })]

  manualSeed(seed)
  const model = charRnn({ vocabularySize: tokenizer.size })
  const optimizer = new Adam(model.parameters(), { lr: 2e-3 })
  const parameters = model.parameters().reduce((n, p) => n + p.size, 0)
  log(`${train.length} training and ${validation.length} validation characters, ${tokenizer.size} different ones`)
  log(`${parameters} parameters, ${epochs * steps} steps`)

  const bar = progress('training', epochs * steps)
  const curve: [number, number][] = []
  const checks: [number, number][] = []
  const samples: string[] = []
  let [step, trainSeconds] = [0, 0]
  for (let epoch = 1; epoch <= epochs; epoch++) {
    let states: readonly Tensor[] | null = null
    let window = 0
    for (const batch of tokenStreams(train, streams)) {
      if (window++ === steps) break
      signal.throwIfAborted()
      const start = performance.now()
      const { value, next } = scope(() => {
        const { loss, states: next } = lossOf(model, batch, states)
        optimizer.zeroGrad()
        loss.backward()
        clipGradNorm(model.parameters(), 5)
        optimizer.step()
        return { value: loss.item(), next }
      })
      states?.forEach((s) => s.dispose())
      states = next
      trainSeconds += (performance.now() - start) / 1000
      curve.push([++step, value])
      bar.update(step, `loss ${value.toFixed(3)}`)
      if (step % 200 === 0 || (quick && step % 20 === 0)) {
        const sample = await write200(model, tokenizer, { seed, signal })
        samples.push(`step ${step}, loss ${value.toFixed(3)}\n${sample}\n`)
        log(`step ${step}, loss ${value.toFixed(3)}: ${JSON.stringify(sample.slice(0, 72))}`)
      }
      if (step % 10 === 0) await new Promise((resume) => setImmediate(resume))
    }
    checks.push([step, validate(model, validation, validationStreams)])
    log(`epoch ${epoch}: validation loss ${checks.at(-1)![1].toFixed(4)} nats`)
  }
  bar.stop()

  const title = 'Cross-entropy in nats per character'
  const curves = [
    { name: 'training', points: curve },
    { name: 'validation', points: checks },
  ]
  write('char-rnn.svg', plot(title, curves, 'step', 'loss'))
  write('char-rnn.txt', `${samples.join('\n')}\nat the end\n${await write200(model, tokenizer, { seed, signal })}\n`)
  write('char-rnn.safetensors', await saveSafetensors(model.stateDict()))
  write('char-rnn-vocabulary.json', JSON.stringify(tokenizer))
  return {
    validationLoss: checks.at(-1)![1],
    validationLosses: checks.map(([, loss]) => loss),
    trainLoss: curve.at(-1)![1],
    parameters,
    steps: step,
    trainSeconds,
    millisecondsPerStep: (1000 * trainSeconds) / step,
  }
}
