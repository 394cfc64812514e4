import { readFileSync } from 'node:fs'
import {
  backward,
  clipGradNorm,
  fit,
  LanewiseError,
  manualSeed,
  optim,
  saveCheckpoint,
  Sgd,
  ShapeError,
} from '@lanewise/core'
import { allClose } from '@lanewise/core/testing'
import { expect, test } from 'vitest'
import type { Answer } from '../events/answer.ts'
import { evaluateLearnerModel } from '../events/learner-model.ts'
import { dktBatches, shuffledBatches } from './batches.ts'
import { Dkt, loadDkt, saveDkt } from './dkt.ts'
import { DktTracer } from './tracer.ts'

interface Golden {
  readonly skills: readonly number[][][]
  readonly right: readonly number[][]
  readonly steps: readonly { loss: number; logits: number[][]; grads: Record<string, number[]> }[]
  readonly weights: Record<string, number[]>
}

const golden = JSON.parse(readFileSync(new URL('./__golden__/dkt.json', import.meta.url), 'utf8')) as Golden
const names = ['0', '1', '2']

const answers: Answer[] = golden.skills.flatMap((rows, n) =>
  rows.map((skills, t) => ({ learner: `l${n}`, skills: skills.map(String), correct: golden.right[n][t] === 1 })),
)

const small = (): Dkt => {
  manualSeed(0)
  return new Dkt({ skills: names, hiddenSize: 5, embeddingDim: 4 })
}

test('losses, logits, gradients and weights of PyTorch over three steps, with several skills an answer', () => {
  const model = small()
  const [batch] = dktBatches(answers, names)
  const sgd = new Sgd(model.parameters(), { lr: 0.5 })
  for (const step of golden.steps) {
    sgd.zeroGrad()
    // Batches are sorted by length: the second learner comes first.
    const logits = model.logits(batch).dataSync()
    step.logits[1].forEach((x, t) => expect(Math.abs(logits[t] - x)).toBeLessThan(2e-6))
    step.logits[0].forEach((x, t) => expect(Math.abs(logits[batch.steps + t] - x)).toBeLessThan(2e-6))
    const loss = model.loss(batch)
    expect(Math.abs(loss.item() - step.loss)).toBeLessThan(1e-6)
    backward(loss)
    for (const [name, p] of model.namedParameters()) allClose(p.grad!, step.grads[name], { atol: 1e-6, rtol: 1e-5 })
    sgd.step()
  }
  expect([...model.stateDict().keys()]).toEqual(Object.keys(golden.weights))
  for (const [name, p] of model.stateDict()) allClose(p, golden.weights[name], { atol: 2e-6, rtol: 1e-5 })
})

test('parameter count: 2 K E + 4 H (E + H + 2) + K (H + 1)', () => {
  const model = new Dkt({ skills: Array.from({ length: 110 }, (_, i) => String(i)), hiddenSize: 64 })
  const count = model.parameters().reduce((sum, p) => sum + p.size, 0)
  expect(count).toBe(220 * 64 + 256 * 130 + 110 * 65)
  expect(count).toBe(54_510)
})

test('the tracer says step by step what the model says at once, and states are not shared', () => {
  const model = small()
  const tracer = new DktTracer(model)
  const [batch] = dktBatches(answers, names)
  const logits = model.logits(batch).dataSync()
  const own = answers.filter((answer) => answer.learner === 'l0')
  let state = tracer.start()
  const states = [state]
  own.slice(0, -1).forEach((answer, t) => {
    state = tracer.update(state, answer)
    states.push(state)
    const p = 1 / (1 + Math.exp(-logits[batch.steps + t]))
    expect(Math.abs(tracer.predict(state, own[t + 1].skills) - p)).toBeLessThan(1e-6)
  })
  expect(tracer.update(states[2], own[2])).toEqual(states[3])
})

test('saved and loaded', async () => {
  const model = small()
  const bytes = await saveDkt(model)
  const loaded = loadDkt(bytes)
  for (const [name, x] of model.stateDict()) expect(loaded.stateDict().get(name)!.dataSync()).toEqual(x.dataSync())
  expect(loaded.skills).toEqual(names)
  for (const cut of [0, 7, 100, bytes.length - 1]) {
    let error: unknown
    try {
      loadDkt(bytes.subarray(0, cut))
    } catch (e) {
      error = e
    }
    expect(LanewiseError.is(error)).toBe(true)
  }
})

test('sizes that the bytes cannot hold are refused before a model is made', async () => {
  const model = small()
  const { skills, embeddingDim } = model
  const bytes = await saveCheckpoint({ model }, { format: 'lanewise.dkt.1', skills, hiddenSize: 60_000, embeddingDim })
  expect(() => loadDkt(bytes)).toThrow('loadDkt: the sizes do not fit the bytes')
})

test('a state that is not finite is refused', () => {
  const tracer = new DktTracer(small())
  const start = tracer.start()
  const hidden = start.hidden.slice()
  hidden[3] = NaN
  const answer = { skills: [names[0]], correct: true }
  expect(() => tracer.update({ ...start, hidden }, answer)).toThrow('DktTracer: the state is not finite')
  expect(() => tracer.update({ ...start, hidden: hidden.slice(0, 2) }, answer)).toThrow(ShapeError)
})

test('learns that a skill repeats its first answer', async () => {
  manualSeed(1)
  const learners: Answer[] = Array.from({ length: 24 }, (_, n) =>
    Array.from({ length: 10 }, (_unused, t) => ({
      learner: `l${n}`,
      skills: [String(t % 2)],
      correct: ((n >> (t % 2)) & 1) === 1,
    })),
  ).flat()
  const model = new Dkt({ skills: ['0', '1'], hiddenSize: 16 })
  const train = shuffledBatches(dktBatches(learners, model.skills, { batchSize: 8 }))
  const losses: number[] = []
  for await (const e of fit(model, {
    train,
    objective: (batch) => model.loss(batch),
    optimizer: optim.adam({ lr: 0.02 }),
    epochs: 40,
  }))
    losses.push(e.loss)
  expect(losses[39]).toBeLessThan(losses[0] / 2)
  const report = evaluateLearnerModel(new DktTracer(model), learners, { skip: 2 })
  expect(report.accuracy).toBeGreaterThan(0.98)
})

test('batches: cut, sorted by length, single answers left out, padding masked', () => {
  const own = (learner: string, count: number): Answer[] =>
    Array.from({ length: count }, () => ({ learner, skills: ['0'], correct: true }))
  const batches = dktBatches(
    [...own('a', 7), ...own('b', 1), ...own('c', 2), { learner: 'c', skills: [], correct: true }],
    names,
    {
      batchSize: 2,
      maxAnswers: 3,
    },
  )
  // a is cut to 3, 3 and 1 answers; the 1 and b's only answer predict nothing.
  expect(batches.map(({ rows, steps, answers: n }) => [rows, steps, n])).toEqual([
    [2, 2, 3],
    [1, 2, 2],
  ])
  expect([...batches[0].mask]).toEqual([1, 0, 1, 1])
})

test('every parameter gets a gradient', () => {
  const model = small()
  backward(model.loss(dktBatches(answers, names)[0]))
  expect(clipGradNorm(model.parameters(), 1e9).item()).toBeGreaterThan(0)
  for (const p of model.parameters()) expect(p.grad!.dataSync().some((x) => x !== 0)).toBe(true)
})

test('what they refuse', () => {
  expect(() => new Dkt({ skills: ['a', 'a'] })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: Dkt: the skills do not fit; got ["a", "a"], expected at least one, each once.]`,
  )
  expect(() => new Dkt({ skills: ['a'], hiddenSize: 0 })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: Dkt: hiddenSize is out of range; got 0, expected a whole number from 1 on.]`,
  )
  expect(() => dktBatches(answers, ['0'])).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: dktBatches: the skill is not known; got "1", expected one of 1 skills. Build the model with it.]`,
  )
  const tracer = new DktTracer(small())
  expect(() => tracer.predict(tracer.start(), ['x'])).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: DktTracer: the skill is not known; got "x", expected one of 3 skills.]`,
  )
  expect(() => tracer.update(tracer.start(), { skills: [], correct: true })).toThrowErrorMatchingInlineSnapshot(
    `[ValueError: DktTracer: there are no skills; got [], expected at least one.]`,
  )
})
