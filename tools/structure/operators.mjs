import { join } from 'node:path'
import ts from 'typescript'
import { publicPackages } from '../packages.mjs'
import { isTest, sourcesBelow } from './sources.mjs'

const powers = new Set([ts.SyntaxKind.AsteriskAsteriskToken, ts.SyntaxKind.AsteriskAsteriskEqualsToken])

const powersIn = ({ file, text }) => {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.ES2022, true)
  const lines = []
  const visit = (node) => {
    const { line } = source.getLineAndCharacterOfPosition(node.pos)
    if (powers.has(node.kind) && !text.split('\n')[line].includes('// reference loop')) lines.push(line + 1)
    ts.forEachChild(node, visit)
  }
  visit(source)
  return lines.map(
    (line) =>
      `${file}:${line}: engines differ in the last bits of **; end the line with "// reference loop" where that is what it is`,
  )
}

export const operatorFaults = () =>
  publicPackages()
    .flatMap(({ path }) => sourcesBelow(join(path, 'src')))
    .filter((source) => !isTest(source) && source.text.includes('**'))
    .flatMap(powersIn)
