// An op is a public function of a file in src/ops/. Each needs a test, a gradCheck, a golden case and an example,
// or a comment in its file that says why not:   // no gradCheck for floor, round: constant between steps
import { join } from 'node:path'
import ts from 'typescript'
import { publicPackages } from '../packages.mjs'
import { isTest, sourcesBelow } from './sources.mjs'

/** Names that a package's index re-exports as values from ./ops/. */
const publicOps = ({ text }) => {
  const source = ts.createSourceFile('index.ts', text, ts.ScriptTarget.ES2022, true)
  return source.statements
    .filter(
      (statement) =>
        ts.isExportDeclaration(statement) &&
        !statement.isTypeOnly &&
        statement.moduleSpecifier?.text.startsWith('./ops/'),
    )
    .flatMap((statement) =>
      statement.exportClause.elements
        .filter((element) => !element.isTypeOnly)
        .map((element) => ({
          name: (element.propertyName ?? element.name).text,
          file: statement.moduleSpecifier.text.slice(2),
        })),
    )
    .filter(({ name }) => /^[a-z]/.test(name))
}

const excusesIn = (text) => {
  const excused = new Set()
  for (const [, what, names] of text.matchAll(/\/\/ no (test|gradCheck|golden|example) for ([\w, ]+): \S/g))
    for (const name of names.split(/,\s*/)) excused.add(`${what} ${name.trim()}`)
  return excused
}

const hasExample = (text, name) => {
  const before = text.slice(0, text.search(new RegExp(`^export (const|function|async function) ${name}\\b`, 'm')))
  return /@example\b/.test(before.slice(before.lastIndexOf('/**'))) && /\*\/\s*$/.test(before)
}

const isGolden = ({ file }) => file.includes('__golden__/') && file.endsWith('.json')

/** Test files that cover an op: they name it, or run over all exports of its file (`import * as`). */
const testsOf = (name, file, tests) => {
  const whole = new RegExp(`import \\* as \\w+ from '[./]*${file.replace(/^.*\//, '')}'`)
  return tests.filter(({ text }) => new RegExp(`\\b${name}\\b`).test(text) || whole.test(text))
}

const faultsOf = ({ path, folder }) => {
  const sources = sourcesBelow(join(path, 'src'), ['.ts', '.json'])
  const tests = sources.filter(isTest)
  const golden = sources
    .filter(isGolden)
    .map(({ text }) => text)
    .join('\n')
  const index = sources.find(({ file }) => file.endsWith('src/index.ts'))
  return (index ? publicOps(index) : []).flatMap(({ name, file }) => {
    const own = sources.find((source) => source.file === `packages/${folder}/src/${file}`)?.text ?? ''
    const covering = testsOf(name, file, tests)
    const has = {
      test: covering.length > 0,
      gradCheck: covering.some(({ text }) => /gradCheck|checkGradients/.test(text)),
      golden: new RegExp(`"(name|op)": ?"${name}\\b`).test(golden),
      example: hasExample(own, name),
    }
    const excused = excusesIn(own)
    const missing = Object.keys(has).filter((what) => !has[what] && !excused.has(`${what} ${name}`))
    return missing.length > 0 ? [`packages/${folder}/src/${file}: ${name} lacks ${missing.join(', ')}`] : []
  })
}

export const opFaults = () => publicPackages().flatMap(faultsOf)
