import { noGrad } from '../autograd/modes.ts'
import type { Backend } from '../backends/backend.ts'
import { ShapeError, ValueError } from '../errors.ts'
import { zeroGrad } from '../nn/module.ts'
import { cast, clone } from '../ops/copy.ts'
import { neg } from '../ops/unary.ts'
import { full } from '../tensor/create.ts'
import { keep, untracked } from '../tensor/scope.ts'
import { isContiguous, sameShape, show } from '../tensor/shape.ts'
import { Tensor } from '../tensor/tensor.ts'

/** What every optimizer takes. */
export interface OptimizerOptions {
  /** Learning rate, >= 0. */
  readonly lr: number
  /** Go up the gradient instead of down. Default false. */
  readonly maximize?: boolean
}

/** Parameters that share options; those left out are the optimizer's. */
export type ParamGroup<O> = Partial<O> & { readonly params: readonly Tensor[] }

/** Parameters, or groups of them. */
export type Parameters<O> = readonly Tensor[] | readonly ParamGroup<O>[]

/** A group with all of its options, as schedules change them. */
export type LiveGroup<O> = { -readonly [K in keyof O]: O[K] } & { params: Tensor[]; initialLr?: number }

/** What an optimizer remembers of one parameter, under PyTorch's names. */
export type ParamState = Record<string, Tensor | number>

/** An optimizer's state in PyTorch's form: per parameter, and the groups with the parameters' numbers. */
export interface OptimizerState {
  readonly state: ReadonlyMap<number, Readonly<ParamState>>
  readonly param_groups: readonly Readonly<Record<string, unknown>>[]
}

/** Makes an optimizer for parameters, as `adam({ lr: 1e-3 })` does. */
export type OptimizerFactory = (parameters: readonly Tensor[]) => Optimizer

/** snake_case, PyTorch's spelling of an option. */
const snake = (name: string): string => name.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`)
const camel = (name: string): string => name.replace(/_([a-z])/g, (_, c: string) => c.toUpperCase())

const isGroups = <O>(parameters: Parameters<O>): parameters is readonly ParamGroup<O>[] =>
  parameters.length > 0 && !(parameters[0] instanceof Tensor)

/**
 * Base of the optimizers: parameter groups, state, and the step that runs one update rule on each parameter
 * that has a gradient.
 */
export abstract class Optimizer<O extends OptimizerOptions = OptimizerOptions> {
  /** The parameters with their options; schedules change these. */
  readonly paramGroups: LiveGroup<O>[] = []
  /** What is remembered of each parameter. */
  protected readonly states: Map<Tensor, ParamState> = new Map()
  private readonly defaults: Required<O>

  constructor(parameters: Parameters<O>, defaults: Required<O>) {
    this.defaults = defaults
    if (parameters.length === 0) {
      throw new ValueError({
        op: this.name,
        problem: 'there is nothing to train',
        got: 'no parameters',
        advice: 'Pass model.parameters()',
      })
    }
    const groups = isGroups(parameters) ? parameters : [{ params: parameters } as ParamGroup<O>]
    for (const group of groups) this.addParamGroup(group)
  }

  /** The name in messages. */
  protected get name(): string {
    return 'optimizer'
  }

  /**
   * Adds parameters with options of their own, such as layers that are unfrozen later.
   * @throws ValueError when a parameter is in a group already, or an option is out of range.
   */
  addParamGroup(group: ParamGroup<O>): void {
    const known = new Set(this.paramGroups.flatMap((g) => g.params))
    for (const p of group.params) {
      p.live(this.name)
      if (known.has(p))
        throw new ValueError({
          op: this.name,
          problem: 'a parameter is in two groups',
          got: p.toString(),
          expected: 'each parameter once',
        })
      if (p.node !== null) {
        throw new ValueError({
          op: this.name,
          problem: 'only leaves can be trained',
          got: `${p.toString()} from ${p.node.op.name}`,
          advice: 'Make it with parameter(), or detach() it',
        })
      }
      known.add(p)
    }
    const given = Object.fromEntries(Object.entries(group).filter(([, value]) => value !== undefined))
    const live: LiveGroup<O> = Object.assign({}, this.defaults, given, { params: [...group.params] })
    this.check(live)
    this.paramGroups.push(live)
  }

  /** Drops every gradient and releases it. */
  zeroGrad(): void {
    for (const group of this.paramGroups) zeroGrad(group.params)
  }

  /**
   * Updates every parameter that has a gradient, and tells the backend that a training step ended: what was made
   * during it and is not held may be moved out of fast memory.
   */
  step(): void {
    noGrad(() => {
      for (const group of this.paramGroups) {
        for (const p of group.params) {
          if (p.grad !== null) this.descend(p, p.grad, group)
        }
      }
    })
    for (const [backend, tensors] of this.heldTensors()) backend.step(tensors)
  }

  /** The state in PyTorch's form. Its tensors are this optimizer's own: clone what is to outlive the next step. */
  stateDict(): OptimizerState {
    const numbers = this.numbers()
    const state = new Map<number, ParamState>()
    for (const [p, s] of this.states) state.set(numbers.get(p)!, { ...s })
    const groups = this.paramGroups.map(({ params, ...options }) => ({
      ...Object.fromEntries(Object.entries(options).map(([name, value]) => [snake(name), value])),
      params: params.map((p) => numbers.get(p)!),
    }))
    return { state: new Map([...state].sort(([a], [b]) => a - b)), param_groups: groups }
  }

  /**
   * Continues from a state; its tensors are copied. Nothing changes unless all of it fits.
   * @throws ValueError when the groups differ in number or size, ShapeError when a tensor does not fit its parameter.
   */
  loadStateDict({ state, param_groups: groups }: OptimizerState): void {
    const sizes = groups.map((g) => (Array.isArray(g['params']) ? g['params'].length : -1))
    if (sizes.length !== this.paramGroups.length || this.paramGroups.some((g, i) => g.params.length !== sizes[i])) {
      throw new ValueError({
        op: `${this.name}.loadStateDict`,
        problem: 'the parameter groups differ',
        got: `groups of ${sizes.join(', ')} parameters`,
        expected: `groups of ${this.paramGroups.map((g) => g.params.length).join(', ')}`,
      })
    }
    const order = groups.flatMap((g) => g['params'] as number[])
    const params = this.paramGroups.flatMap((g) => g.params)
    const entries = order.map((number, i) => [params[i], state.get(number)] as const)
    for (const [p, s] of entries) for (const [name, value] of Object.entries(s ?? {})) this.checkState(p, name, value)
    const options = this.paramGroups.map((group, i) => this.adoptOptions(group, groups[i]))
    this.paramGroups.forEach((group, i) => Object.assign(group, options[i]))
    this.states.clear()
    for (const [p, s] of entries) {
      if (s === undefined) continue
      const copy = Object.entries(s).map(
        ([name, value]) => [name, typeof value === 'number' ? value : this.adopt(value, p)] as const,
      )
      this.states.set(p, Object.fromEntries(copy))
    }
  }

  /** Options of a saved group. Throws when one is of another kind than the group's own, or out of range. */
  private adoptOptions(group: LiveGroup<O>, saved: Readonly<Record<string, unknown>>): object {
    const { params: _, ...rest } = saved
    const options = Object.fromEntries(Object.entries(rest).map(([name, value]) => [camel(name), value]))
    for (const [name, own] of Object.entries(group)) {
      const got = name in options ? options[name] : own
      this.checkOption(name, got, own === undefined || typeof got === typeof own, `a ${typeof own}`)
    }
    this.check({ ...group, ...options })
    return options
  }

  /** Throws when an option is out of range. */
  protected check(group: LiveGroup<O>): void {
    this.checkOption('lr', group.lr, group.lr >= 0, 'a number >= 0')
  }

  /** Changes one parameter and its state by its gradient; runs without recording. */
  protected abstract update(p: Tensor, gradient: Tensor, group: LiveGroup<O>): void

  /** Checks one option of a group; the optimizers add their own. */
  protected checkOption(name: string, got: unknown, fits: boolean, expected: string): void {
    if (fits) return
    throw new ValueError({ op: this.name, problem: `${name} is out of range`, got: String(got), expected })
  }

  /** What is remembered of a parameter, empty at first. */
  protected stateOf(p: Tensor): ParamState {
    let state = this.states.get(p)
    if (state === undefined) this.states.set(p, (state = {}))
    return state
  }

  /** A state tensor of the parameter's shape, made at its first use. */
  protected buffer(p: Tensor, name: string, value = 0): Tensor {
    const state = this.stateOf(p)
    const found = state[name]
    if (found instanceof Tensor) return found
    return (state[name] = untracked(() => keep(full(p.shape, value, { dtype: p.dtype, backend: p.backend }))))
  }

  /** Counts a parameter's steps from 1. */
  protected count(p: Tensor): number {
    const state = this.stateOf(p)
    const step = Number(state['step'] ?? 0) + 1
    state['step'] = step
    return step
  }

  /** Updates a parameter; going up is going down the other way. */
  private descend(p: Tensor, gradient: Tensor, group: LiveGroup<O>): void {
    if (group.maximize !== true) return this.update(p, gradient, group)
    const down = neg(gradient)
    this.update(p, down, group)
    down.dispose()
  }

  private numbers(): Map<Tensor, number> {
    return new Map(this.paramGroups.flatMap((g) => g.params).map((p, i) => [p, i]))
  }

  private adopt(value: Tensor, like: Tensor): Tensor {
    return untracked(() =>
      noGrad(() =>
        keep(
          cast(
            value.dtype === like.dtype && isContiguous(value.shape, value.strides) ? clone(value) : value,
            like.dtype,
          ),
        ),
      ),
    )
  }

  private checkState(p: Tensor, name: string, value: Tensor | number): void {
    if (typeof value === 'number') return
    value.live(`${this.name}.loadStateDict`)
    if (sameShape(value.shape, p.shape)) return
    throw new ShapeError({
      op: `${this.name}.loadStateDict`,
      problem: `${name} does not fit its parameter`,
      got: show(value.shape),
      expected: show(p.shape),
    })
  }

  /** Parameters, their gradients and states, by backend. */
  private heldTensors(): Map<Backend, Tensor[]> {
    const held = new Map<Backend, Tensor[]>()
    for (const group of this.paramGroups) {
      for (const p of group.params) {
        let list = held.get(p.backend)
        if (list === undefined) held.set(p.backend, (list = []))
        list.push(p)
        if (p.grad !== null) list.push(p.grad)
        for (const s of Object.values(this.states.get(p) ?? {})) if (s instanceof Tensor) list.push(s)
      }
    }
    return held
  }
}
