import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { fit, Generator, manualSeed, optim } from '@lanewise/core'
import {
  BktModel,
  byLearner,
  Dkt,
  dktBatches,
  DktTracer,
  evaluateLearnerModel,
  loadDkt,
  PfaModel,
  readThreeLine,
  saveDkt,
  shuffledBatches,
  type Answer,
} from '@lanewise/edu-recsys'
import type { Context, Metrics } from './lib/context.ts'
import { plot } from './lib/plot.ts'

export const summary =
  'Deep knowledge tracing on ASSISTments 2009 (updated): AUC of the next answer, beside BKT and PFA'

interface Split {
  readonly train: Answer[]
  readonly test: Answer[]
}

/** Learners whose chance of a right answer rises with practice, on skills of different difficulty. */
const generated = (generator: Generator, learners: number): Answer[] =>
  Array.from({ length: learners }, (_, n) => {
    const talent = generator.double()
    const practice = new Map<number, number>()
    return Array.from({ length: 40 }, () => {
      const skill = generator.randint(12)
      const times = practice.get(skill) ?? 0
      practice.set(skill, times + 1)
      const chance = Math.min(0.95, 0.1 + 0.5 * talent + 0.08 * times - 0.03 * skill)
      return { learner: `${n}`, skills: [String(skill)], correct: generator.double() < chance }
    })
  }).flat()

/** The split as published; without the files, generated learners. */
const load = (data: string, generator: Generator, log: (line: string) => void): Split => {
  const path = (part: string): string => join(data, `edu/dkvmn/assist2009_updated/assist2009_updated_${part}.csv.gz`)
  if (!existsSync(path('train')) || !existsSync(path('test'))) {
    log('The ASSISTments data are not there: generated learners instead.')
    return { train: generated(generator, 600), test: generated(generator, 200) }
  }
  const read = (part: string): Answer[] =>
    readThreeLine(gunzipSync(readFileSync(path(part))).toString('utf8'), { file: path(part), learners: part })
  return { train: read('train'), test: read('test') }
}

const someLearners = (answers: Answer[], count: number): Answer[] =>
  [...byLearner(answers).values()].slice(0, count).flat()

export const run = async ({ data, quick, seed, signal, log, progress, write }: Context): Promise<Metrics> => {
  const generator = new Generator(seed)
  const all = load(data, generator, log)
  const train = quick ? someLearners(all.train, 100) : all.train
  const test = quick ? someLearners(all.test, 30) : all.test
  const skills = [...new Set([...all.train, ...all.test].flatMap((answer) => answer.skills))].sort(
    (a, b) => Number(a) - Number(b),
  )
  log(`${train.length} answers to ${skills.length} skills to learn from, ${test.length} to score`)

  manualSeed(seed)
  const model = new Dkt({ skills, hiddenSize: 64 })
  const epochs = quick ? 1 : 4
  const batches = shuffledBatches(dktBatches(train, skills))
  const bar = progress('dkt', epochs * batches.length)
  const losses: [number, number][] = []
  let seconds = 0
  const options = { train: batches, epochs, signal, optimizer: optim.adam({ lr: 5e-3 }), reportEvery: 1 }
  for await (const e of fit(model, { ...options, objective: (batch) => model.loss(batch) })) {
    bar.update(e.step, `loss ${e.batchLoss.toFixed(3)}`)
    if (e.kind === 'step') losses.push([e.step, e.batchLoss])
    else {
      seconds += e.seconds
      log(`epoch ${e.epoch}: mean batch loss ${e.loss.toFixed(4)}, ${e.seconds.toFixed(1)} s`)
    }
  }
  bar.stop()

  const bytes = await saveDkt(model)
  write('dkt.safetensors', bytes)
  const report = evaluateLearnerModel(new DktTracer(loadDkt(bytes)), test)
  log(`DKT: AUC ${report.auc.toFixed(4)}, accuracy ${report.accuracy.toFixed(4)} on ${report.answers} answers`)
  signal.throwIfAborted()
  const pfa = evaluateLearnerModel(PfaModel.fit(fillSkills(train, skills), { maxIterations: quick ? 3 : 25 }), test)
  log(`PFA: AUC ${pfa.auc.toFixed(4)}`)
  signal.throwIfAborted()
  const bkt = evaluateLearnerModel(
    BktModel.fit(fillSkills(train, skills), { starts: 1, tolerance: quick ? 1 : 0.1 }),
    test,
  )
  log(`BKT: AUC ${bkt.auc.toFixed(4)}`)
  write('dkt.svg', plot('Training loss', [{ name: 'DKT', points: losses }], 'batch', 'cross-entropy'))
  return {
    auc: report.auc,
    accuracy: report.accuracy,
    answers: report.answers,
    pfaAuc: pfa.auc,
    bktAuc: bkt.auc,
    trainSeconds: seconds,
    firstLosses: losses.slice(0, 20).map(([, loss]) => loss),
  }
}

/** One right and one wrong answer to each skill by a learner of its own, so that a skill met in the test alone is known. */
const fillSkills = (answers: Answer[], skills: readonly string[]): Answer[] => [
  ...answers,
  ...skills.flatMap((skill) =>
    [true, false].map((correct) => ({ learner: `prior ${skill} ${correct}`, skills: [skill], correct })),
  ),
]
