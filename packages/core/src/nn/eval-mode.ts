import type { AnyModule } from './module.ts'

/**
 * Runs `fn` with a model in inference mode (see `eval`), then puts every module back as it was: at once, or when the
 * Promise that `fn` gives is settled.
 * @returns what `fn` returns
 * @example
 * const model = new Dropout(0.5)
 * inEvalMode(model, () => model.forward(tensor([1, 2])).toArray()) // => [1, 2]
 * model.training // => true
 */
export const inEvalMode = <T>(model: AnyModule, fn: () => T): T => {
  const modes = [...model.namedModules().values()].map((module) => [module, module.training] as const)
  const restore = (): void => {
    for (const [module, training] of modes) module.training = training
  }
  let result: T | undefined
  model.eval()
  try {
    result = fn()
    return (result instanceof Promise ? result.finally(restore) : result) as T
  } finally {
    if (!(result instanceof Promise)) restore()
  }
}
