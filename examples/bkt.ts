import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Generator, mse } from '@lanewise/core'
import {
  BktModel,
  bktDegeneracies,
  bktPredictions,
  bktUpdate,
  evaluateLearnerModel,
  fitBkt,
  readHmmScalable,
  type Answer,
  type BktParameters,
} from '@lanewise/edu-recsys'
import type { Context, Metrics } from './lib/context.ts'
import { plot } from './lib/plot.ts'

export const summary =
  'Bayesian knowledge tracing: EM on a published toy set, and on simulated learners of known parameters'

/** What hmm-scalable's EM found; it leaves the last answer out. */
const published: BktParameters = { prior: 0, learn: 0.16676161, forget: 0, guess: 0.00038573, slip: 0.00044059 }

/** The toy set has one learner and one skill: six wrong answers, thirteen right ones, a wrong one. */
const toyAnswers = (data: string, log: (line: string) => void): Answer[] => {
  const path = join(data, 'edu/bkt-toy/toy_data.txt')
  if (existsSync(path)) return readHmmScalable(readFileSync(path, 'utf8'), { file: 'toy_data.txt' })
  log('The toy set is not there: the same answers are written out instead.')
  const marks = [...'00000011111111111110']
  return marks.map((mark, i) => ({
    learner: 'student1',
    question: `step${i + 1}`,
    skills: ['skillA'],
    correct: mark === '1',
  }))
}

const skills = new Map<string, BktParameters>([
  ['add', { prior: 0.4, learn: 0.2, forget: 0, guess: 0.2, slip: 0.08 }],
  ['multiply', { prior: 0.1, learn: 0.1, forget: 0, guess: 0.15, slip: 0.1 }],
  ['divide', { prior: 0.05, learn: 0.25, forget: 0, guess: 0.25, slip: 0.15 }],
])

const simulate = (generator: Generator, learners: number, answersEach: number): Answer[] =>
  Array.from({ length: learners }, (_, n) =>
    [...skills].flatMap(([skill, { prior, learn, guess, slip }]) => {
      let known = generator.double() < prior
      return Array.from({ length: answersEach }, (_unused, t) => {
        const correct = generator.double() < (known ? 1 - slip : guess)
        known ||= generator.double() < learn
        return { learner: `${n}`, question: `${skill}${t}`, skills: [skill], correct }
      })
    }),
  ).flat()

export const run = async ({ data, quick, seed, signal, log, progress, write }: Context): Promise<Metrics> => {
  const sequence = toyAnswers(data, log).map((answer) => answer.correct)
  const rmseOf = (p: BktParameters): number => Math.sqrt(mse(bktPredictions(sequence, p), sequence.map(Number)))
  const generator = new Generator(seed)
  const { parameters, logLikelihood } = fitBkt([sequence], {
    tolerance: 1e-10,
    maxIterations: 20_000,
    starts: 3,
    generator,
  })
  const metrics: Metrics = { logLikelihood, rmse: rmseOf(parameters), publishedRmse: rmseOf(published) }
  log(`toy set: log-likelihood ${logLikelihood.toFixed(4)}, RMSE ${rmseOf(parameters).toFixed(4)}`)
  log(
    Object.entries(parameters)
      .map(([name, value]) => `${name} ${value.toFixed(5)}`)
      .join(', '),
  )
  for (const { text } of bktDegeneracies(parameters)) log(`  beware: ${text}`)

  const bar = progress('simulated learners', 3)
  const answers = simulate(generator, quick ? 100 : 1000, 12)
  bar.update(1, 'fitting')
  signal.throwIfAborted()
  const model = BktModel.fit(answers, { starts: 2, tolerance: 1e-4, generator })
  bar.update(2, 'scoring')
  const report = evaluateLearnerModel(BktModel.from(JSON.parse(JSON.stringify(model))), simulate(generator, 200, 12))
  bar.stop()
  const difference = Math.max(
    ...[...skills].flatMap(([skill, truth]) =>
      (['prior', 'learn', 'guess', 'slip'] as const).map((name) =>
        Math.abs((model.parameters.get(skill)?.[name] ?? 1) - truth[name]),
      ),
    ),
  )
  log(
    `simulated: parameters off by ${difference.toFixed(3)} at most, new learners' answers AUC ${report.auc.toFixed(3)}`,
  )

  let mastery = parameters.prior
  const points = sequence.map((correct, t): [number, number] => {
    mastery = bktUpdate(mastery, correct, parameters)
    return [t + 1, mastery]
  })
  const marks = sequence.map((correct, t): [number, number] => [t + 1, correct ? 1 : 0])
  write(
    'bkt.svg',
    plot(
      'Mastery on the toy set',
      [
        { name: 'mastery', points },
        { name: 'answers', points: marks },
      ],
      'answer',
      'probability',
    ),
  )
  return { ...metrics, simulatedAuc: report.auc, simulatedParameterDiff: difference }
}
