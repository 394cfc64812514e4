// npm run new -- op|layer|model|example NAME: writes a slice that passes the checks as it is. Replace its formula with yours.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { root } from '../setup.mjs'
import { camelCase, kebabCase, pascalCase } from './names.mjs'
import * as templates from './templates.mjs'

const fail = (message) => {
  console.error(`new: ${message}`)
  process.exit(2)
}

const kinds = {
  op: (name) => {
    const file = kebabCase(name)
    return {
      files: {
        [`packages/core/src/ops/${file}.ts`]: templates.op(camelCase(name)),
        [`packages/core/src/ops/${file}.test.ts`]: templates.opTest(camelCase(name), file),
        [`.changeset/op-${file}.md`]: templates.changeset('core', `\`${camelCase(name)}\`: (what it computes).`),
      },
      exports: ['packages/core/src/index.ts', `export { ${camelCase(name)} } from './ops/${file}.ts'`, './ops/'],
      next: [
        'write the shape rule, the loops and the gradient; then the documentation above the function',
        'record golden cases in tools/golden/ and take the "no golden" comment away',
        'when it is on a hot path: a kernel in packages/kernels-wasm and its `wasm` binding here',
      ],
    }
  },
  layer: (name) => {
    const file = kebabCase(name)
    return {
      files: {
        [`packages/core/src/nn/${file}.ts`]: templates.layer(pascalCase(name)),
        [`packages/core/src/nn/${file}.test.ts`]: templates.layerTest(pascalCase(name), file),
        [`.changeset/layer-${file}.md`]: templates.changeset('core', `\`${pascalCase(name)}\`: (what the layer does).`),
      },
      exports: ['packages/core/src/index.ts', `export { ${pascalCase(name)} } from './nn/${file}.ts'`, './nn/'],
      next: ["name the fields as PyTorch's checkpoints do", 'record a golden case in tools/golden/core_layers.py'],
    }
  },
  model: (name, owner) => {
    const file = kebabCase(name)
    const folder = `packages/${owner}/src/${file}`
    return {
      files: {
        ...(existsSync(join(root, 'packages', owner)) ? {} : templates.newPackage(owner)),
        [`${folder}/${file}.ts`]: templates.model(pascalCase(name), camelCase(name), file),
        [`${folder}/variants.ts`]: templates.variants(pascalCase(name), camelCase(name)),
        [`${folder}/weights.ts`]: templates.weights(camelCase(name)),
        [`${folder}/${file}.test.ts`]: templates.modelTest(pascalCase(name), camelCase(name), file),
        [`${folder}/index.ts`]: templates.modelIndex(pascalCase(name), camelCase(name), file),
        [`.changeset/model-${file}.md`]: templates.changeset(
          owner,
          `\`${camelCase(name)}\`: (which paper, which variants).`,
        ),
      },
      exports: [`packages/${owner}/src/index.ts`, `export * from './${file}/index.ts'`, './'],
      next: [
        'draw the diagram, write the blocks, list the variants with their parameter counts',
        "map torchvision's names in weights.ts",
      ],
    }
  },
  example: (name) => ({
    files: { [`examples/${kebabCase(name)}.ts`]: templates.example(kebabCase(name)) },
    next: [`npm run example -- ${kebabCase(name)} --quick`],
  }),
}

const write = (path, text) => {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), text)
  console.log(`wrote ${path}`)
}

/** Adds the line after the last export from the same part of the package. */
const addExport = (path, line, part) => {
  const lines = existsSync(join(root, path)) ? readFileSync(join(root, path), 'utf8').trimEnd().split('\n') : []
  const after = lines.findLastIndex((text) => text.includes(`from '${part}`))
  lines.splice(after < 0 ? lines.length : after + 1, 0, line)
  writeFileSync(join(root, path), `${lines.join('\n')}\n`)
  console.log(`added to ${path}: ${line}`)
}

const [kind, name, owner = 'cnn', ...rest] = process.argv.slice(2)
const usage = 'Usage: npm run new -- op|layer|model|example NAME (a model may be followed by its package; cnn if not)'
if (!Object.hasOwn(kinds, kind ?? '') || rest.length > 0)
  fail(`no such kind; got '${kind ?? ''}', expected one of ${Object.keys(kinds).join(', ')}. ${usage}`)
if (!/^[a-zA-Z][a-zA-Z0-9-]*$/.test(name ?? ''))
  fail(`the name does not fit; got '${name ?? ''}', expected letters, digits and hyphens. ${usage}`)
if (!['cnn', 'rnn', 'gan', 'vision', 'edu-recsys'].includes(owner))
  fail(`no such package; got '${owner}', expected cnn, rnn, gan, vision or edu-recsys.`)

const { files, exports, next } = kinds[kind](name, owner)
const taken = Object.keys(files).filter((path) => existsSync(join(root, path)))
if (taken.length > 0) fail(`the name is taken: ${taken.join(', ')} is there already. Choose another name.`)
for (const [path, text] of Object.entries(files)) write(path, text)
if (exports) addExport(...exports)
execFileSync(
  join(root, 'node_modules/.bin/oxfmt'),
  Object.keys(files).filter((path) => /\.(ts|json)$/.test(path)),
  { cwd: root, stdio: 'ignore' },
)
console.log(
  `\nnext:\n${next.map((step) => `  - ${step}`).join('\n')}\n  - npm run structure says what is still missing; npm run api rewrites the API snapshots`,
)
