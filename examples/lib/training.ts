import { fit, type Callback, type FitEvent, type FitOptions, type Module } from '@lanewise/core'
import type { Context } from './context.ts'
import { plot } from './plot.ts'

/** Runs {@link fit} with a bar, a line every 100 batches and after each epoch, and a plot of both losses. */
export const train = async <B>(
  { signal, log, progress, write }: Context,
  name: string,
  model: Module,
  options: FitOptions<B>,
): Promise<FitEvent[]> => {
  const epochs: FitEvent[] = []
  const bar = progress('training', options.epochs * batchesOf(options.train))
  const show: Callback = {
    step: ({ step, batch, batchLoss, epoch }) => {
      bar.update(step, `epoch ${epoch}, loss ${batchLoss.toFixed(4)}`)
      if (batch % 100 === 0) log(`epoch ${epoch}, batch ${batch}: loss ${batchLoss.toFixed(4)}`)
    },
  }
  try {
    for await (const event of fit(model, { ...options, signal, callbacks: [show, ...(options.callbacks ?? [])] })) {
      if (event.kind === 'epoch') epochs.push(event)
      if (event.kind === 'epoch') log(lineOf(event))
    }
  } finally {
    bar.stop()
  }
  write(`${name}.svg`, curves(name, epochs))
  return epochs
}

const batchesOf = (source: unknown): number =>
  typeof source === 'object' && source !== null && 'length' in source && typeof source.length === 'number'
    ? source.length
    : 1

const lineOf = ({ epoch, loss, seconds, validation }: FitEvent): string =>
  `epoch ${epoch}: loss ${loss.toFixed(4)}` +
  (validation ? `, test loss ${validation.loss.toFixed(4)}, accuracy ${validation['accuracy']?.toFixed(4)}` : '') +
  `, ${seconds.toFixed(1)} s`

const curves = (name: string, events: readonly FitEvent[]): string =>
  plot(
    `${name}: loss by epoch`,
    [
      { name: 'training', points: events.map(({ epoch, loss }) => [epoch, loss]) },
      { name: 'test', points: events.map(({ epoch, validation }) => [epoch, validation?.loss ?? NaN]) },
    ],
    'epoch',
    'loss',
  )
