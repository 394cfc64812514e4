import { ValueError } from '../errors.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { Module, type AnyModule } from './module.ts'

/** A module that takes one tensor and gives one. */
export type Layer = Module<[x: Tensor], Tensor>

/** Makes `child` a field of `parent`, so that it counts as its child under that name. */
const adopt = (parent: AnyModule, name: string, child: AnyModule): void => {
  if (name in parent || name === '' || name.includes('.')) {
    throw new ValueError({
      op: parent.constructor.name,
      problem: 'the name cannot be a child’s',
      got: `'${name}'`,
      expected: 'a new name without a dot that is no method of Module',
    })
  }
  Object.defineProperty(parent, name, { value: child, enumerable: true, configurable: true, writable: true })
}

const childAt = <M>(op: string, children: ReadonlyMap<string, M>, index: number): M => {
  const list = [...children.values()]
  const child = list.at(index)
  if (child !== undefined && Number.isInteger(index)) return child
  throw new ValueError({
    op,
    problem: 'there is no such child',
    got: String(index),
    expected: `an integer in [${-list.length}, ${list.length})`,
  })
}

/**
 * Runs layers one after the other, as torch.nn.Sequential. Its children are named '0', '1', ..., or as given to
 * {@link Sequential.named}.
 * @example
 * const model = new Sequential(new Linear(4, 8), new ReLU(), new Linear(8, 2))
 * model.forward(ones([3, 4])).shape // => [3, 2]
 * ;[...model.stateDict().keys()] // => ['0.weight', '0.bias', '2.weight', '2.bias']
 */
export class Sequential extends Module {
  constructor(...layers: readonly Layer[]) {
    super()
    for (const layer of layers) this.append(layer)
  }

  /**
   * Layers with names of their own, in the order of the object's keys. Names that are whole numbers come first.
   * @example [...Sequential.named({ fc: new Linear(2, 1) }).stateDict().keys()] // => ['fc.weight', 'fc.bias']
   */
  static named(layers: Readonly<Record<string, Layer>>): Sequential {
    const model = new Sequential()
    for (const [name, layer] of Object.entries(layers)) adopt(model, name, layer)
    return model
  }

  /** The number of layers. */
  get length(): number {
    return this.children().size
  }

  /** The layer at a position; negative ones count from the end. */
  at(index: number): Layer {
    return childAt('Sequential', this.children(), index) as Layer
  }

  /** Adds a layer at the end, named by its position. */
  append(layer: Layer): this {
    adopt(this, String(this.length), layer)
    return this
  }

  /** The modules in order. */
  [Symbol.iterator](): IterableIterator<Layer> {
    return this.children().values() as IterableIterator<Layer>
  }

  forward(x: Tensor): Tensor {
    let y = x
    for (const layer of Object.values(this)) if (layer instanceof Module) y = (layer as Layer).forward(y)
    return y
  }
}

/** Throws: lists and dictionaries of modules hold them, and leave calling them to their owner. */
const refuseForward = (op: string): never => {
  throw new ValueError({
    op,
    problem: 'it has no forward of its own',
    expected: 'calls of its modules',
    advice: 'Loop over it in the forward of the module that holds it',
  })
}

/**
 * Modules in a list, as torch.nn.ModuleList: part of the state of the module that holds it, called by that module.
 * @example
 * const list = new ModuleList([new Linear(2, 2), new Linear(2, 2)])
 * list.length // => 2
 * list.at(-1) === [...list][1] // => true
 */
export class ModuleList<M extends AnyModule = AnyModule> extends Module<never[], never> {
  constructor(modules: Iterable<M> = []) {
    super()
    for (const module of modules) this.append(module)
  }

  /** The number of modules. */
  get length(): number {
    return this.children().size
  }

  /** The module at a position; negative ones count from the end. */
  at(index: number): M {
    return childAt('ModuleList', this.children(), index) as M
  }

  /** Adds a module at the end. */
  append(module: M): this {
    adopt(this, String(this.length), module)
    return this
  }

  /** The modules in order. */
  [Symbol.iterator](): IterableIterator<M> {
    return this.children().values() as IterableIterator<M>
  }

  forward(): never {
    return refuseForward('ModuleList')
  }
}

/**
 * Modules by name, as torch.nn.ModuleDict: part of the state of the module that holds it, called by that module.
 * @example
 * const heads = new ModuleDict({ digit: new Linear(8, 10), parity: new Linear(8, 2) })
 * heads.get('parity').outFeatures // => 2
 */
export class ModuleDict<M extends AnyModule = AnyModule> extends Module<never[], never> {
  constructor(modules: Readonly<Record<string, M>> = {}) {
    super()
    for (const [name, module] of Object.entries(modules)) adopt(this, name, module)
  }

  /** The number of modules. */
  get size(): number {
    return this.children().size
  }

  /** Whether there is a module of this name. */
  has(name: string): boolean {
    return this.children().has(name)
  }

  /**
   * The module of this name.
   * @throws ValueError when there is none.
   */
  get(name: string): M {
    const module = this.children().get(name)
    if (module !== undefined) return module as M
    throw new ValueError({
      op: 'ModuleDict',
      problem: 'there is no such module',
      got: `'${name}'`,
      expected: `one of ${[...this.children().keys()].join(', ')}`,
    })
  }

  /** Adds a module. */
  set(name: string, module: M): this {
    adopt(this, name, module)
    return this
  }

  /** The modules in order. */
  [Symbol.iterator](): IterableIterator<[string, M]> {
    return this.children().entries() as IterableIterator<[string, M]>
  }

  forward(): never {
    return refuseForward('ModuleDict')
  }
}
