import { existsSync, readFileSync } from 'node:fs'
import { FormatError, GRU, LSTM, RNN, tensor, transpose, type Tensor } from '@lanewise/core'
import { allClose } from '@lanewise/core/testing'
import { expect, test } from 'vitest'
import { runRecurrent, type RecurrentLayer } from '../sequence-model/sequence-model.ts'
import { onnxWeights } from './dialects.ts'
import { loadRecurrentWeights } from './load.ts'

// ONNX's own cases of its recurrent nodes: attributes, inputs X, W, R, B, lengths, h, c, P, outputs Y and Y_h.

interface Recorded {
  readonly shape: number[]
  readonly data: string
}

interface Case {
  readonly name: string
  readonly attrs: { readonly hidden_size: number; readonly layout?: number }
  readonly inputs: (Recorded | null)[]
  readonly outputs: (Recorded | null)[]
  readonly rtol: number
  readonly atol: number
}

const folder = '../shared/conformance/onnx'
const casesOf = (op: string): Case[] => JSON.parse(readFileSync(`${folder}/${op}.json`, 'utf8')).cases

const valuesOf = ({ shape, data }: Recorded): Tensor =>
  tensor(new Float32Array(Uint8Array.from(Buffer.from(data, 'base64')).buffer), { shape })

const layers: Record<string, (inputs: number, H: number) => RecurrentLayer> = {
  GRU: (inputs, H) => new GRU(inputs, H, { resetAfter: false }),
  LSTM: (inputs, H) => new LSTM(inputs, H),
  RNN: (inputs, H) => new RNN(inputs, H),
}

test.skipIf(!existsSync(folder)).each(Object.keys(layers))("ONNX's cases of %s (needs the conformance data)", (op) => {
  for (const { name, attrs, inputs, outputs, rtol, atol } of casesOf(op)) {
    const [X, W, R, B, , , , P] = inputs
    const batchFirst = attrs.layout === 1
    const x = batchFirst ? transpose(valuesOf(X!), 0, 1) : valuesOf(X!)
    const layer = layers[op](x.shape[2], attrs.hidden_size)
    const given = { W, R, B, P }
    const weights = new Map(Object.entries(given).flatMap(([key, w]) => (w ? [[key, valuesOf(w)] as const] : [])))
    const load = (): void => loadRecurrentWeights(layer, weights, onnxWeights())
    if (name === 'test_lstm_with_peepholes') {
      expect(load).toThrow(FormatError)
      continue
    }
    load()
    const [y, [h]] = runRecurrent(layer, x)
    // Y and Y_h have an axis of directions; with layout 1 the batch comes first.
    const [Y, Yh] = outputs.map((out) => out && valuesOf(out))
    const tolerance = { rtol, atol }
    if (Y) allClose(batchFirst ? transpose(y, 0, 1) : y, Y.dataSync(), tolerance)
    allClose(h, Yh!.dataSync(), tolerance)
  }
})
