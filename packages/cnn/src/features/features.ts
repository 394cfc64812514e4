import { Tensor, ValueError, type AnyModule, type Module } from '@lanewise/core'

const absent = (model: AnyModule, path: string): ValueError =>
  new ValueError({
    op: 'features',
    problem: 'there is no such module',
    got: `'${path}'`,
    expected: `one of ${[...model.namedModules().keys()].filter((name) => name !== '').join(', ')}`,
  })

const notOneTensor = (path: string): ValueError =>
  new ValueError({
    op: 'features',
    problem: 'the module gave no tensor',
    got: `'${path}'`,
    expected: 'a module that the forward pass calls and that gives one tensor',
  })

/**
 * What modules inside a model give for an input, by path: torchvision's create_feature_extractor. It runs the whole
 * forward pass, in the model's present mode; gradients flow through what it gives. Of several calls of one module
 * the last counts.
 * @param paths - as in `model.namedModules()`, such as `layer3` or `features.4`
 * @throws ValueError when there is no such module, or it gives no tensor.
 * @example
 * import { ones } from '@lanewise/core'
 * const { layer1, layer3 } = features(cifarResnet20(), ones([1, 3, 32, 32]), ['layer1', 'layer3'])
 * layer1.shape // => [1, 16, 32, 32]
 * layer3.shape // => [1, 64, 8, 8]
 */
export const features = <const Path extends string>(
  model: Module<[x: Tensor], unknown>,
  x: Tensor,
  paths: readonly Path[],
): Record<Path, Tensor> => {
  const modules = model.namedModules()
  const found = new Map<string, unknown>()
  const wanted = paths.map((path) => {
    const module = modules.get(path)
    if (module === undefined) throw absent(model, path)
    return [path, module] as const
  })
  const removers = wanted.map(([path, module]) => module.registerForwardHook((_, __, y) => void found.set(path, y)))
  try {
    model.forward(x)
  } finally {
    for (const remove of removers) remove()
  }
  const entries = paths.map((path) => {
    const y = found.get(path)
    if (!(y instanceof Tensor)) throw notOneTensor(path)
    return [path, y] as const
  })
  return Object.fromEntries(entries) as Record<Path, Tensor>
}
