import { noGrad } from '../autograd/modes.ts'
import { FormatError } from '../errors.ts'
import type { Module, StateDict } from '../nn/module.ts'
import { contiguousCopy } from '../ops/copy.ts'
import type { Optimizer, OptimizerState, ParamState } from '../optim/optimizer.ts'
import type { Ema } from '../optim/ema.ts'
import type { Generator } from '../random/generator.ts'
import type { Schedule, ScheduleState } from '../schedules/schedule.ts'
import { Tensor } from '../tensor/tensor.ts'
import type { ArrayData } from './array-data.ts'
import { readSafetensors, writeSafetensors } from './safetensors.ts'
import { arrayOf, tensorOf } from './tensors.ts'

/** What a checkpoint is made of, and restored into. */
export interface CheckpointParts {
  readonly model?: Pick<Module, 'stateDict' | 'loadStateDict'>
  readonly optimizer?: Pick<Optimizer, 'stateDict' | 'loadStateDict'>
  readonly schedule?: Pick<Schedule, 'stateDict' | 'loadStateDict'>
  readonly ema?: Pick<Ema, 'stateDict' | 'loadStateDict'>
  readonly generator?: Generator
}

/** Plain data to keep beside the parts; every number survives, infinities too. */
export type Plain = null | boolean | number | string | readonly Plain[] | { readonly [name: string]: Plain }

const format = 'lanewise.checkpoint.1'

/** JSON has no infinities and no NaN. */
const toJson = (value: unknown): string =>
  JSON.stringify(value, (_, v: unknown) => (typeof v === 'number' && !Number.isFinite(v) ? { $number: String(v) } : v))

const fromJson = (text: string): unknown =>
  JSON.parse(text, (_, v: unknown) => (typeof v === 'object' && v !== null && '$number' in v ? Number(v.$number) : v))

const readAll = async (
  prefix: string,
  tensors: Iterable<readonly [string, Tensor]>,
  into: Map<string, ArrayData>,
): Promise<void> => {
  for (const [name, x] of tensors) into.set(`${prefix}.${name}`, arrayOf(x, await x.data(), { integers: 'i32' }))
}

/**
 * The bytes of a checkpoint: model, optimizer, schedule, averages, generator and plain data in one safetensors file
 * (tensors as `model.NAME` and `optimizer.PARAMETER.NAME`). Training that goes on from it goes on with the same bits.
 * @example
 * const model = new Linear(2, 1)
 * const bytes = await saveCheckpoint({ model }, { epoch: 3 })
 * loadCheckpoint(bytes, { model }).epoch // => 3
 */
export const saveCheckpoint = async (
  parts: CheckpointParts,
  extra: { readonly [name: string]: Plain } = {},
): Promise<Uint8Array<ArrayBuffer>> => {
  const arrays = new Map<string, ArrayData>()
  const plain: Record<string, unknown> = { extra }
  if (parts.model !== undefined) await readAll('model', parts.model.stateDict(), arrays)
  if (parts.ema !== undefined) await readAll('ema', parts.ema.stateDict(), arrays)
  if (parts.optimizer !== undefined) {
    const { state, param_groups } = parts.optimizer.stateDict()
    const numbers: Record<string, ParamState> = {}
    for (const [i, s] of state) {
      await readAll(
        `optimizer.${i}`,
        Object.entries(s).filter((e): e is [string, Tensor] => e[1] instanceof Tensor),
        arrays,
      )
      numbers[i] = Object.fromEntries(Object.entries(s).filter(([, value]) => typeof value === 'number'))
    }
    plain['optimizer'] = { param_groups, numbers }
  }
  if (parts.schedule !== undefined) plain['schedule'] = parts.schedule.stateDict()
  if (parts.generator !== undefined) {
    const data = parts.generator.state()
    arrays.set('generator', { dtype: 'u8', shape: [data.length], data })
  }
  return writeSafetensors(arrays, [
    ['format', format],
    ['plain', toJson(plain)],
  ])
}

const lacks = (what: string): FormatError =>
  new FormatError({
    op: 'loadCheckpoint',
    problem: `the checkpoint has no ${what}`,
    advice: 'Save it with that part, or leave the part out when loading',
  })

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The tensors below a prefix, without it. */
const below = (prefix: string, arrays: ReadonlyMap<string, ArrayData>): Map<string, Tensor> =>
  new Map(
    [...arrays]
      .filter(([name]) => name.startsWith(`${prefix}.`))
      .map(([name, array]) => [name.slice(prefix.length + 1), tensorOf(array, name)]),
  )

const optimizerState = (plain: Record<string, unknown>, arrays: ReadonlyMap<string, ArrayData>): OptimizerState => {
  const found = plain['optimizer']
  if (!isRecord(found) || !Array.isArray(found['param_groups']) || !isRecord(found['numbers'])) throw lacks('optimizer')
  const state = new Map<number, ParamState>()
  for (const [i, numbers] of Object.entries(found['numbers'])) state.set(Number(i), { ...(numbers as ParamState) })
  for (const [path, x] of below('optimizer', arrays)) {
    const [i, name] = path.split('.')
    state.set(Number(i), { ...state.get(Number(i)), [name]: x })
  }
  return { state, param_groups: found['param_groups'] as OptimizerState['param_groups'] }
}

/** Runs the parts' loading one after the other; when one fails, those before go back to what they were. */
const allOrNothing = (steps: readonly { load(): void; undo(): void }[]): void => {
  const done: (() => void)[] = []
  try {
    for (const { load, undo } of steps) {
      load()
      done.push(undo)
    }
  } catch (error) {
    for (const undo of done.reverse()) undo()
    throw error
  }
}

/** What {@link loadCheckpoint} gives: the plain data. */
export type Extra = { readonly [name: string]: Plain }

/**
 * Restores the given parts from a checkpoint; all of them, or none when one does not fit.
 * @returns the plain data that was saved beside them
 * @throws FormatError when the bytes are no checkpoint or lack a part; ValueError or ShapeError when a part does not fit.
 */
export const loadCheckpoint = (bytes: Uint8Array, parts: CheckpointParts = {}): Extra => {
  const { tensors, metadata } = readSafetensors(bytes)
  if (metadata.get('format') !== format) {
    throw new FormatError({
      op: 'loadCheckpoint',
      problem: 'not a checkpoint',
      got: metadata.get('format') ?? 'a plain safetensors file',
      expected: format,
      advice: 'Use loadSafetensors for a file of tensors',
    })
  }
  const plain = parsePlain(metadata.get('plain'))
  const { model, ema, optimizer, schedule, generator } = parts
  const steps: { load(): void; undo(): void }[] = []
  if (optimizer !== undefined) {
    const [next, before] = [optimizerState(plain, tensors), optimizer.stateDict()]
    steps.push({ load: () => optimizer.loadStateDict(next), undo: () => optimizer.loadStateDict(before) })
  }
  if (schedule !== undefined) {
    const next = plain['schedule']
    if (!isRecord(next)) throw lacks('schedule')
    const before = schedule.stateDict()
    steps.push({
      load: () => schedule.loadStateDict(next as ScheduleState),
      undo: () => schedule.loadStateDict(before),
    })
  }
  if (generator !== undefined) {
    const next = tensors.get('generator')
    if (next === undefined || next.dtype !== 'u8') throw lacks('generator')
    const before = generator.state()
    steps.push({ load: () => void generator.setState(next.data), undo: () => void generator.setState(before) })
  }
  // Models change nothing unless all of it fits, so the last of them needs no way back.
  if (ema !== undefined) {
    const [next, before] = [below('ema', tensors), copyOf(ema.stateDict())]
    steps.push({ load: () => ema.loadStateDict(next), undo: () => ema.loadStateDict(before) })
  }
  if (model !== undefined) {
    const next = below('model', tensors)
    if (next.size === 0 && model.stateDict().size > 0) throw lacks('model')
    steps.push({ load: () => void model.loadStateDict(next), undo: () => {} })
  }
  allOrNothing(steps)
  return plain['extra'] as Extra
}

const copyOf = (state: StateDict): StateDict =>
  noGrad(() => new Map([...state].map(([name, x]) => [name, contiguousCopy(x)])))

const parsePlain = (text: string | undefined): Record<string, unknown> => {
  let value: unknown
  try {
    value = fromJson(text ?? '')
  } catch (cause) {
    throw new FormatError({ op: 'loadCheckpoint', problem: 'the plain data is damaged', cause })
  }
  if (isRecord(value) && isRecord(value['extra'])) return value
  throw new FormatError({
    op: 'loadCheckpoint',
    problem: 'the plain data is damaged',
    got: typeof value,
    expected: 'an object',
  })
}
