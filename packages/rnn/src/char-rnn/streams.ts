import { ValueError } from '@lanewise/core'

/** Options of {@link tokenStreams}. */
export interface TokenStreamOptions {
  /** Streams side by side, N. */
  readonly batchSize: number
  /** Steps in a window, T. */
  readonly steps: number
}

/** Inputs and targets, each [T, N] in row-major order: the target of a token is the one after it. */
export interface TokenWindow {
  readonly x: Int32Array<ArrayBuffer>
  readonly y: Int32Array<ArrayBuffer>
  readonly steps: number
  readonly batchSize: number
}

/**
 * Cuts a long text into streams of equal length that lie side by side, and gives them window after window, so that a
 * recurrent model can carry its states from one to the next. What does not fill a window at the end is left out.
 * @throws ValueError when the text is too short for one window.
 * @example
 * const windows = [...tokenStreams([0, 1, 2, 3, 4, 5, 6, 7, 8], { batchSize: 2, steps: 2 })]
 * windows[0].x // => [0, 4, 1, 5]
 * windows[0].y // => [1, 5, 2, 6]
 */
export function* tokenStreams(
  tokens: ArrayLike<number>,
  { batchSize, steps }: TokenStreamOptions,
): Generator<TokenWindow, void> {
  const count = windowCount(tokens.length, { batchSize, steps })
  const length = Math.floor(tokens.length / batchSize)
  for (let window = 0; window < count; window++) {
    const x = new Int32Array(steps * batchSize)
    const y = new Int32Array(steps * batchSize)
    for (let t = 0; t < steps; t++) {
      for (let n = 0; n < batchSize; n++) {
        const at = n * length + window * steps + t
        x[t * batchSize + n] = tokens[at]
        y[t * batchSize + n] = tokens[at + 1]
      }
    }
    yield { x, y, steps, batchSize }
  }
}

/**
 * How many windows {@link tokenStreams} gives.
 * @throws ValueError when there is none.
 * @example windowCount(1003854, { batchSize: 50, steps: 50 }) // => 401
 */
export const windowCount = (numTokens: number, { batchSize, steps }: TokenStreamOptions): number => {
  const whole = [batchSize, steps].every((n) => Number.isInteger(n) && n >= 1)
  const count = whole ? Math.floor((Math.floor(numTokens / batchSize) - 1) / steps) : 0
  if (count >= 1) return count
  throw new ValueError({
    op: 'tokenStreams',
    problem: 'there is not one window',
    got: `${numTokens} tokens for ${batchSize} streams of ${steps} steps`,
    expected: `at least ${batchSize * (steps + 1)} tokens`,
  })
}
