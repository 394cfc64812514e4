import { backward } from '../autograd/backward.ts'
import { manualSeed, defaultGenerator } from '../random/default.ts'
import type { AnyModule } from '../nn/module.ts'
import { fromData, tensor } from '../tensor/create.ts'
import { show, sizeOf, type Shape } from '../tensor/shape.ts'
import { Tensor } from '../tensor/tensor.ts'
import { allClose, CloseError, type Tolerance } from './close.ts'

interface Values {
  readonly shape: Shape
  readonly values: readonly number[]
}

/** One layer of PyTorch, recorded from construction through forward and backward passes. */
export interface LayerCase {
  readonly layer: string
  readonly args: readonly unknown[]
  readonly seed: number
  readonly evaluate: boolean
  /** Shapes of the inputs, drawn from U(-1, 1); null for the next literal. */
  readonly shapes: readonly (Shape | null)[]
  readonly literals: readonly never[]
  readonly state: Readonly<Record<string, Values>>
  readonly steps: readonly {
    readonly outputs: readonly Values[]
    readonly inputGrads: readonly (readonly number[] | null)[]
    readonly grads: Readonly<Record<string, readonly number[] | null>>
    readonly buffers: Readonly<Record<string, readonly number[]>>
  }[]
}

const draw = (shape: Shape): Tensor =>
  fromData(defaultGenerator().uniform(new Float32Array(sizeOf(shape)), -1, 1), shape, 'f32')

const check = (label: string, ok: boolean, got: string, expected: string): void => {
  if (!ok) throw new CloseError({ op: label, problem: 'it differs', got, expected })
}

const compare = (label: string, got: Tensor, expected: readonly number[], tolerance: Tolerance): void => {
  try {
    allClose(got, expected, tolerance)
  } catch (e) {
    if (CloseError.is(e)) throw new CloseError({ op: label, problem: e.problem, got: e.got, expected: e.expected })
    throw e
  }
}

const checkState = (label: string, layer: AnyModule, expected: LayerCase['state']): void => {
  const state = layer.stateDict()
  check(
    `${label} names`,
    [...state.keys()].join() === Object.keys(expected).join(),
    [...state.keys()].join(),
    Object.keys(expected).join(),
  )
  for (const [name, { shape, values }] of Object.entries(expected)) {
    const x = state.get(name)!
    check(`${label} shape of ${name}`, show(x.shape) === show(shape), show(x.shape), show(shape))
    // Uniform draws are equal to the bit, normal ones to 1.2e-7 of the largest.
    compare(`${label} initial ${name}`, x, values, { atol: 6e-7, rtol: 0 })
  }
}

/** How a case builds its layer and calls it. */
export interface LayerRun {
  readonly build: (args: readonly never[]) => AnyModule
  /** Default: `layer.forward(...inputs)`. */
  readonly call?: (layer: AnyModule, inputs: readonly Tensor[]) => unknown
  readonly tolerance: Tolerance
}

/**
 * Builds a recorded layer under its seed and compares state, outputs and all gradients, step by step.
 * @throws CloseError naming the case and what differs.
 */
export const checkLayer = (c: LayerCase, { build, call, tolerance }: LayerRun): true => {
  manualSeed(c.seed)
  const label = `${c.layer} ${JSON.stringify(c.args)}`
  const layer = build(c.args as readonly never[])
  checkState(label, layer, c.state)
  if (c.evaluate) layer.eval()
  for (const step of c.steps) {
    layer.zeroGrad()
    let literal = 0
    const inputs = c.shapes.map((shape) =>
      shape === null ? tensor(c.literals[literal++], { dtype: 'i32' }) : draw(shape).requiresGrad_(),
    )
    const y = call === undefined ? layer.forward(...inputs) : call(layer, inputs)
    const outputs = (Array.isArray(y) ? y : [y]).filter((t): t is Tensor => t instanceof Tensor)
    check(
      `${label} outputs`,
      outputs.length === step.outputs.length,
      String(outputs.length),
      String(step.outputs.length),
    )
    const seeds = outputs.map((t) => draw(t.shape))
    outputs.forEach((t, i) => {
      check(
        `${label} output ${i}`,
        show(t.shape) === show(step.outputs[i].shape),
        show(t.shape),
        show(step.outputs[i].shape),
      )
      compare(`${label} output ${i}`, t, step.outputs[i].values, tolerance)
    })
    outputs.forEach((t, i) => {
      if (t.requiresGrad) backward(t, seeds[i], { retainGraph: true })
    })
    step.inputGrads.forEach(
      (g, i) => g !== null && compare(`${label} gradient of input ${i}`, inputs[i].grad!, g, tolerance),
    )
    for (const [name, p] of layer.namedParameters()) {
      const g = step.grads[name]
      if (g !== null && g !== undefined) compare(`${label} gradient of ${name}`, p.grad!, g, tolerance)
    }
    for (const [name, b] of layer.namedBuffers())
      if (step.buffers[name] !== undefined) compare(`${label} buffer ${name}`, b, step.buffers[name], tolerance)
  }
  return true
}
