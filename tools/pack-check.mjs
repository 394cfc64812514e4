// npm run pack:check: packs every package and looks at the tarball as a user gets it (publint, and what may be inside).
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { publicPackages, tallyLine } from './packages.mjs'

const allowed = /^(package\.json|README\.md|LICENSE|CHANGELOG\.md|dist\/.+\.(js|d\.ts|wasm))$/
const banned = /\.test\.|(^|\/)__|\.map$|tsbuildinfo/
const required = ['README.md', 'LICENSE', 'dist/index.js', 'dist/index.d.ts']

const faultsOf = async ({ path, json }, folder) => {
  const [{ filename, files }] = JSON.parse(
    execFileSync('npm', ['pack', '--json', '--loglevel=error', '--pack-destination', folder], {
      cwd: path,
      encoding: 'utf8',
    }),
  )
  const names = files.map((file) => file.path)
  const tarball = readFileSync(join(folder, filename))
  const { messages } = await publint({
    pack: { tarball: tarball.buffer.slice(tarball.byteOffset, tarball.byteOffset + tarball.length) },
    strict: true,
  })
  return [
    ...names.filter((name) => !allowed.test(name) || banned.test(name)).map((name) => `holds ${name}`),
    ...required.filter((name) => !names.includes(name)).map((name) => `lacks ${name}`),
    ...messages.map((message) => formatMessage(message, json, { color: false })),
  ]
}

const folder = mkdtempSync(join(tmpdir(), 'lanewise-pack-'))
let failed = 0
const packages = publicPackages()
for (const entry of packages) {
  const faults = await faultsOf(entry, folder)
  if (faults.length > 0) failed++
  console.log(`${faults.length > 0 ? 'FAIL' : 'ok  '} ${entry.json.name}`)
  for (const fault of faults) console.log(`       ${fault}`)
}
rmSync(folder, { recursive: true })
console.log(tallyLine(packages.length - failed, failed))
process.exitCode = failed > 0 ? 1 : 0
