// The table of ops: which have a gradient, and which run on a kernel of each backend. Read from the sources' op definitions.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

const ops = fileURLToPath(new URL('../packages/core/src/ops/', import.meta.url))
const tfjs = fileURLToPath(new URL('../packages/core/src/backends/tfjs/', import.meta.url))

const isOpType = (node) => /Op\b|OpDef/.test(node?.getText() ?? '')
const yes = (value) => (value ? 'yes' : '')

/** Fields of an object literal: names to initializers; those of spreads of known constants included. */
const fieldsOf = (literal) =>
  new Map(literal.properties.map((property) => [property.name?.getText() ?? '...', property.initializer ?? property]))

/** Every `const xOp: OpDef = { name: 'x', ... }` of a file. */
const opsIn = (file) => {
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.ES2022, true)
  return source.statements
    .filter(ts.isVariableStatement)
    .flatMap((statement) => [...statement.declarationList.declarations])
    .filter(({ type, initializer }) => isOpType(type) && initializer && ts.isObjectLiteralExpression(initializer))
    .map(({ initializer }) => fieldsOf(initializer))
    .filter((fields) => fields.get('name') && ts.isStringLiteral(fields.get('name')))
    .map((fields) => ({
      name: fields.get('name').text,
      wasm: fields.has('wasm') || fields.has('view'),
      gradient: fields.has('gradient'),
    }))
}

const sourcesIn = (folder) => readdirSync(folder).filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))

/** Names of the ops for which the tfjs backend has a kernel, as its sources quote them. */
const tfjsText = () => {
  try {
    return sourcesIn(tfjs)
      .map((file) => readFileSync(join(tfjs, file), 'utf8'))
      .join('\n')
  } catch {
    return ''
  }
}

export const supportTable = async () => {
  const text = tfjsText()
  const onTfjs = (name) => new RegExp(`(['"]${name}['"]|^\\s*${name}[:,(])`, 'm').test(text)
  const rows = sourcesIn(ops)
    .flatMap((file) => opsIn(join(ops, file)))
    .filter(({ name }) => !/[_ ]/.test(name))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, wasm, gradient }) => `| ${name} | yes | ${yes(wasm)} | ${yes(onTfjs(name))} | ${yes(gradient)} |`)
  return `# Ops and backends

Generated from the op definitions by \`npm run docs\`. An op without a kernel runs its reference loops on the wasm backend, and on tfjs is composed from other ops or throws a named error. Functions that are composed of these ops have the gradients of their parts and are not listed.

| op | reference | wasm kernel | tfjs kernel | gradient |
|---|---|---|---|---|
${rows.join('\n')}
`
}
