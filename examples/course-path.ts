import { Generator } from '@lanewise/core'
import {
  BktModel,
  comparePolicies,
  LearnerSimulator,
  linearPolicy,
  masteryPolicy,
  PrerequisiteGraph,
  randomPolicy,
  teach,
  type BktParameters,
  type PolicyGain,
} from '@lanewise/edu-recsys'
import type { Context, Metrics } from './lib/context.ts'
import { plot } from './lib/plot.ts'

export const summary =
  'What to learn next: a policy on a prerequisite graph against linear and random order, on simulated learners'

/** Fractions and what leads to them. */
const course = (): PrerequisiteGraph =>
  new PrerequisiteGraph([
    { id: 'count' },
    { id: 'add', requires: ['count'] },
    { id: 'subtract', requires: ['add'] },
    { id: 'multiply', requires: ['add'] },
    { id: 'divide', requires: ['multiply', 'subtract'] },
    { id: 'fractions', requires: ['divide'] },
    { id: 'equal fractions', requires: ['fractions', 'multiply'] },
    { id: 'add fractions', requires: ['equal fractions'] },
    { id: 'multiply fractions', requires: ['fractions'] },
    { id: 'decimals', requires: ['fractions'] },
    { id: 'percent', requires: ['decimals', 'multiply fractions'] },
    { id: 'ratio', requires: ['equal fractions'] },
  ])

/** How the skills really are: no tutor sees it. */
const hidden = (graph: PrerequisiteGraph, seed: number): ((skill: string) => BktParameters) => {
  const generator = new Generator(seed)
  const draw = (low: number, high: number): number => low + (high - low) * generator.double()
  const parameters = new Map(
    graph.skills.map((skill, i) => [
      skill,
      {
        prior: Math.max(0.02, 0.6 - 0.1 * i),
        learn: draw(0.08, 0.3),
        forget: 0,
        guess: draw(0.1, 0.3),
        slip: draw(0.05, 0.15),
      },
    ]),
  )
  return (skill) => parameters.get(skill) ?? { prior: 0, learn: 0, forget: 0, guess: 0, slip: 0 }
}

const figures = ({ mean, low, high }: PolicyGain): Metrics => ({ gain: mean, gainLow: low, gainHigh: high })

export const run = async ({ quick, seed, signal, log, progress, write }: Context): Promise<Metrics> => {
  const graph = course()
  const simulator = new LearnerSimulator({ graph, parameters: hidden(graph, seed), seed, readiness: 0.1, decay: 0.002 })
  const [pilots, learners, questions] = quick ? [100, 100, 96] : [400, 1000, 96]
  const each = questions / graph.skills.length

  // Pilot learners go through the course in order; the tutor learns from their answers alone.
  const belief = { prior: 0.5, learn: 0.1, forget: 0, guess: 0.2, slip: 0.1 }
  const answers = Array.from({ length: pilots }, (_, i) => {
    const policy = linearPolicy(graph.skills, each)
    return teach(simulator.learner(1_000_000 + i), {
      policy,
      questions,
      skills: graph.skills,
      parameters: () => belief,
    }).answers
  }).flat()
  signal.throwIfAborted()
  const tutor = BktModel.fit(answers, { starts: quick ? 1 : 3, generator: new Generator(seed) })
  const parameters = (skill: string): BktParameters => tutor.parameters.get(skill) ?? belief
  log(`BKT fitted to ${answers.length} answers of ${pilots} pilot learners`)

  const policies = {
    mastery: masteryPolicy(graph, (skill) => parameters(skill).learn),
    linear: linearPolicy(graph.skills, each),
    random: randomPolicy(graph.skills, new Generator(seed)),
  }
  // The same learners for every number of questions: a curve of what they know.
  const lengths = quick ? [questions] : [24, 48, 72, questions, 144]
  const bar = progress('teaching', lengths.length)
  const results = new Map<number, Record<string, PolicyGain>>()
  for (const [i, length] of lengths.entries()) {
    signal.throwIfAborted()
    const generator = new Generator(seed)
    results.set(
      length,
      comparePolicies({ simulator, graph, parameters, policies, learners, questions: length, generator }),
    )
    bar.update(i + 1)
    await new Promise((resume) => setImmediate(resume))
  }
  bar.stop()

  const final = results.get(questions) ?? {}
  for (const [name, gain] of Object.entries(final))
    log(`${name}: ${gain.mean.toFixed(3)} of all skills gained [${gain.low.toFixed(3)}, ${gain.high.toFixed(3)}]`)
  const curves = Object.keys(policies).map((name) => ({
    name,
    points: [[0, 0] as const, ...lengths.map((length) => [length, results.get(length)?.[name]?.mean ?? 0] as const)],
  }))
  write('course-path.svg', plot('Share of all skills gained', curves, 'questions', 'gain'))
  return {
    learners,
    questions,
    ...Object.fromEntries(Object.entries(final).map(([name, gain]) => [name, figures(gain)])),
  }
}
