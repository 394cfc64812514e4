import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readRawManifest, readRawWeights } from '@lanewise/core'
import { dataFolders, textFile } from '@lanewise/core/node'
import { CharacterTokenizer, charRnnFromTensorFlow, generateText, loadState, stateToBytes } from '@lanewise/rnn'
import type { Context, Metrics } from './lib/context.ts'

export const summary =
  "ml5's character LSTMs (TensorFlow weights) go on as they did there; their state travels as bytes"

/** What another implementation gives. */
interface Expected {
  readonly prompt: string
  readonly logits_after_prompt: readonly number[]
  readonly greedy_continuation_120: string
}

/** A file of the data folder, as bytes. */
const bytesOf = async (root: string, name: string): Promise<Uint8Array> => {
  for (const folder of dataFolders(root)) {
    const bytes = await readFile(join(folder, name)).catch(() => null)
    if (bytes !== null) return bytes
  }
  // Not there: the error of core's reader says where it was looked for.
  return new TextEncoder().encode(await textFile(name, { root }))
}

export const run = async ({ data, quick, signal, seed, log, write }: Context): Promise<Metrics> => {
  const expected: Record<string, Expected> = JSON.parse(await textFile('text/charRNN_expected.json', { root: data }))
  const samples: string[] = []
  const seconds: number[] = []
  let [maxLogitDiff, greedyEqual, characters] = [0, true, 0]
  for (const [author, { prompt, logits_after_prompt, greedy_continuation_120 }] of Object.entries(expected)) {
    const folder = `text/charRNN-weights/${author}`
    const manifest = readRawManifest(await bytesOf(data, `${folder}/manifest.json`))
    const files = new Map<string, Uint8Array>()
    for (const { filename } of manifest.values()) files.set(filename, await bytesOf(data, `${folder}/${filename}`))
    const model = charRnnFromTensorFlow(readRawWeights(manifest, files))
    const tokenizer = CharacterTokenizer.fromJSON(JSON.parse(await textFile(`${folder}/vocab.json`, { root: data })))

    const reader = model.reader()
    const logits = reader.read(tokenizer.encode(prompt)).slice()
    logits_after_prompt.forEach((v, i) => (maxLogitDiff = Math.max(maxLogitDiff, Math.abs(v - logits[i]))))

    // The text in two halves, the state between them as bytes in another reader.
    const take = async (from: string, count: number, continued: typeof reader): Promise<string> => {
      let text = ''
      const options = { prompt: from, maxTokens: count, temperature: 0, signal }
      for await (const piece of generateText(continued, tokenizer, options)) text += piece
      return text
    }
    const first = await take(prompt, 60, model.reader())
    const half = model.reader()
    half.read(tokenizer.encode(prompt + first.slice(0, -1)))
    const other = model.reader()
    loadState(other.stepper, stateToBytes(half.stepper))
    const text = first + (await take(first.slice(-1), greedy_continuation_120.length - 60, other))
    greedyEqual &&= text === greedy_continuation_120
    log(`${author}: ${prompt}${text.slice(0, 60)}... ${text === greedy_continuation_120 ? 'as stored' : 'DIFFERS'}`)

    let sample = ''
    const start = performance.now()
    const count = quick ? 200 : 1000
    const options = { prompt, maxTokens: count, temperature: 0.5, topP: 0.95, seed, signal }
    for await (const piece of generateText(model.reader(), tokenizer, options)) sample += piece
    seconds.push((performance.now() - start) / 1000)
    characters += count
    samples.push(`${author}\n${prompt}${sample}\n`)
  }
  write('char-rnn-pretrained.txt', samples.join('\n'))
  return {
    maxLogitDiff,
    greedyEqual,
    models: Object.keys(expected).length,
    charactersPerSecond: characters / seconds.reduce((a, b) => a + b),
  }
}
