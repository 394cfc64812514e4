import { ValueError, type AnyModule, type optim, type Optimizer, type OptimizerFactory } from '@lanewise/core'

/** An optimizer for all players, or one for each by name. */
export type PlayerOptimizers = OptimizerFactory | Readonly<Record<string, OptimizerFactory>>

/** Makes each player's optimizer; those that are not named take the model's own. */
export const makeOptimizers = (
  players: Readonly<Record<string, AnyModule>>,
  own: PlayerOptimizers,
  given: PlayerOptimizers = own,
): Map<string, Optimizer> => {
  const names = Object.keys(players)
  const unknown = typeof given === 'function' ? [] : Object.keys(given).filter((name) => !names.includes(name))
  if (unknown.length > 0) {
    throw new ValueError({
      op: 'gan.fit',
      problem: 'there is no such player',
      got: unknown.join(', '),
      expected: names.join(', '),
      advice: 'Name each optimizer after the part that it trains',
    })
  }
  const factoryOf = (from: PlayerOptimizers, name: string): OptimizerFactory | undefined =>
    typeof from === 'function' ? from : from[name]
  return new Map(
    names.map((name) => {
      const factory = factoryOf(given, name) ?? factoryOf(own, name)!
      return [name, factory(players[name].parameters().filter((p) => p.requiresGrad))]
    }),
  )
}

const sizesOf = (groups: optim.OptimizerState['param_groups']): number[] =>
  groups.map(({ params }) => (Array.isArray(params) ? params.length : -1))

/** Several optimizers' states as one: their groups one after the other, parameters numbered through. */
export const joinOptimizers = (optimizers: readonly Optimizer[]): Pick<Optimizer, 'stateDict' | 'loadStateDict'> => ({
  stateDict: () => {
    const state = new Map<number, Readonly<optim.ParamState>>()
    const groups: Record<string, unknown>[] = []
    let first = 0
    for (const optimizer of optimizers) {
      const own = optimizer.stateDict()
      for (const [number, values] of own.state) state.set(first + number, values)
      for (const group of own.param_groups)
        groups.push({ ...group, params: (group['params'] as number[]).map((number) => first + number) })
      first += sizesOf(own.param_groups).reduce((a, b) => a + b, 0)
    }
    return { state, param_groups: groups }
  },
  loadStateDict: ({ state, param_groups: groups }) => {
    const counts = optimizers.map((o) => o.paramGroups.length)
    const expected = optimizers.flatMap((o) => o.paramGroups.map((g) => g.params.length))
    if (sizesOf(groups).join() !== expected.join()) {
      throw new ValueError({
        op: 'gan.fit',
        problem: "the checkpoint's optimizers differ",
        got: `groups of ${sizesOf(groups).join(', ')} parameters`,
        expected: `groups of ${expected.join(', ')}`,
      })
    }
    const before = optimizers.map((o) => o.stateDict())
    let group = 0
    try {
      optimizers.forEach((optimizer, i) => {
        const own = groups.slice(group, (group += counts[i]))
        const numbers = new Set(own.flatMap((g) => g['params'] as number[]))
        optimizer.loadStateDict({
          state: new Map([...state].filter(([number]) => numbers.has(number))),
          param_groups: own,
        })
      })
    } catch (error) {
      optimizers.forEach((optimizer, i) => optimizer.loadStateDict(before[i]))
      throw error
    }
  },
})
