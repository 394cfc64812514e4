import { ShapeError, ValueError } from '../errors.ts'
import type { PlainJson, TfjsLayer } from '../io/tfjs-topology.ts'
import { add, div, mul, sub } from '../ops/binary.ts'
import { concat, chunk, stack } from '../ops/concat.ts'
import { linear } from '../ops/matmul.ts'
import { recurrentLayer, type CellKind, type RecurrentOptions } from '../ops/recurrent.ts'
import { flip } from '../ops/repeat.ts'
import { reshape, select, slice, transpose } from '../ops/views.ts'
import { contiguousCopy } from '../ops/copy.ts'
import { zeros } from '../tensor/create.ts'
import { show } from '../tensor/shape.ts'
import { Tensor } from '../tensor/tensor.ts'
import { activationOf, type Activation } from './activations.ts'
import type { LayerConfig } from './config.ts'
import type { KerasLayer, LayerSource } from './layer.ts'
import { remade } from './weights.ts'

type Kind = 'SimpleRNN' | 'GRU' | 'LSTM'

const gates: Readonly<Record<Kind, number>> = { SimpleRNN: 1, GRU: 3, LSTM: 4 }

/** A cell's weights as torch has them: gates along the first axis, those of a GRU as reset, update, new. */
interface CellWeights {
  readonly weight_ih: Tensor
  readonly weight_hh: Tensor
  readonly bias_ih: Tensor | null
  readonly bias_hh: Tensor | null
}

/** What a step computes. */
interface Cell {
  readonly kind: Kind
  readonly act: Activation
  readonly gate: Activation
  /** Whether a GRU resets after its product, as torch's does. */
  readonly resetAfter: boolean
}

/** The weight as torch has it: gates along the first axis; Keras's update, reset, new as reset, update, new. */
const asTorch = (kind: Kind, x: Tensor): Tensor => {
  const rows = x.rank === 2 ? transpose(x) : x
  if (kind !== 'GRU') return rows
  const [z, r, n] = chunk(rows, 3, 0)
  return concat([r, z, n], 0)
}

const weightsOf = (source: LayerSource, { kind, resetAfter }: Cell, units: number): CellWeights => {
  const rows = gates[kind] * units
  const own = (x: Tensor): Tensor => source.trained(remade(x, (y) => asTorch(kind, y)))
  const weight_ih = own(source.weight('kernel', [null, rows]))
  const weight_hh = own(source.weight('recurrent_kernel', [units, rows]))
  if (!source.config.flag('use_bias', true)) return { weight_ih, weight_hh, bias_ih: null, bias_hh: null }
  if (!resetAfter) return { weight_ih, weight_hh, bias_ih: own(source.weight('bias', [rows])), bias_hh: null }
  const both = source.weight('bias', [2, rows])
  const bias_ih = own(contiguousCopy(select(both, 0, 0)))
  return { weight_ih, weight_hh, bias_ih, bias_hh: own(remade(both, (x) => select(x, 0, 1))) }
}

/** One step from the sums of the input [N, G H] and the states; the next states. */
const step = (cell: Cell, w: CellWeights, x: Tensor, [h, c]: readonly Tensor[]): Tensor[] => {
  const { act, gate } = cell
  if (cell.kind === 'SimpleRNN') return [act(add(x, linear(h, w.weight_hh, w.bias_hh)))]
  if (cell.kind === 'LSTM') {
    const [i, f, g, o] = chunk(add(x, linear(h, w.weight_hh, w.bias_hh)), 4, 1)
    const next = add(mul(gate(f), c), mul(gate(i), act(g)))
    return [mul(gate(o), act(next)), next]
  }
  const [xr, xz, xn] = chunk(x, 3, 1)
  const H = h.shape[1]
  if (cell.resetAfter) {
    const [sr, sz, sn] = chunk(linear(h, w.weight_hh, w.bias_hh), 3, 1)
    const z = gate(add(xz, sz))
    const candidate = act(add(xn, mul(gate(add(xr, sr)), sn)))
    return [add(mul(sub(1, z), candidate), mul(z, h))]
  }
  const [sr, sz] = chunk(linear(h, slice(w.weight_hh, 0, 0, 2 * H)), 2, 1)
  const z = gate(add(xz, sz))
  const candidate = act(add(xn, linear(mul(gate(add(xr, sr)), h), slice(w.weight_hh, 0, 2 * H))))
  return [add(mul(sub(1, z), candidate), mul(z, h))]
}

/** The kernels' name of a cell that they know. */
const fusedKind = ({ config }: LayerSource, { kind }: Cell): CellKind | null => {
  const act = config.value('activation')
  if (kind === 'SimpleRNN') return act === 'tanh' || act === 'relu' ? act : null
  if (act !== 'tanh' || config.value('recurrent_activation') !== 'sigmoid') return null
  return kind === 'LSTM' ? 'lstm' : 'gru'
}

const recurrent = (source: LayerSource, kind: Kind): KerasLayer => {
  const { config } = source
  for (const option of kind === 'SimpleRNN' ? ['activation'] : ['activation', 'recurrent_activation'])
    if (config.layer.config[option] === undefined) config.refuse(option, 'the name of a function')
  config.only('stateful', false)
  config.only('time_major', false)
  const units = config.integer('units', 1)
  const resetAfter = kind === 'GRU' && config.flag('reset_after', false)
  const gate = kind === 'SimpleRNN' ? activationOf(config) : activationOf(config, 'recurrent_activation')
  const cell: Cell = { kind, act: activationOf(config), gate, resetAfter }
  const fused = fusedKind(source, cell)
  const weights = weightsOf(source, cell, units)
  const sequences = config.flag('return_sequences', false)
  const states = config.flag('return_state', false)
  const backwards = config.flag('go_backwards', false)
  const drops = config.number('dropout', 0) > 0 || config.number('recurrent_dropout', 0) > 0
  const count = kind === 'LSTM' ? 2 : 1
  return source.layer(
    { ...weights },
    ([x, ...initial], training) => {
      if (training && drops) refuseTraining(config)
      checkInputs(source, x, initial, { units, count, features: weights.weight_ih.shape[1] })
      const like = { dtype: x.dtype, backend: x.backend }
      const start = initial.length > 0 ? initial : Array.from({ length: count }, () => zeros([x.shape[0], units], like))
      const timeFirst = transpose(x, 0, 1)
      const xw = linear(backwards ? flip(timeFirst, 0) : timeFirst, weights.weight_ih, weights.bias_ih)
      const [y, ...last] =
        fused === null ? unrolled(cell, weights, xw, start) : runFused({ cell: fused, resetAfter }, weights, xw, start)
      const out = sequences ? transpose(y, 0, 1) : last[0]
      return states ? [out, ...last] : out
    },
    (x) => (x.size / x.shape[2]) * (weights.weight_ih.size + weights.weight_hh.size),
  )
}

const runFused = (
  kind: Pick<RecurrentOptions, 'cell' | 'resetAfter'>,
  w: CellWeights,
  xw: Tensor,
  [h0, c0]: readonly Tensor[],
): Tensor[] =>
  recurrentLayer(xw, {
    ...kind,
    w: w.weight_hh,
    b: w.bias_hh,
    h0,
    c0: c0 ?? null,
    lengths: null,
    reverse: false,
    projection: null,
  })

const unrolled = (cell: Cell, w: CellWeights, xw: Tensor, start: readonly Tensor[]): Tensor[] => {
  const ys: Tensor[] = []
  let now = start
  for (let t = 0; t < xw.shape[0]; t++) {
    now = step(cell, w, select(xw, 0, t), now)
    ys.push(now[0])
  }
  return [stack(ys), ...now]
}

const refuseTraining = ({ layer }: LayerConfig): never => {
  throw new ValueError({
    op: layer.className,
    problem: 'dropout inside of a recurrent layer is not trained',
    got: `dropout ${layer.config.dropout}, recurrent_dropout ${layer.config.recurrent_dropout}`,
    expected: '0 for both in training',
    advice: 'Call eval(), or set them to 0 in the file',
  })
}

const checkInputs = (
  source: LayerSource,
  x: Tensor,
  initial: readonly Tensor[],
  { units, count, features }: { readonly units: number; readonly count: number; readonly features: number },
): void => {
  source.needRank(x, 3)
  const [N, T, F] = x.shape
  const state = show([N, units])
  const fits = initial.length === 0 || (initial.length === count && initial.every((s) => show(s.shape) === state))
  if (F === features && T > 0 && fits) return
  throw new ShapeError({
    op: source.config.layer.className,
    problem: 'the inputs do not fit',
    got: [x, ...initial].map((t) => show(t.shape)).join(', '),
    expected: `[N, T, ${features}] of at least one step, and ${count} states ${state} or none`,
  })
}

/** The layer inside a wrapper. */
const wrapped = (config: LayerConfig): TfjsLayer => {
  const value = config.value('layer')
  const inside = isRecord(value) ? value : config.refuse('layer', 'a layer')
  const { class_name: className, config: options } = inside
  if (typeof className !== 'string' || !isRecord(options))
    return config.refuse('layer', 'a layer with class_name and config')
  const name = options.name ?? config.layer.name
  return { name: typeof name === 'string' ? name : config.layer.name, className, config: options, inbound: [] }
}

const isRecord = (value: PlainJson | undefined): value is { readonly [name: string]: PlainJson } =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** A layer applied to each step. */
const timeDistributed = (source: LayerSource): KerasLayer => {
  const layer = wrapped(source.config)
  const inner = source.inner(layer, [layer.name, source.config.layer.name])
  return source.layer({ layer: inner }, ([x]) => {
    const [N, T] = x.shape
    const y = inner.forward(reshape(x, [N * T, ...x.shape.slice(2)]))
    if (!(y instanceof Tensor)) return source.config.fail('the layer inside has several outputs', String(y.length), '1')
    return reshape(y, [N, T, ...y.shape.slice(1)])
  })
}

const mergeModes = ['concat', 'sum', 'mul', 'ave'] as const

/** A recurrent layer in both directions. */
const bidirectional = (source: LayerSource): KerasLayer => {
  const { config } = source
  const layer = wrapped(config)
  if (!Object.hasOwn(gates, layer.className)) return config.refuse('layer', Object.keys(gates).join(', '))
  const mode = config.layer.config.merge_mode === null ? null : config.choice('merge_mode', mergeModes)
  if (layer.config.return_state === true) config.fail('return_state is not supported', 'true', 'false')
  const back = { ...layer.config, go_backwards: layer.config.go_backwards !== true }
  const own = layer.name.replace(/^forward_/, '')
  const scopes = (direction: string): string[] => [
    `${config.layer.name}/${direction}_${own}`,
    `${direction}_${own}`,
    `${config.layer.name}/${direction}`,
  ]
  const forward = source.inner(layer, scopes('forward'))
  const backward = source.inner({ ...layer, config: back }, scopes('backward'))
  const sequences = layer.config.return_sequences === true
  return source.layer({ forward_layer: forward, backward_layer: backward }, ([x]) => {
    const a = forward.forward(x) as Tensor
    const b = backward.forward(x) as Tensor
    const turned = sequences ? flip(b, 1) : b
    if (mode === null) return [a, turned]
    if (mode === 'concat') return concat([a, turned], -1)
    if (mode === 'mul') return mul(a, turned)
    const total = add(a, turned)
    return mode === 'sum' ? total : div(total, 2)
  })
}

/** Layers over time, by Keras's class. */
export const overTime: Readonly<Record<string, (source: LayerSource) => KerasLayer>> = {
  SimpleRNN: (source) => recurrent(source, 'SimpleRNN'),
  GRU: (source) => recurrent(source, 'GRU'),
  LSTM: (source) => recurrent(source, 'LSTM'),
  TimeDistributed: timeDistributed,
  Bidirectional: bidirectional,
}
