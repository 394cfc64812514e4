// npm run api: writes packages/NAME/api.md, the declarations of everything a package exports. `-- --check` compares instead.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { publicPackages, tallyLine } from './packages.mjs'

const printer = ts.createPrinter({ removeComments: true })

const textOf = (declaration) => {
  const statement = ts.isVariableDeclaration(declaration) ? declaration.parent.parent : declaration
  return printer
    .printNode(ts.EmitHint.Unspecified, statement, declaration.getSourceFile())
    .replace(/^export /, '')
    .replace(/\bdeclare /, '')
}

const declarationsOf = (checker, symbol) => {
  const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol
  return [...new Set((target.declarations ?? []).map(textOf))].join('\n')
}

const section = (program, key, file) => {
  const checker = program.getTypeChecker()
  const module = checker.getSymbolAtLocation(program.getSourceFile(file))
  const names = module ? checker.getExportsOfModule(module) : []
  const lines = names.sort((a, b) => (a.name < b.name ? -1 : 1)).map((symbol) => declarationsOf(checker, symbol))
  return `## ${key}\n\n\`\`\`typescript\n${lines.join('\n')}\n\`\`\`\n`
}

const snapshotOf = ({ path, json }) => {
  const entries = Object.entries(json.exports)
    .map(([key, target]) => [json.name + key.slice(1), join(path, target.types ?? '')])
    .filter(([, file]) => file.endsWith('.d.ts') && existsSync(file))
  const program = ts.createProgram(
    entries.map(([, file]) => file),
    { module: ts.ModuleKind.NodeNext, skipLibCheck: true, types: [] },
  )
  const head = `# API of ${json.name}\n\nWritten by \`npm run api\`. A change here needs a changeset of the right level.\n`
  return [head, ...entries.map(([key, file]) => section(program, key, file))].join('\n')
}

const isCheck = process.argv.includes('--check')
let failed = 0
let skipped = 0
const packages = publicPackages()
for (const entry of packages) {
  const file = join(entry.path, 'api.md')
  const text = snapshotOf(entry)
  const isSame = existsSync(file) && readFileSync(file, 'utf8') === text
  if (!isCheck) writeFileSync(file, text)
  else if (!existsSync(file)) {
    skipped++
    console.log(`packages/${entry.folder}: no api.md yet; \`npm run api\` writes it when the package is released first`)
  } else if (!isSame) {
    failed++
    console.log(
      `FAIL packages/${entry.folder}/api.md is not what the package exports: run \`npm run api\`, read the difference, add a changeset`,
    )
  }
}
console.log(
  isCheck
    ? tallyLine(packages.length - failed - skipped, failed, skipped)
    : `wrote ${packages.length} files packages/*/api.md`,
)
process.exitCode = failed > 0 ? 1 : 0
