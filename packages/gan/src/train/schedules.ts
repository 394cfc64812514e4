import { FormatError, ValueError, type Optimizer, type Schedule, type ScheduleFactory } from '@lanewise/core'

/** A schedule for all players, or for those named. */
export type PlayerSchedules = ScheduleFactory | Readonly<Record<string, ScheduleFactory>>

/** Makes the schedules of the players' optimizers; those that are not named keep their rates. */
export const makeSchedules = (
  optimizers: ReadonlyMap<string, Optimizer>,
  given: PlayerSchedules = {},
): Map<string, Schedule> => {
  const unknown = typeof given === 'function' ? [] : Object.keys(given).filter((name) => !optimizers.has(name))
  if (unknown.length > 0) {
    throw new ValueError({
      op: 'gan.fit',
      problem: 'there is no such player',
      got: unknown.join(', '),
      expected: [...optimizers.keys()].join(', '),
      advice: 'Name each schedule after the part whose rate it changes',
    })
  }
  const schedules = new Map<string, Schedule>()
  for (const [name, optimizer] of optimizers) {
    const factory = typeof given === 'function' ? given : given[name]
    if (factory !== undefined) schedules.set(name, factory(optimizer))
  }
  return schedules
}

type State = ReturnType<Schedule['stateDict']>

/** Several schedules' states as one, by `PLAYER.NAME`. */
export const joinSchedules = (
  schedules: ReadonlyMap<string, Schedule>,
): Pick<Schedule, 'stateDict' | 'loadStateDict'> => {
  const stateDict = (): State =>
    Object.fromEntries(
      [...schedules].flatMap(([player, schedule]) =>
        Object.entries(schedule.stateDict()).map(([name, value]) => [`${player}.${name}`, value]),
      ),
    )
  const load = (state: State): void => {
    for (const [player, schedule] of schedules) {
      const own = Object.entries(state).filter(([name]) => name.startsWith(`${player}.`))
      schedule.loadStateDict(Object.fromEntries(own.map(([name, value]) => [name.slice(player.length + 1), value])))
    }
  }
  return {
    stateDict,
    loadStateDict: (state) => {
      const names = Object.keys(stateDict())
      const found = Object.keys(state)
      if (names.length !== found.length || names.some((name) => !found.includes(name))) {
        throw new FormatError({
          op: 'gan.fit',
          problem: "the checkpoint's schedules differ",
          got: found.join(', ') || 'none',
          expected: names.join(', '),
          advice: 'Resume with the schedules of the first run',
        })
      }
      const before = stateDict()
      try {
        load(state)
      } catch (error) {
        load(before)
        throw error
      }
    },
  }
}
