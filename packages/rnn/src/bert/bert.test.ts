import { readFileSync } from 'node:fs'
import { fromData, Generator, manualSeed, randint, tensor, zeros, type Tensor } from '@lanewise/core'
import { describe, expect, test } from 'vitest'
import {
  checkCurve,
  checkGradients,
  checkLogits,
  trainSteps,
  type Drawn,
  type TransformerCase,
} from '../testing/transformers.ts'
import { bert, bertForClassification, bertForMaskedLm, type Bert } from './bert.ts'
import { maskedLmLoss, maskTokens } from './masking.ts'

const golden: Record<'masked' | 'classes', TransformerCase> = JSON.parse(
  readFileSync(new URL('__golden__/bert.json', import.meta.url), 'utf8'),
)

const sizes = { vocabSize: 11, maxLength: 8, numLayers: 2, numHeads: 2, embedDim: 8, dropout: 0 }

/** The batch of the recording: the second text ends in two fillers, and the second half of each is a second sentence. */
const batch = (): { tokens: Tensor; kinds: Tensor } => {
  const data = Int32Array.from(randint(1, 11, [3, 6]).dataSync())
  data.fill(0, 10, 12)
  return {
    tokens: fromData(data, [3, 6], 'i32'),
    kinds: fromData(
      Int32Array.from({ length: 18 }, (_, i) => (i % 6 > 2 ? 1 : 0)),
      [3, 6],
      'i32',
    ),
  }
}

const draws = {
  masked: (): Drawn => {
    manualSeed(0)
    const model = bertForMaskedLm(bert(sizes))
    const { tokens, kinds } = batch()
    const target = fromData(
      Int32Array.from(tokens.dataSync(), (t) => (t > 4 ? t : -100)),
      [3, 6],
      'i32',
    )
    return { model, run: () => model.forward(tokens, { kinds }), target }
  },
  classes: (): Drawn => {
    manualSeed(0)
    const model = bertForClassification(bert(sizes), { numClasses: 3 })
    const { tokens, kinds } = batch()
    return { model, run: () => model.forward(tokens, { kinds }), target: tensor([0, 2, 1], { dtype: 'i32' }) }
  },
}

describe.each(['masked', 'classes'] as const)('%s, as in PyTorch', (name) => {
  test('logits', () => expect(checkLogits(draws[name](), golden[name])).toBe(true))
  test('gradients', () => expect(checkGradients(draws[name](), golden[name])).toBe(true))
  test('training steps', () => expect(checkCurve(draws[name](), golden[name])).toBe(true))
})

test('fillers change nothing', () => {
  manualSeed(1)
  const model = bert(sizes)
  const short = model.forward(tensor([[3, 4, 5]], { dtype: 'i32' })).toArray()
  const long = model.forward(tensor([[3, 4, 5, 0, 0]], { dtype: 'i32' })).toArray()
  expect((long as number[][][])[0].slice(0, 3).flat()).toEqual(
    (short as number[][][])[0].flat().map((v) => expect.closeTo(v, 5)),
  )
})

test('masked training, then fine-tuning: the encoder is shared', () => {
  manualSeed(2)
  const encoder: Bert = bert(sizes)
  const text = Int32Array.from({ length: 48 }, (_, i) => 1 + (i % 6))
  const { tokens, targets } = maskTokens(text, {
    vocabSize: 11,
    maskToken: 10,
    share: 0.3,
    generator: new Generator(0),
  })
  const [x, target] = [tokens, targets].map((data) => fromData(data, [8, 6], 'i32'))
  const masked = bertForMaskedLm(encoder)
  const losses = trainSteps({ model: masked, run: () => masked.forward(x), target }, 60, 1e-2)
  expect(losses[59]).toBeLessThan(0.05)
  const classifier = bertForClassification(encoder, { numClasses: 2 })
  const texts = tensor(
    [
      [1, 2, 3],
      [3, 2, 1],
      [1, 2, 4],
      [4, 2, 1],
    ],
    { dtype: 'i32' },
  )
  const classes = tensor([0, 1, 0, 1], { dtype: 'i32' })
  const tuned = trainSteps({ model: classifier, run: () => classifier.forward(texts), target: classes }, 30, 1e-2)
  expect(tuned[29]).toBeLessThan(0.05)
})

test('masking: the shares of the paper, special tokens spared', () => {
  const text = Int32Array.from({ length: 20_000 }, (_, i) => i % 50)
  const { tokens, targets } = maskTokens(text, {
    vocabSize: 60,
    maskToken: 59,
    special: [0],
    generator: new Generator(1),
  })
  const drawn = [...targets.keys()].filter((i) => targets[i] !== -100)
  expect(drawn.every((i) => targets[i] === text[i] && text[i] !== 0)).toBe(true)
  expect([...text.keys()].every((i) => targets[i] !== -100 || tokens[i] === text[i])).toBe(true)
  const share = (fits: (i: number) => boolean): number => drawn.filter(fits).length / drawn.length
  // Binomial shares of some 2,900 draws: within four standard deviations.
  expect(drawn.length / 19_600).toBeCloseTo(0.15, 1)
  expect(Math.abs(share((i) => tokens[i] === 59) - 0.8)).toBeLessThan(0.03)
  expect(Math.abs(share((i) => tokens[i] === text[i]) - 0.1)).toBeLessThan(0.03)
})

test('what does not fit is refused', () => {
  const model = bert(sizes)
  expect(() => model.forward(zeros([1, 9], { dtype: 'i32' }))).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: bert: the tokens do not fit; got i32[1,9], expected [N, T] with T from 1 to maxLength 8. Cut longer texts into pieces.]`,
  )
  expect(() => model.forward(zeros([5], { dtype: 'i32' }))).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: bert: the tokens do not fit; got i32[5], expected [N, T] with T from 1 to maxLength 8. Cut longer texts into pieces.]`,
  )
  expect(() => bert({ ...sizes, numHeads: 3 })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: MultiheadAttention: the heads do not divide embedDim; got 3 heads and embedDim 8, expected a divisor.]`,
  )
  const options = { vocabSize: 5, maskToken: 5, generator: new Generator(0) }
  expect(() => maskTokens([1], options)).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: maskTokens: the options do not fit; got share 0.15, maskToken 5, expected a share in [0, 1] and a token in [0, 5).]`,
  )
  expect(maskedLmLoss(zeros([1, 1, 2]), tensor([[-100]], { dtype: 'i32' })).item()).toBeNaN()
})
