// npm run scaffold:check: scaffolds one of each into a copy of the tree and holds the copy to the checks.
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { tallyLine } from '../packages.mjs'
import { root } from '../setup.mjs'

const names = { op: 'scaffold-op', layer: 'scaffold-layer', model: 'scaffold-model', example: 'scaffold-example' }
const left = new Set(['node_modules', '.git', '.turbo', '.cache', 'out'])

/** The working tree with its builds; installed packages are links, the project's own ones to the copy. */
const copyTree = () => {
  const copy = mkdtempSync(join(tmpdir(), 'lanewise-scaffold-'))
  for (const name of readdirSync(root).filter((entry) => !left.has(entry)))
    cpSync(join(root, name), join(copy, name), { recursive: true, filter: (path) => !left.has(path.split('/').at(-1)) })
  mkdirSync(join(copy, 'node_modules'))
  for (const name of readdirSync(join(root, 'node_modules')).filter(
    (entry) => entry !== '@lanewise' && entry !== '.cache',
  ))
    symlinkSync(join(root, 'node_modules', name), join(copy, 'node_modules', name))
  return copy
}

const linkPackages = (copy) => {
  mkdirSync(join(copy, 'node_modules/@lanewise'))
  for (const name of readdirSync(join(copy, 'packages')))
    symlinkSync(join(copy, 'packages', name), join(copy, 'node_modules/@lanewise', name))
}

const copy = copyTree()
let failed = 0
let passed = 0

/** Runs a command in the copy; it fails by its exit code, or by what `isFault` finds in a line of its output. */
const step = (title, command, args, isFault) => {
  const { status, stdout, stderr } = spawnSync(command, args, {
    cwd: copy,
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1' },
  })
  const lines = `${stdout}\n${stderr}`.trim().split('\n')
  const faults = isFault ? lines.filter(isFault) : status === 0 ? [] : lines.slice(-60)
  if (faults.length === 0) passed++
  else failed++
  console.log(`${faults.length === 0 ? 'ok  ' : 'FAIL'} ${title}`)
  for (const line of faults) console.log(line)
}

const bin = (name) => join(copy, 'node_modules/.bin', name)

for (const [kind, name] of Object.entries(names))
  step(`new ${kind}`, process.execPath, ['tools/new/main.mjs', kind, name])
linkPackages(copy)
const scaffolded = [
  'core/src/ops/scaffold-op',
  'core/src/nn/scaffold-layer',
  'cnn/src/scaffold-model/scaffold-model',
].map((path) => `packages/${path}`)
const sources = [
  ...scaffolded.flatMap((path) => [`${path}.ts`, `${path}.test.ts`]),
  'packages/cnn/src',
  'examples/scaffold-example.ts',
]
step('format', bin('oxfmt'), ['--check', ...sources])
step('lint', bin('oxlint'), ['-c', 'oxlint.config.mjs', ...sources])
step('core compiles', bin('tsc'), ['-p', 'packages/core'])
step('the new package compiles', bin('tsc'), ['-p', 'packages/cnn'])
step('the example compiles', bin('tsc'), ['-p', 'examples'])
step('tests and examples', bin('vitest'), ['run', 'scaffold-'])
step('structure', process.execPath, ['tools/structure/main.mjs'], (line) => /scaffold|packages\/cnn/i.test(line))
step('the example runs', process.execPath, ['tools/example/check.mjs', 'scaffold-example'])
rmSync(copy, { recursive: true })
console.log(tallyLine(passed, failed))
process.exitCode = failed > 0 ? 1 : 0
