import { FormatError, readPosition, type Batches, type Extra, type Plain } from '@lanewise/core'

/** Where training stands; saved in checkpoints. */
export interface Progress {
  epoch: number
  step: number
  batch: number
  seen: number
  /** Sum and count of each player's losses of this epoch. */
  totals: Record<string, [sum: number, count: number]>
}

/** Before the first batch. */
export const firstProgress = (): Progress => ({ epoch: 1, step: 0, batch: 0, seen: 0, totals: {} })

type Fields = { readonly [name: string]: Plain }

const isFields = (value: Plain | undefined): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isCount = (value: Plain | undefined, least = 0): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= least

const isTotal = (value: Plain): value is [number, number] =>
  Array.isArray(value) && value.length === 2 && typeof value[0] === 'number' && isCount(value[1], 1)

/**
 * Reads a checkpoint's place in a run, and sees that the data can be put to it; changes nothing.
 * @param train - the data
 * @throws FormatError when a part of it is missing or of another kind.
 */
export const readProgress = (extra: Extra, train: Batches<unknown>): Progress => {
  const refuse = (part: string): FormatError =>
    new FormatError({
      op: 'gan.fit',
      problem: `the checkpoint's ${part} cannot be read`,
      advice: 'Pass a checkpoint that an event of fit gave',
    })
  const { progress, source } = extra
  if (!isFields(progress)) throw refuse('progress')
  const { epoch, step, batch, seen, totals } = progress
  if (!isCount(epoch, 1)) throw refuse('progress.epoch')
  if (!isCount(batch)) throw refuse('progress.batch')
  if (!isCount(step, batch)) throw refuse('progress.step')
  if (!isCount(seen)) throw refuse('progress.seen')
  if (!isFields(totals)) throw refuse('progress.totals')
  const sums: Progress['totals'] = {}
  for (const [player, total] of Object.entries(totals)) {
    if (!isTotal(total)) throw refuse(`progress.totals.${player}`)
    sums[player] = [...total]
  }
  readPosition('gan.fit', source, { source: train, batch })
  return { epoch, step, batch, seen, totals: sums }
}
