// The table of ops: which have a gradient, and which run on a kernel of each backend. Read from the op definitions in the
// sources, and from the table of the tfjs backend itself.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

const core = fileURLToPath(new URL('../packages/core/', import.meta.url))

const isOpType = (node) => /Op\b|OpDef/.test(node?.getText() ?? '')

/** Fields of an object literal: names to initializers. */
const fieldsOf = (literal) =>
  new Map(literal.properties.map((property) => [property.name?.getText() ?? '...', property.initializer ?? property]))

/** Whether a function does nothing but throw. */
const isRefusal = (node) => {
  const { statements } = node?.body ?? {}
  return statements?.length === 1 && ts.isThrowStatement(statements[0])
}

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
      view: fields.has('view'),
      wasm: fields.has('wasm'),
      composed: fields.has('compose'),
      gradient: fields.has('gradient') && !isRefusal(fields.get('gradient')),
    }))
}

const filesOf = (folder) =>
  readdirSync(join(core, 'src', folder))
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    .map((file) => join(core, 'src', folder, file))

/** Ops by name; of two variants under one name, what either can. */
const byName = (list) => {
  const found = new Map()
  for (const op of list) {
    const before = found.get(op.name) ?? {}
    found.set(op.name, Object.fromEntries(Object.keys(op).map((key) => [key, before[key] || op[key]])))
  }
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
}

const rowOf = ({ name, view, wasm, composed, gradient }, onTfjs) => {
  const wasmCell = view ? 'view' : wasm ? 'kernel' : 'loops'
  const tfjsCell = view ? 'view' : onTfjs ? 'kernel' : composed ? 'composed' : '-'
  return `| ${name} | loops | ${wasmCell} | ${tfjsCell} | ${gradient ? 'yes' : '-'} |`
}

export const supportTable = async () => {
  const { table } = await import(new URL('../packages/core/dist/backends/tfjs/table.js', import.meta.url))
  const rows = byName(['ops', 'losses'].flatMap(filesOf).flatMap(opsIn))
    .filter(({ name }) => !/[_ ]/.test(name))
    .map((op) => rowOf(op, Object.hasOwn(table, op.name)))
  return `# Ops and backends

Generated from the op definitions by \`npm run docs\`. Functions that are composed of these ops have the gradients of their parts and are not listed, such as \`maxUnpool\` (poolScatter) and \`einsum\`.

- **loops**: plain TypeScript. On the wasm backend such an op is right but not fast, and \`report()\` counts it. So do kernels' ops with shapes that the kernel does not cover, such as \`gridSample\` of volumes.
- **kernel**: compiled code. **view**: no work at all. **composed**: made of other ops.
- **-** under tfjs: a named error, with the advice to move that part to the wasm backend.
- **-** under gradient: what comes out is not differentiable, or the op is itself the fused gradient of another. Second derivatives then come from the differentiable form of the other op, or are refused by name where PyTorch has none either (ctcLoss, gridSample).

| op | reference | wasm | tfjs | gradient |
|---|---|---|---|---|
${rows.join('\n')}
`
}
