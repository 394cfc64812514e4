import { join } from 'node:path'
import ts from 'typescript'
import { publicPackages } from '../packages.mjs'
import { isTest, sourcesBelow } from './sources.mjs'

const powers = new Set([ts.SyntaxKind.AsteriskAsteriskToken, ts.SyntaxKind.AsteriskAsteriskEqualsToken])

/** A power of two literals, such as 2 ** 16, is exact everywhere. */
const isConstant = ({ parent }) =>
  ts.isBinaryExpression(parent) && ts.isNumericLiteral(parent.left) && ts.isNumericLiteral(parent.right)

const powersIn = ({ file, text }) => {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.ES2022, true)
  const lines = []
  const visit = (node) => {
    const { line } = source.getLineAndCharacterOfPosition(node.pos)
    if (powers.has(node.kind) && !isConstant(node) && !text.split('\n')[line].includes('// reference loop'))
      lines.push(line + 1)
    ts.forEachChild(node, visit)
  }
  visit(source)
  return [...new Set(lines)].map(
    (line) =>
      `${file}:${line}: engines differ in the last bits of **; end the line with "// reference loop" where that is what it is`,
  )
}

export const operatorFaults = () =>
  publicPackages()
    .flatMap(({ path }) => sourcesBelow(join(path, 'src')))
    .filter((source) => !isTest(source) && !source.file.includes('/src/testing/') && source.text.includes('**'))
    .flatMap(powersIn)
