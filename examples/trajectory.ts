import {
  Adam,
  add,
  clipGradNorm,
  cosineAnnealingLr,
  Generator,
  indexSelect,
  manualSeed,
  mean,
  noGrad,
  scope,
  sqrt,
  square,
  sub,
  sum,
  tensor,
} from '@lanewise/core'
import {
  constantVelocity,
  displacementErrors,
  simulateTraffic,
  TrajectoryPredictor,
  type DisplacementErrors,
  type Traffic,
} from '@lanewise/rnn'
import type { Context, Metrics } from './lib/context.ts'
import { plot } from './lib/plot.ts'

export const summary = 'An LSTM encoder-decoder predicts lane changes and crossings, against constant velocity'

const steps = 12

/** Errors of the tracks of one manoeuvre. */
const errorsOf = (kind: string, { manoeuvres, future }: Traffic, predicted: typeof future): DisplacementErrors => {
  const rows = tensor(Int32Array.from(manoeuvres.flatMap((m, i) => (m === kind ? [i] : []))))
  return displacementErrors(indexSelect(predicted, 0, rows), indexSelect(future, 0, rows))
}

export const run = async ({ quick, seed, signal, log, progress, write }: Context): Promise<Metrics> => {
  const [count, epochs, batchSize] = quick ? [512, 4, 64] : [8192, 16, 64]
  const train = simulateTraffic({ count, seed })
  const test = simulateTraffic({ count: quick ? 400 : 2000, seed: seed + 1_000_003 })
  manualSeed(seed)
  const model = new TrajectoryPredictor({ hiddenSize: 64 })
  const optimizer = new Adam(model.parameters(), { lr: 3e-3 })
  const batches = count / batchSize
  const schedule = cosineAnnealingLr({ tMax: epochs * batches })(optimizer)

  const bar = progress('training', epochs * batches)
  const generator = new Generator(seed)
  const curve: [number, number][] = []
  const start = performance.now()
  let step = 0
  for (let epoch = 0; epoch < epochs; epoch++) {
    const order = generator.randperm(count)
    for (let batch = 0; batch < batches; batch++) {
      signal.throwIfAborted()
      const loss = scope(() => {
        const rows = tensor(order.subarray(batch * batchSize, (batch + 1) * batchSize))
        const predicted = model.forward(indexSelect(train.history, 0, rows), steps)
        const apart = sub(predicted, indexSelect(train.future, 0, rows))
        const loss = mean(sqrt(add(sum(square(apart), 2), 1e-6)))
        optimizer.zeroGrad()
        loss.backward()
        clipGradNorm(model.parameters(), 1)
        optimizer.step()
        schedule.step()
        return loss.item()
      })
      bar.update(++step, `ADE ${loss.toFixed(3)} m`)
      if (step % 8 === 0) curve.push([step, loss])
      if (step % 8 === 0) await new Promise((resume) => setImmediate(resume))
    }
  }
  bar.stop()
  const trainSeconds = (performance.now() - start) / 1000

  const predicted = scope(() => noGrad(() => model.eval().forward(test.history, steps)))
  const straight = constantVelocity(test.history, steps)
  const [learned, baseline] = [predicted, straight].map((p) => displacementErrors(p, test.future))
  const kinds = [...new Set(test.manoeuvres)].sort()
  const manoeuvres = Object.fromEntries(
    kinds.map((kind) => {
      const [a, b] = [predicted, straight].map((p) => errorsOf(kind, test, p))
      log(
        `${kind}: ADE ${a.ade.toFixed(2)} m, FDE ${a.fde.toFixed(2)} m; constant velocity ${b.ade.toFixed(2)} and ${b.fde.toFixed(2)} m`,
      )
      return [kind, { ade: a.ade, fde: a.fde, constantVelocityAde: b.ade, constantVelocityFde: b.fde }]
    }),
  )
  write('trajectory.svg', plot('Mean distance in metres while training', [{ name: 'ADE', points: curve }], 'step', 'm'))
  for (const kind of kinds) {
    const n = test.manoeuvres.indexOf(kind)
    const [x, y] = test.history.dataSync().subarray(n * 16 + 14, n * 16 + 16)
    const points = (from: typeof predicted): [number, number][] =>
      Array.from({ length: from.shape[1] }, (_, i) => {
        const at = 2 * (n * from.shape[1] + i)
        const data = from.dataSync()
        return [data[at] - x, data[at + 1] - y]
      })
    const tracks = { seen: test.history, truth: test.future, predicted, 'constant velocity': straight }
    // What comes goes on from the last place seen, which is the origin.
    const series = Object.entries(tracks).map(([name, track]) => ({
      name,
      points: track === test.history ? points(track) : [[0, 0] as [number, number], ...points(track)],
    }))
    write(`trajectory-${kind.replaceAll(' ', '-')}.svg`, plot(kind, series, 'm', 'm'))
  }
  return {
    ade: learned.ade,
    fde: learned.fde,
    constantVelocityAde: baseline.ade,
    constantVelocityFde: baseline.fde,
    manoeuvres,
    tracks: count,
    steps: step,
    trainSeconds,
  }
}
