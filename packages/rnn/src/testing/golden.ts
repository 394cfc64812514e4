import { readFileSync } from 'node:fs'
import { optim, tensor, type AnyModule, type Tensor } from '@lanewise/core'
import { allClose, type Tolerance } from '@lanewise/core/testing'

/** What `record` of `tools/golden/rnn_models.py` wrote. */
export interface Recorded {
  readonly y: readonly number[]
  readonly loss: number
  readonly grads: Readonly<Record<string, readonly number[]>>
  /** The output after one step of SGD with rate 0.5. */
  readonly after: readonly number[]
}

/** The JSON file at `url`. */
export const read = <T>(url: URL): T => JSON.parse(readFileSync(url, 'utf8'))

/** Tokens by the rule of the scripts, i32 [rows, columns]. */
export const tokens = (count: number, rows: number, columns: number, step: number): Tensor =>
  tensor(
    Int32Array.from({ length: rows * columns }, (_, i) => (step * i + 3) % count),
    { shape: [rows, columns] },
  )

/** Compares output, loss, every gradient, and the output after one step. */
export const checkRecorded = (
  { y, loss, grads, after }: Recorded,
  model: AnyModule,
  { forward, lossOf, tolerance }: { forward: () => Tensor; lossOf: (y: Tensor) => Tensor; tolerance: Tolerance },
): true => {
  const output = forward()
  allClose(output, y, tolerance)
  const value = lossOf(output)
  allClose(value, [loss], tolerance)
  value.backward()
  const parameters = model.namedParameters()
  if ([...parameters.keys()].join() !== Object.keys(grads).join()) {
    throw new Error(`parameters ${[...parameters.keys()].join()}`)
  }
  for (const [name, p] of parameters) allClose(p.grad!, grads[name], tolerance)
  optim.sgd({ lr: 0.5 })(model.parameters()).step()
  return allClose(forward(), after, tolerance)
}
