import { Generator } from '@lanewise/core'
import {
  AdaptiveTest,
  eapAbility,
  fitIrt,
  itemProbability,
  lsat6,
  randomesque,
  sympsonHetter,
  sympsonHetterControls,
  type Choose,
  type Item,
} from '@lanewise/edu-recsys'
import type { Context, Metrics } from './lib/context.ts'
import { plot } from './lib/plot.ts'

export const summary =
  'Item response theory fitted to the LSAT data, then adaptive tests with and without exposure control'

/** The fit of the R package ltm, two parameters. */
const ltm: readonly Item[] = [
  { a: 0.8254, b: -3.3597 },
  { a: 0.7229, b: -1.3696 },
  { a: 0.8905, b: -0.2799 },
  { a: 0.6886, b: -1.8659 },
  { a: 0.6575, b: -3.1236 },
]

const bankOf = (generator: Generator, size: number): Required<Item>[] =>
  Array.from({ length: size }, () => ({
    a: 0.8 + 1.4 * generator.double(),
    b: -3 + 6 * generator.double(),
    c: 0.2 * generator.double(),
  }))

interface Session {
  readonly meanTestLength: number
  readonly rmse: number
  readonly maxExposure: number
}

const standardError = 0.3

export const run = async ({ quick, seed, signal, log, progress, write }: Context): Promise<Metrics> => {
  const { items, logLikelihood } = fitIrt(lsat6.responses, { counts: lsat6.counts })
  const maxParameterDiff = Math.max(
    ...items.flatMap((item, i) => [Math.abs(item.a - (ltm[i]?.a ?? 0)), Math.abs(item.b - (ltm[i]?.b ?? 0))]),
  )
  log(`LSAT6: log-likelihood ${logLikelihood.toFixed(4)}, within ${maxParameterDiff.toFixed(4)} of ltm's parameters`)
  items.forEach(({ a, b }, i) => log(`  item ${i + 1}: a ${a.toFixed(3)}, b ${b.toFixed(3)}`))
  log(`  ability of all right ${eapAbility(items, [true, true, true, true, true]).theta.toFixed(4)}`)

  const generator = new Generator(seed)
  const bank = bankOf(generator, 200)
  const abilities = generator.normal(new Float64Array(quick ? 30 : 500))
  const controls = sympsonHetterControls(bank, {
    maxRate: 0.25,
    length: 15,
    tests: quick ? 40 : 300,
    passes: quick ? 3 : 8,
    generator,
  })
  const ways: [name: string, choose: Choose][] = [
    ['mostInformative', (ranked) => ranked[0] ?? 0],
    ['randomesque', randomesque(5)],
    ['sympsonHetter', sympsonHetter(controls)],
    ['linear', (ranked) => Math.min(...ranked)],
  ]
  const bar = progress('tests', ways.length * abilities.length)
  let done = 0
  const curves: { name: string; points: [number, number][] }[] = []
  const sit = async (choose: Choose): Promise<Session & { readonly errors: Float64Array }> => {
    const given = new Float64Array(bank.length)
    const errors = new Float64Array(41)
    let [lengths, squares] = [0, 0]
    for (const theta of abilities) {
      signal.throwIfAborted()
      const test = new AdaptiveTest(bank, { choose, standardError, maxItems: 40, generator })
      for (let i = test.next(); i !== null; i = test.next()) {
        test.answer(generator.double() < itemProbability(theta, bank[i] ?? { b: 0 }))
        given[i] = (given[i] ?? 0) + 1
        const k = test.answers.length
        errors[k] = (errors[k] ?? 0) + test.ability.standardError / abilities.length
      }
      for (let k = test.answers.length + 1; k <= 40; k++)
        errors[k] = (errors[k] ?? 0) + test.ability.standardError / abilities.length
      lengths += test.answers.length
      squares += (test.ability.theta - theta) * (test.ability.theta - theta)
      bar.update(++done)
      if (done % 20 === 0) await new Promise((resume) => setImmediate(resume))
    }
    const n = abilities.length
    return { meanTestLength: lengths / n, rmse: Math.sqrt(squares / n), maxExposure: Math.max(...given) / n, errors }
  }
  const sessions: Record<string, Metrics> = {}
  for (const [name, choose] of ways) {
    const { errors, ...session } = await sit(choose)
    sessions[name] = { ...session }
    curves.push({ name, points: [...errors].slice(1).map((e, k) => [k + 1, e]) })
    log(
      `${name}: ${session.meanTestLength.toFixed(1)} items, ability off by ${session.rmse.toFixed(3)}, most used item in ${(100 * session.maxExposure).toFixed(0)} % of tests`,
    )
  }
  bar.stop()
  write('irt-cat.svg', plot('Standard error of ability', curves, 'items given', 'standard error'))
  return {
    logLikelihood,
    maxParameterDiff,
    meanTestLength: sessions['mostInformative']?.['meanTestLength'] ?? 0,
    sessions,
  }
}
