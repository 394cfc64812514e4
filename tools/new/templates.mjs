// The text of each scaffolded file. What they hold works: CI scaffolds one of each and runs it.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../setup.mjs'

export const changeset = (folder, text) => `---\n'@lanewise/${folder}': minor\n---\n\n${text}\n`

export const op = (name) => `import { apply } from '../autograd/apply.ts'
import type { OpDef } from '../autograd/op.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { mul } from './binary.ts'
import { needFloat, sameSpec } from './rules.ts'

// no golden for ${name}: PyTorch has no function of this kind

const ${name}Op: OpDef = {
  name: '${name}',
  infer(inputs) {
    needFloat('${name}', inputs[0])
    return sameSpec(inputs)
  },
  reference([x], _, [y]) {
    for (let i = 0; i < x.data.length; i++) y.data[i] = x.data[i] * x.data[i]
  },
  savesInputs: [0],
  gradient: (c, [dy]) => [mul(mul(dy!, c.input(0)), 2)],
}

/**
 * The square of each element.   y_i = x_i^2
 * Shape: x [...] -> same.
 * @throws DTypeError when \`x\` holds integers.
 * @example ${name}(tensor([1, -3])).toArray() // => [1, 9]
 */
export const ${name} = (x: Tensor): Tensor => apply(${name}Op, [x], undefined)
`

export const opTest = (name, file) => `import { expect, test } from 'vitest'
import { tensor, zeros } from '../tensor/create.ts'
import { checkGradients } from '../testing/cases.ts'
import { ${name} } from './${file}.ts'

test('values by hand', () => {
  expect(${name}(tensor([[1, -2], [0.5, 0]])).toArray()).toEqual([[1, 4], [0.25, 0]])
  expect(${name}(zeros([0, 3])).shape).toEqual([0, 3])
  expect(${name}(tensor([NaN, -Infinity])).toArray()).toEqual([NaN, Infinity])
})

test('first and second derivatives', () => {
  expect(checkGradients(${name}, [{ shape: [2, 3], low: -2, high: 2 }])).toBe(true)
})

test('integers are refused', () => {
  expect(() => ${name}(tensor(Int32Array.of(1)))).toThrow('${name}: the op needs a floating-point tensor')
})
`

export const layer = (name) => `import { mul } from '../ops/binary.ts'
import { ones } from '../tensor/create.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { checkSizes } from './check.ts'
import { Module, parameter } from './module.ts'

/**
 * Scales each feature by a learned factor that starts at 1.
 * Shape: x [..., features] -> same. State: weight [features].
 * @throws ValueError when \`features\` is not an integer of 1 or more.
 * @example new ${name}(2).forward(tensor([[1, 2]])).toArray() // => [[1, 2]]
 */
export class ${name} extends Module {
  readonly weight: Tensor

  constructor(features: number) {
    super()
    checkSizes('${name}', { features })
    this.weight = parameter(ones([features]))
  }

  forward(x: Tensor): Tensor {
    return mul(x, this.weight)
  }
}
`

export const layerTest = (name, file) => `import { expect, test } from 'vitest'
import { sum } from '../ops/reduce.ts'
import { tensor } from '../tensor/create.ts'
import { ${name} } from './${file}.ts'

test('values and gradients by hand', () => {
  const layer = new ${name}(2)
  const y = layer.forward(tensor([[1, 2], [3, 4]]))
  expect(y.toArray()).toEqual([[1, 2], [3, 4]])
  sum(y).backward()
  expect(layer.weight.grad?.toArray()).toEqual([4, 6])
})

test('state', () => {
  expect([...new ${name}(3).stateDict().keys()]).toEqual(['weight'])
})

test('sizes out of range are refused', () => {
  expect(() => new ${name}(0)).toThrow('${name}: features does not fit')
})
`

export const model = (name, build, file) => `import { Linear, Module, relu, type Tensor } from '@lanewise/core'
import { ${build}Variants, type ${name}Variant } from './variants.ts'

// Link to the paper here.
//
//   x [N, inFeatures] -> fc1 -> relu -> fc2 -> logits [N, numClasses]

/** Options of {@link ${build}}. */
export interface ${name}Options {
  readonly inFeatures: number
  readonly numClasses: number
  /** A row of \`${file}/variants.ts\`. Default \`small\`. */
  readonly variant?: ${name}Variant
}

/** The model that {@link ${build}} builds; its fields carry the checkpoint's names. */
export class ${name} extends Module {
  readonly fc1: Linear
  readonly fc2: Linear

  /** See {@link ${build}}. */
  constructor({ inFeatures, numClasses, variant = 'small' }: ${name}Options) {
    super()
    const { hidden } = ${build}Variants[variant]
    this.fc1 = new Linear(inFeatures, hidden)
    this.fc2 = new Linear(hidden, numClasses)
  }

  forward(x: Tensor): Tensor {
    return this.fc2.forward(relu(this.fc1.forward(x)))
  }
}

/**
 * Builds a classifier of two layers.
 * Shape: x [N, inFeatures] -> logits [N, numClasses].
 * @example
 * import { ones } from '@lanewise/core'
 * ${build}({ inFeatures: 4, numClasses: 3 }).forward(ones([2, 4])).shape // => [2, 3]
 */
export const ${build} = (options: ${name}Options): ${name} => new ${name}(options)
`

export const variants = (
  name,
  build,
) => `/** Sizes of a variant, and how many parameters it has with 4 inputs and 3 classes. */
export interface ${name}Config {
  readonly hidden: number
  readonly parameters: number
}

/** The published variants. */
export type ${name}Variant = 'small' | 'large'

/** Data only. */
export const ${build}Variants: Readonly<Record<${name}Variant, ${name}Config>> = {
  small: { hidden: 8, parameters: 67 },
  large: { hidden: 32, parameters: 259 },
}
`

export const weights = (build) => `/** Another library's parameter name in our spelling. */
export const ${build}WeightName = (name: string): string => name.replace(/^classifier\\.0\\./, 'fc1.').replace(/^classifier\\.2\\./, 'fc2.')
`

export const modelIndex = (name, build, file) => `export { ${name}, ${build}, type ${name}Options } from './${file}.ts'
export { ${build}Variants, type ${name}Config, type ${name}Variant } from './variants.ts'
export { ${build}WeightName } from './weights.ts'
`

export const modelTest = (name, build, file) => `import { crossEntropy, manualSeed, ones, tensor } from '@lanewise/core'
import { expect, test } from 'vitest'
import { ${build} } from './${file}.ts'
import { ${build}Variants, type ${name}Variant } from './variants.ts'
import { ${build}WeightName } from './weights.ts'

const names = Object.keys(${build}Variants) as ${name}Variant[]

test.each(names)('%s: parameters, shapes, gradients everywhere', (variant) => {
  manualSeed(0)
  const model = ${build}({ inFeatures: 4, numClasses: 3, variant })
  expect(model.parameters().reduce((n, p) => n + p.size, 0)).toBe(${build}Variants[variant].parameters)
  const logits = model.forward(ones([2, 4]))
  expect(logits.shape).toEqual([2, 3])
  crossEntropy(logits, tensor(Int32Array.of(0, 2))).backward()
  for (const [name, p] of model.namedParameters()) expect(p.grad, name).not.toBeNull()
})

test('state dict survives a round trip', () => {
  const [from, to] = [${build}({ inFeatures: 4, numClasses: 3 }), ${build}({ inFeatures: 4, numClasses: 3 })]
  to.loadStateDict(from.stateDict())
  expect(to.forward(ones([1, 4])).toArray()).toEqual(from.forward(ones([1, 4])).toArray())
})

test('names of other checkpoints', () => {
  expect(${build}WeightName('classifier.2.bias')).toBe('fc2.bias')
})
`

export const example = (
  name,
) => `import { manualSeed, mean, optim, parameter, scope, square, sub, tensor } from '@lanewise/core'
import type { Context, Metrics } from './lib/context.ts'
import { plot } from './lib/plot.ts'

export const summary = '${name}: finds the minimum of a parabola'

export const run = async ({ quick, seed, signal, progress, write }: Context): Promise<Metrics> => {
  manualSeed(seed)
  const steps = quick ? 50 : 500
  const x = parameter(tensor([3]))
  const optimizer = optim.sgd({ lr: 0.1 })([x])
  const losses: [number, number][] = []
  const bar = progress('training', steps)
  for (let step = 0; step < steps; step++) {
    signal.throwIfAborted()
    const loss = scope(() => {
      const loss = mean(square(sub(x, 1)))
      optimizer.zeroGrad()
      loss.backward()
      optimizer.step()
      return loss.item()
    })
    losses.push([step, loss])
    bar.update(step + 1, \`loss \${loss.toFixed(4)}\`)
  }
  bar.stop()
  write('${name}.svg', plot('Loss', [{ name: 'loss', points: losses }], 'step', 'loss'))
  return { loss: losses.at(-1)?.[1] ?? 0, steps }
}
`

/** The files of a package that does not exist yet; settings follow core's. */
export const newPackage = (folder) => {
  const core = JSON.parse(readFileSync(join(root, 'packages/core/package.json'), 'utf8'))
  const json = {
    name: `@lanewise/${folder}`,
    version: '0.0.0',
    description: '(one sentence)',
    license: core.license,
    type: core.type,
    sideEffects: false,
    engines: core.engines,
    exports: { '.': core.exports['.'], './package.json': './package.json' },
    scripts: core.scripts,
    files: core.files,
    dependencies: { '@lanewise/core': `^${core.version}` },
    devDependencies: core.devDependencies,
  }
  return {
    [`packages/${folder}/package.json`]: `${JSON.stringify(json, null, 2)}\n`,
    [`packages/${folder}/tsconfig.json`]: readFileSync(join(root, 'packages/vision/tsconfig.json'), 'utf8'),
    [`packages/${folder}/vitest.config.ts`]: `import { project } from '../../tools/vitest/project.ts'\n\nexport default project('${folder}')\n`,
    [`packages/${folder}/LICENSE`]: readFileSync(join(root, 'LICENSE'), 'utf8'),
    [`packages/${folder}/README.md`]: `# @lanewise/${folder}\n\n(what it is and for whom)\n\n\`\`\`sh\nnpm install @lanewise/${folder}\n\`\`\`\n`,
  }
}
