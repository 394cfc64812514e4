import { noGrad } from '../autograd/modes.ts'
import { ValueError } from '../errors.ts'
import { inEvalMode } from '../nn/eval-mode.ts'
import type { AnyModule } from '../nn/module.ts'
import { concat } from '../ops/concat.ts'
import { slice } from '../ops/views.ts'
import { Tensor } from '../tensor/tensor.ts'
import { breather, checkSignal, countOf, pairOf, runNext, startPass, valueOf, type Batches } from './batches.ts'

/** A figure of a batch's output and target; means over batches weigh their samples. */
export type Metric = (output: Tensor, target: Tensor) => number | Promise<number>

/** How a batch becomes a loss. */
export interface LossSource<B> {
  /** The loss of the model's output for a batch [input, target]. */
  readonly loss?: (output: Tensor, target: Tensor) => Tensor
  /** The loss of a batch of any kind, in place of `loss`; it calls the model itself. */
  readonly objective?: (batch: B) => Tensor
}

/** What {@link evaluate} takes. */
export interface EvaluateOptions<B> extends LossSource<B> {
  /** Figures by name. Default: `accuracy` where targets are classes and outputs have one more axis. */
  readonly metrics?: Readonly<Record<string, Metric>>
  readonly signal?: AbortSignal
}

/** Mean loss and figures over a pass. */
export type Evaluation = { readonly loss: number; readonly samples: number } & { readonly [metric: string]: number }

/** The share of targets whose class has the largest output. Classes lie on axis 1. */
const shareRight: Metric = async (output, target) => {
  const [values, classes] = [await output.data(), await target.data()]
  const C = output.shape[1]
  const inner = output.shape.slice(2).reduce((a, b) => a * b, 1)
  let right = 0
  for (let i = 0; i < classes.length; i++) {
    const start = Math.floor(i / inner) * C * inner + (i % inner)
    let best = 0
    for (let c = 1; c < C; c++) if (values[start + c * inner] > values[start + best * inner]) best = c
    if (best === classes[i]) right++
  }
  return right / classes.length
}

/** The model's output for the first part of a batch. */
const outputOf = (op: string, model: AnyModule, input: Tensor): Tensor => {
  const output = model.forward(input)
  if (output instanceof Tensor) return output
  throw new ValueError({
    op,
    problem: 'the model does not give one tensor',
    got: typeof output,
    advice: 'Pass `objective`, which calls the model itself',
  })
}

/** The loss of a batch, with the output where there is one. */
export const lossOf = <B>(
  op: string,
  model: AnyModule,
  batch: B,
  { loss, objective }: LossSource<B>,
): { loss: Tensor; output: Tensor | null; target: Tensor | null } => {
  if (objective !== undefined) return { loss: objective(batch), output: null, target: null }
  if (loss === undefined)
    throw new ValueError({
      op,
      problem: 'there is no loss',
      expected: 'loss or objective',
      advice: 'Pass { loss: crossEntropy }',
    })
  const [x, target] = pairOf(op, batch)
  const output = outputOf(op, model, x)
  return { loss: loss(output, target), output, target }
}

const metricsFor = (
  options: { readonly metrics?: Readonly<Record<string, Metric>> },
  output: Tensor,
  target: Tensor,
): Readonly<Record<string, Metric>> => {
  if (options.metrics !== undefined) return options.metrics
  const classes =
    target.dtype !== 'f32' && target.dtype !== 'f64' && output.rank === target.rank + 1 && output.rank >= 2
  return classes ? { accuracy: shareRight } : {}
}

interface Measured {
  readonly loss: Tensor
  readonly output: Tensor | undefined
  readonly target: Tensor | undefined
  readonly count: number
}

/** Reads a batch's figures and releases its tensors. */
const figuresOf = async <B>(
  { loss, output, target }: Omit<Measured, 'count'>,
  options: EvaluateOptions<B>,
): Promise<Record<string, number>> => {
  const figures: Record<string, number> = { loss: await valueOf(loss) }
  if (output !== undefined && target !== undefined) {
    for (const [name, metric] of Object.entries(metricsFor(options, output, target)))
      figures[name] = await metric(output, target)
  }
  for (const x of [loss, output, target]) x?.dispose()
  return figures
}

/**
 * Mean loss and figures of a model over batches, in inference mode and without gradients.
 * @param data - batches [input, target], or of any kind with `objective`
 * @returns the loss and each figure, weighted by samples
 * @throws AbortError when the signal is aborted; ValueError when there is no loss or no batch.
 * @example
 * const data = new DataLoader(tensorDataset(tensor([[1], [3]]), tensor([[1], [1]])))
 * ;(await evaluate(new Identity(), data, { loss: mseLoss })).loss // => 2
 */
export const evaluate = async <B>(
  model: AnyModule,
  data: Batches<B>,
  options: EvaluateOptions<B>,
): Promise<Evaluation> =>
  inEvalMode(model, async () => {
    const sums = new Map<string, number>()
    let samples = 0
    const pause = breather()
    const pass = startPass(data, null)
    const measure = (batch: B): Measured => {
      const { loss, output, target } = noGrad(() => lossOf('evaluate', model, batch, options))
      // Handles of their own, which can be released without touching what the caller holds.
      return { loss: loss.detach(), output: output?.detach(), target: target?.detach(), count: countOf(batch) }
    }
    for (let next = await runNext(pass, measure); next !== null; next = await runNext(pass, measure)) {
      checkSignal('evaluate', options.signal)
      const { count, ...rest } = next.value
      for (const [name, value] of Object.entries(await figuresOf(rest, options)))
        sums.set(name, (sums.get(name) ?? 0) + value * count)
      samples += count
      await pause()
    }
    if (samples === 0)
      throw new ValueError({ op: 'evaluate', problem: 'there are no batches', expected: 'at least one' })
    const means = Object.fromEntries([...sums].map(([name, total]) => [name, total / samples]))
    return { ...means, loss: means['loss'], samples }
  })

/** What {@link predict} takes. */
export interface PredictOptions {
  /** Rows at once, where the input is one tensor. Default 64. */
  readonly batchSize?: number
  readonly signal?: AbortSignal
}

/** Rows of a tensor, some at a time. */
function* rowsOf(x: Tensor, size: number): Iterable<Tensor> {
  for (let at = 0; at < x.shape[0]; at += size) yield slice(x, 0, at, Math.min(at + size, x.shape[0]))
}

/**
 * The outputs of a model for all rows, in inference mode and without gradients.
 * @param input - one tensor, taken `batchSize` rows at a time; or batches, of which the first part is the input
 * @returns the outputs of all rows in one tensor
 * @throws AbortError when the signal is aborted; ValueError when there are no rows.
 * @example (await predict(new Flatten(), ones([3, 2, 2]))).shape // => [3, 4]
 */
export const predict = async (
  model: AnyModule,
  input: Tensor | Batches<Tensor | readonly Tensor[]>,
  options: PredictOptions = {},
): Promise<Tensor> =>
  inEvalMode(model, async () => {
    const parts: Tensor[] = []
    const pause = breather()
    const pass = startPass<Tensor | readonly Tensor[]>(
      input instanceof Tensor ? rowsOf(input, options.batchSize ?? 64) : input,
      null,
    )
    const run = (batch: Tensor | readonly Tensor[]): Tensor =>
      noGrad(() => outputOf('predict', model, batch instanceof Tensor ? batch : batch[0])).detach()
    for (let next = await runNext(pass, run); next !== null; next = await runNext(pass, run)) {
      checkSignal('predict', options.signal)
      parts.push(next.value)
      await pause()
    }
    if (parts.length === 0)
      throw new ValueError({ op: 'predict', problem: 'there are no rows', expected: 'at least one' })
    const all = parts.length === 1 ? parts[0] : noGrad(() => concat(parts))
    if (parts.length > 1) for (const part of parts) part.dispose()
    return all
  })
