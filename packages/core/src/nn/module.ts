import { keep } from '../tensor/scope.ts'
import { LanewiseError, ShapeError, ValueError } from '../errors.ts'
import { noGrad } from '../autograd/modes.ts'
import { copyInto } from '../ops/in-place.ts'
import { cast } from '../ops/copy.ts'
import { sameShape, show } from '../tensor/shape.ts'
import { Tensor } from '../tensor/tensor.ts'

/** What a tensor in a module's field is. */
export type Role = 'parameter' | 'buffer' | 'transient'

const roles = new WeakMap<Tensor, Role>()

/**
 * Makes a leaf that an optimizer can train, for a module's field.
 * @param x - its values; the tensor itself is taken, not copied
 * @param requiresGrad - default true
 * @example parameter(tensor([1, 2])).requiresGrad // => true
 */
export const parameter = (x: Tensor, requiresGrad = true): Tensor => {
  roles.set(x, 'parameter')
  return keep(x).requiresGrad_(requiresGrad)
}

/**
 * Makes a tensor that belongs to a module's state but is not trained, such as running statistics.
 * @param persistent - whether it is part of the state dict. Default true
 */
export const buffer = (x: Tensor, persistent = true): Tensor => {
  roles.set(x, persistent ? 'buffer' : 'transient')
  return keep(x)
}

/** Names to tensors, in the order in which the modules define them. */
export type StateDict = Map<string, Tensor>

/** How {@link Module.loadStateDict} treats names that do not fit. */
export interface LoadOptions {
  /** Throw when a name is missing or unexpected. Default true. Misshapen tensors always throw. */
  readonly strict?: boolean
}

/** What {@link Module.loadStateDict} could not place. */
export interface LoadReport {
  readonly missing: readonly string[]
  readonly unexpected: readonly string[]
}

/** Runs before forward with its inputs; may give others. */
export type ForwardPreHook = (module: AnyModule, inputs: readonly unknown[]) => unknown[] | undefined | void
/** Runs after forward with its inputs and output; may give another output. */
export type ForwardHook = (module: AnyModule, inputs: readonly unknown[], output: unknown) => unknown

interface Hooks {
  readonly before: Set<ForwardPreHook>
  readonly after: Set<ForwardHook>
}

/**
 * Base of layers and models. Fields that hold tensors made by {@link parameter} and {@link buffer}, and
 * other modules, are its state, under the fields' names and in their order, so that PyTorch's names come
 * out when the fields carry them. Subclasses write `forward`; callers call it.
 * @example
 * class Double extends Module {
 *   readonly weight = parameter(tensor([2]))
 *   forward(x: Tensor): Tensor {
 *     return mul(x, this.weight)
 *   }
 * }
 * const double = new Double()
 * double.forward(tensor([3])).toArray() // => [6]
 * ;[...double.stateDict().keys()] // => ['weight']
 */
export abstract class Module<In extends unknown[] = [x: Tensor], Out = Tensor> {
  /** True while training: dropout drops, batch norm uses the batch. */
  training = true

  constructor() {
    const own = this.forward
    const hooks: Hooks = { before: new Set(), after: new Set() }
    hooksOf.set(this, hooks)
    const forward = (...inputs: In): Out => {
      if (hooks.before.size === 0 && hooks.after.size === 0) return guard(this, () => own.apply(this, inputs))
      let x = inputs
      for (const hook of hooks.before) x = (hook(this, x) as In | undefined) ?? x
      let y = guard(this, () => own.apply(this, x))
      for (const hook of hooks.after) y = (hook(this, x, y) as Out | undefined) ?? y
      return y
    }
    Object.defineProperty(this, 'forward', { value: forward, writable: true, configurable: true, enumerable: false })
  }

  /** Computes the output. */
  abstract forward(...inputs: In): Out

  /** Calls `hook` before each forward; the function returned takes it away. */
  registerForwardPreHook(hook: ForwardPreHook): () => void {
    const { before } = hooksOf.get(this)!
    before.add(hook)
    return () => void before.delete(hook)
  }

  /** Calls `hook` after each forward; the function returned takes it away. */
  registerForwardHook(hook: ForwardHook): () => void {
    const { after } = hooksOf.get(this)!
    after.add(hook)
    return () => void after.delete(hook)
  }

  /** The modules directly in this one's fields, by name. */
  children(): Map<string, AnyModule> {
    const found = new Map<string, AnyModule>()
    for (const [name, value] of Object.entries(this)) if (value instanceof Module) found.set(name, value)
    return found
  }

  /** This module and all below it, by path; this one's is ''. */
  namedModules(prefix = ''): Map<string, AnyModule> {
    const found = new Map<string, AnyModule>([[prefix, this]])
    const seen = new Set<AnyModule>(found.values())
    for (const [name, child] of this.children()) {
      for (const [path, module] of child.namedModules(join(prefix, name))) {
        if (!seen.has(module)) found.set(path, module)
        seen.add(module)
      }
    }
    return found
  }

  /** Parameters by path, each once, in the order of PyTorch's named_parameters. */
  namedParameters(): StateDict {
    return this.collect((role) => role === 'parameter', true)
  }

  /** The parameters, for an optimizer. */
  parameters(): Tensor[] {
    return [...this.namedParameters().values()]
  }

  /** Buffers by path, those outside of the state dict included. */
  namedBuffers(): StateDict {
    return this.collect((role) => role !== 'parameter', true)
  }

  /** Parameters and persistent buffers by path: the tensors themselves, not copies. */
  stateDict(): StateDict {
    return this.collect((role) => role !== 'transient', false)
  }

  /**
   * Copies tensors into the state by name; nothing changes unless all of it fits.
   * @returns the names that were missing and unexpected, when `strict` is false
   * @throws ValueError naming every missing and unexpected tensor (strict), ShapeError naming every misshapen one.
   */
  loadStateDict(state: ReadonlyMap<string, Tensor>, { strict = true }: LoadOptions = {}): LoadReport {
    const mine = this.stateDict()
    const missing = [...mine.keys()].filter((name) => !state.has(name))
    const unexpected = [...state.keys()].filter((name) => !mine.has(name))
    const misshapen = [...mine].filter(([name, x]) => state.has(name) && !sameShape(x.shape, state.get(name)!.shape))
    if (misshapen.length > 0) throw misshapenError(misshapen, state)
    if (strict && missing.length + unexpected.length > 0) throw mismatchError(missing, unexpected)
    for (const x of state.values()) x.live('loadStateDict')
    noGrad(() => {
      for (const [name, x] of mine) {
        const from = state.get(name)
        if (from !== undefined) copyInto(x, cast(from, x.dtype))
      }
    })
    return { missing, unexpected }
  }

  /** Switches this module and all below it to training. */
  train(on = true): this {
    for (const module of this.namedModules().values()) module.training = on
    return this
  }

  /** Switches this module and all below it to inference. */
  eval(): this {
    return this.train(false)
  }

  /**
   * Stops gradients into this module's parameters, but for those under the given paths.
   * @example new Sequential(new Linear(2, 3), new Linear(3, 1)).freeze({ except: ['1'] }).parameters().map((p) => p.requiresGrad) // => [false, false, true, true]
   */
  freeze({ except = [] }: { readonly except?: readonly string[] } = {}): this {
    for (const [path, p] of this.namedParameters()) {
      p.requiresGrad = except.some((e) => path === e || path.startsWith(`${e}.`))
    }
    return this
  }

  /** Lets gradients flow into all of this module's parameters again. */
  unfreeze(): this {
    for (const p of this.parameters()) p.requiresGrad = true
    return this
  }

  /** Drops every parameter's gradient and releases it. */
  zeroGrad(): void {
    zeroGrad(this.parameters())
  }

  private collect(wanted: (role: Role) => boolean, once: boolean): StateDict {
    const found: StateDict = new Map()
    const seen = new Set<Tensor>()
    for (const [path, module] of once ? this.namedModules() : allModules(this, '')) {
      for (const [name, value] of Object.entries(module)) {
        const role = value instanceof Tensor ? roles.get(value) : undefined
        if (role === undefined || !wanted(role) || (once && seen.has(value))) continue
        seen.add(value)
        found.set(join(path, name), value)
      }
    }
    return found
  }
}

/** A module of any signature. */
export type AnyModule = Module<unknown[], unknown>

const hooksOf = new WeakMap<object, Hooks>()

const join = (prefix: string, name: string): string => (prefix === '' ? name : `${prefix}.${name}`)

/** Every path to every module: a shared module appears under each of its names, as in PyTorch's state_dict. */
const allModules = (module: AnyModule, path: string): [string, AnyModule][] => [
  [path, module],
  ...[...module.children()].flatMap(([name, child]) => allModules(child, join(path, name))),
]

/** Runs `fn`; an error from a child's forward gains the child's name in this module. */
const guard = <T>(module: AnyModule, fn: () => T): T => {
  try {
    return fn()
  } catch (e) {
    if (LanewiseError.is(e)) {
      const child = failing.get(e)
      const name = child && [...module.children()].find(([, m]) => m === child)?.[0]
      if (name !== undefined) e.within(name)
      failing.set(e, module)
    }
    throw e
  }
}

/** The innermost module whose name an error still lacks. */
const failing = new WeakMap<LanewiseError, AnyModule>()

const mismatchError = (missing: readonly string[], unexpected: readonly string[]): ValueError =>
  new ValueError({
    op: 'loadStateDict',
    problem: 'the names do not match',
    got: `${missing.length} missing (${missing.join(', ') || 'none'}) and ${unexpected.length} unexpected (${unexpected.join(', ') || 'none'})`,
    expected: "exactly the module's names",
    advice: 'Rename them, or pass { strict: false } to load what fits',
  })

const misshapenError = (misshapen: readonly [string, Tensor][], state: ReadonlyMap<string, Tensor>): ShapeError =>
  new ShapeError({
    op: 'loadStateDict',
    problem: `${misshapen.length} tensors have another shape`,
    got: misshapen.map(([name]) => `${name} ${show(state.get(name)!.shape)}`).join(', '),
    expected: misshapen.map(([, x]) => show(x.shape)).join(', '),
    advice: 'Build the model with the options that the checkpoint was trained with, or leave these names out',
  })

/** Drops the gradients of `parameters` and releases them. A gradient taken before must be cloned to be kept. */
export const zeroGrad = (parameters: readonly Tensor[]): void => {
  for (const p of parameters) {
    p.grad?.dispose()
    p.grad = null
  }
}
