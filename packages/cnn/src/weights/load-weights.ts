import { ValueError, zeros, type AnyModule, type Tensor } from '@lanewise/core'

/** torch.nn.DataParallel's name for the model that it holds. */
const wrapper = 'module.'

/** A counter that old and converted checkpoints leave out; nothing but its start depends on it. */
const counter = /(^|\.)num_batches_tracked$/

const unwrapped = (name: string): string => (name.startsWith(wrapper) ? name.slice(wrapper.length) : name)

/**
 * Loads a PyTorch checkpoint into a model of the same names, as converted files hold them: a `module.` before every
 * name is taken off, and absent `num_batches_tracked` count as 0. All else must fit; nothing changes unless it does.
 * @param state - such as `loadSafetensors` gives
 * @throws ValueError naming every missing, unexpected or double tensor, ShapeError naming every misshapen one.
 * @example
 * const model = new LeNet()
 * const file = new Map([...new LeNet().stateDict()].map(([name, x]) => ['module.' + name, x]))
 * loadWeights(model, file) === model // => true
 */
export const loadWeights = <M extends AnyModule>(model: M, state: ReadonlyMap<string, Tensor>): M => {
  const renamed = new Map([...state].map(([name, x]) => [unwrapped(name), x]))
  if (renamed.size < state.size) {
    const double = [...state.keys()].filter((name) => name.startsWith(wrapper) && state.has(unwrapped(name)))
    throw new ValueError({
      op: 'loadWeights',
      problem: 'a tensor comes twice',
      got: double.map((name) => `${name} and ${unwrapped(name)}`).join(', '),
      expected: 'each name once',
    })
  }
  for (const [name, own] of model.stateDict()) {
    if (counter.test(name) && !renamed.has(name)) renamed.set(name, zeros([], { dtype: own.dtype }))
  }
  model.loadStateDict(renamed)
  return model
}
