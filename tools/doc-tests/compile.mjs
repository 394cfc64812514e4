// Turns a code block into the body of a test: imports become dynamic, `// =>` comments become assertions.
import ts from 'typescript'

/** The comment lines directly after `end`, as one text, when the first starts with `=>`. */
const claimAfter = (code, end) => {
  const rest = code.slice(end).match(/^[ \t;]*(?:\n[ \t]*)?\/\/ =>([^\n]*)((?:\n[ \t]*\/\/ (?!=>)[^\n]*)*)/)
  if (!rest) return undefined
  const open = rest[1].match(/[[{]/g)?.length ?? 0
  const closed = rest[1].match(/[\]}]/g)?.length ?? 0
  return (open > closed ? rest[1] + rest[2].replace(/\n[ \t]*\/\//g, '') : rest[1]).trim()
}

/** What a `// =>` comment promises, as data: literals keep their number of decimals, other text stays text. */
export const parseClaim = (text) => {
  const source = ts.createSourceFile('claim.ts', `(${text})`, ts.ScriptTarget.ES2022, true)
  const statement = source.statements[0]
  const whole = source.parseDiagnostics.length === 0 && source.statements.length === 1
  return (whole && valueOf(statement?.expression?.expression)) || { text }
}

const named = { NaN: NaN, Infinity, undefined: undefined }

const valueOf = (node) => {
  if (node === undefined) return undefined
  if (ts.isNumericLiteral(node)) return { number: Number(node.text), digits: node.getText() }
  if (ts.isPrefixUnaryExpression(node) && node.operator === ts.SyntaxKind.MinusToken) {
    const { number, digits } = valueOf(node.operand) ?? {}
    return number === undefined ? undefined : { number: -number, digits }
  }
  if (ts.isStringLiteralLike(node)) return { is: node.text }
  if (ts.isBigIntLiteral(node)) return { is: BigInt(node.text.slice(0, -1)) }
  if (node.kind === ts.SyntaxKind.TrueKeyword || node.kind === ts.SyntaxKind.FalseKeyword)
    return { is: node.getText() === 'true' }
  if (node.kind === ts.SyntaxKind.NullKeyword) return { is: null }
  if (ts.isIdentifier(node) && node.text in named)
    return node.text === 'undefined' ? { is: undefined } : { number: named[node.text], digits: '0' }
  if (ts.isArrayLiteralExpression(node)) return all(node.elements.map(valueOf), (list) => ({ list }))
  if (ts.isObjectLiteralExpression(node)) {
    const names = node.properties.map((property) => property.name?.text)
    return all(
      node.properties.map((property) => valueOf(property.initializer)),
      (values) => ({ fields: names.map((name, i) => [name, values[i]]) }),
    )
  }
  return undefined
}

/** Data as source text; unlike JSON it knows NaN, undefined and bigint. */
const literal = (value) => {
  if (Array.isArray(value)) return `[${value.map(literal).join(', ')}]`
  if (value !== null && typeof value === 'object')
    return `{ ${Object.entries(value)
      .map(([name, item]) => `${name}: ${literal(item)}`)
      .join(', ')} }`
  if (typeof value === 'string') return JSON.stringify(value)
  return typeof value === 'bigint' ? `${value}n` : String(value)
}

const all = (values, make) => (values.includes(undefined) ? undefined : make(values))

const isConsoleLog = (node) =>
  ts.isCallExpression(node) && node.expression.getText() === 'console.log' && node.arguments.length === 1

/** An import statement as a dynamic one, so that every block stands alone. */
const dynamicImport = (statement) => {
  const clause = statement.importClause
  const from = statement.moduleSpecifier.getText()
  if (!clause) return `await import(${from})`
  if (clause.isTypeOnly) return ''
  const bindings = clause.namedBindings
  const names = [
    ...(clause.name ? [`default: ${clause.name.text}`] : []),
    ...(bindings && ts.isNamedImports(bindings)
      ? bindings.elements
          .filter((element) => !element.isTypeOnly)
          .map((element) =>
            element.propertyName ? `${element.propertyName.text}: ${element.name.text}` : element.name.text,
          )
      : []),
  ]
  return bindings && ts.isNamespaceImport(bindings)
    ? `const ${bindings.name.text} = await import(${from})`
    : `const { ${names.join(', ')} } = await import(${from})`
}

const nameOfConst = (statement) => {
  const declared = ts.isVariableStatement(statement) ? statement.declarationList.declarations : []
  return declared.length === 1 && ts.isIdentifier(declared[0].name) ? declared[0].name.text : undefined
}

const compileStatement = (statement, code) => {
  if (ts.isImportDeclaration(statement)) return dynamicImport(statement)
  const text = statement.getText()
  const claim = claimAfter(code, statement.end)
  if (claim === undefined) return text
  if (claim.startsWith('throws '))
    return `await __throws(async () => { ${text} }, ${JSON.stringify(claim.slice('throws '.length))})`
  const check = (expression) =>
    `__check(await (${expression}), ${literal(parseClaim(claim))}, ${JSON.stringify(claim)})`
  const name = nameOfConst(statement)
  if (name !== undefined) return `${text}\n${check(name)}`
  if (!ts.isExpressionStatement(statement)) throw new Error(`\`// => ${claim}\` must follow an expression or one const`)
  return check(
    isConsoleLog(statement.expression) ? statement.expression.arguments[0].getText() : statement.expression.getText(),
  )
}

/**
 * The block as an async function's body in plain JavaScript. Names of `implicit` ({ name: module }) that the block
 * uses and does not declare are imported for it.
 */
export const compileBlock = (code, implicit = {}) => {
  const source = ts.createSourceFile('block.ts', code, ts.ScriptTarget.ES2022, true)
  const [error] = source.parseDiagnostics
  if (error) throw new Error(ts.flattenDiagnosticMessageText(error.messageText, '\n'))
  const { used, declared } = namesIn(source)
  const missing = Object.keys(implicit).filter((name) => used.has(name) && !declared.has(name))
  const imports = missing.map((name) => `const { ${name} } = await import(${JSON.stringify(implicit[name])})`)
  return [...imports, ...source.statements.map((statement) => compileStatement(statement, code))].join('\n')
}

const namesIn = (source) => {
  const used = new Set()
  const declared = new Set()
  const visit = (node) => {
    if (ts.isIdentifier(node)) {
      const { parent } = node
      const isDeclaration =
        parent.name === node && !ts.isPropertyAccessExpression(parent) && !ts.isPropertyAssignment(parent)
      if (isDeclaration) declared.add(node.text)
      else if (!ts.isPropertyAccessExpression(parent) || parent.expression === node) used.add(node.text)
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  return { used, declared }
}

/** Strips the types. */
export const toJavaScript = (code) =>
  ts.transpileModule(code, {
    compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, verbatimModuleSyntax: true },
  }).outputText
