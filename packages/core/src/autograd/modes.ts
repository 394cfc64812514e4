import { ValueError } from '../errors.ts'

let recording = true

/** Whether ops record gradients at this moment. */
export const isGradEnabled = (): boolean => recording

/** Refuses a Promise: the mode would end before the work does. */
export const refusePromise = <T>(op: string, result: T): T => {
  if (result instanceof Promise) {
    throw new ValueError({
      op,
      problem: 'the function returned a Promise',
      expected: 'a synchronous function',
      advice: `Call ${op} around each synchronous part instead`,
    })
  }
  return result
}

const withRecording = <T>(on: boolean, op: string, fn: () => T): T => {
  const before = recording
  recording = on
  try {
    return refusePromise(op, fn())
  } finally {
    recording = before
  }
}

/**
 * Runs `fn` without recording gradients, as torch.no_grad.
 * @param fn - a synchronous function
 * @returns what `fn` returns
 * @throws ValueError when `fn` returns a Promise.
 * @example
 * const w = parameter(tensor([1, 2]))
 * noGrad(() => mul(w, 2)).requiresGrad // => false
 */
export const noGrad = <T>(fn: () => T): T => withRecording(false, 'noGrad', fn)

/**
 * Runs `fn` with gradients recorded, also inside {@link noGrad}, as torch.enable_grad.
 * @param fn - a synchronous function
 * @returns what `fn` returns
 * @throws ValueError when `fn` returns a Promise.
 */
export const enableGrad = <T>(fn: () => T): T => withRecording(true, 'enableGrad', fn)
