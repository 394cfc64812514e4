// Compiles every group of assembly/ into dist/wasm, twice: base SIMD and relaxed SIMD.
//   node build.mjs [group ...]     only the named groups; groups whose inputs are unchanged are left alone
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { availableParallelism } from 'node:os'
import { dirname, join } from 'node:path'
import { isMainThread, parentPort, Worker } from 'node:worker_threads'
import { fileURLToPath } from 'node:url'
import { hoist } from './hoist.mjs'

const root = fileURLToPath(new URL('.', import.meta.url))
const assembly = join(root, 'assembly')
const out = join(root, 'dist/wasm')
const tiers = ['base', 'relaxed']
const features = { base: 'simd', relaxed: 'simd,relaxed-simd' }
/** A memory of a page at least spares engines that check bounds in code a check of each constant offset. */
const flags =
  '--runtime stub -O3 --converge --noAssert --importMemory --initialMemory 1 --noExportMemory --disable mutable-globals --disableWarning'.split(
    ' ',
  )

/** Groups whose hot loops call nothing: there the compiler's own inlining adds bytes and no speed. */
const shrunk = ['conv', 'pool']

/** Groups are assembly/NAME.ts or assembly/NAME/index.ts; lib/ holds what they share. */
const findGroups = () =>
  readdirSync(assembly, { withFileTypes: true })
    .filter((entry) => entry.name !== 'lib')
    .flatMap((entry) => {
      if (entry.isFile() && entry.name.endsWith('.ts') && !entry.name.endsWith('.d.ts'))
        return [{ name: entry.name.slice(0, -3), entry: `assembly/${entry.name}` }]
      if (entry.isDirectory() && existsSync(join(assembly, entry.name, 'index.ts')))
        return [{ name: entry.name, entry: `assembly/${entry.name}/index.ts` }]
      return []
    })

/** A source file and everything it imports by relative path. */
const sourcesOf = (file, seen = new Set()) => {
  if (seen.has(file)) return seen
  seen.add(file)
  for (const [, path] of readFileSync(file, 'utf8').matchAll(/from\s+['"](\.[^'"]*)['"]/g)) {
    const target = join(dirname(file), path)
    sourcesOf(existsSync(`${target}.ts`) ? `${target}.ts` : join(target, 'index.ts'), seen)
  }
  return seen
}

const compilerVersion = createRequire(import.meta.url)('assemblyscript/package.json').version

const inputsHash = (group) => {
  const hash = createHash('sha256').update(compilerVersion)
  for (const file of [fileURLToPath(import.meta.url), join(root, 'hoist.mjs'), ...sourcesOf(join(root, group.entry))])
    hash.update(readFileSync(file))
  return hash.digest('hex')
}

/** Writes beside the target and renames, so that a reader (or a second build) never sees half a file. */
const write = (name, data) => {
  const path = join(out, name)
  const half = `${path}.${process.pid}.part`
  writeFileSync(half, data)
  renameSync(half, path)
}

/** The commonest bytes, as ranges; `decode` in src/host.ts has the same. */
const common = [0xfd, 0xfd, 0, 0x2b, 0x36, 0x48, 0x54, 0x5c, 0x6a, 0x76, 0x80, 0x80, 0xe4, 0xe6]

/** All bytes, the commonest first. */
const byteOrder = () => {
  const order = new Set()
  for (let i = 0; i < common.length; i += 2) for (let b = common[i]; b <= common[i + 1]; b++) order.add(b)
  for (let b = 0; b < 256; b++) order.add(b)
  return [...order]
}

/**
 * A string literal of printable ASCII without quotes and backslashes: one character for each of the 91 commonest bytes,
 * two for the others. Escapes and base64 hide the repetitions that gzip looks for; this costs nothing beyond them.
 */
const asText = (bytes) => {
  const alphabet = Array.from({ length: 92 }, (_, i) => String.fromCharCode(35 + i)).filter((c) => c !== '\\')
  const code = []
  byteOrder().forEach((byte, i) => {
    const page = Math.floor(i / alphabet.length)
    code[byte] = ['', ' ', '!'][page] + alphabet[i % alphabet.length]
  })
  return `"${Array.from(bytes, (byte) => code[byte]).join('')}"`
}

/** The decoder is what the other texts are read with: its own has a character for each byte. */
const asEscapes = (bytes) => `"${Array.from(bytes, (byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('')}"`

const writeModule = (name, bytes) => {
  if (name === 'decode.base') {
    write('decode.inline.js', `export default ${asEscapes(bytes)}\n`)
    write('decode.workerd.js', 'export default ""\n')
    return
  }
  write(`${name}.wasm`, bytes)
  write(`${name}.inline.js`, `export default ${asText(bytes)}\n`)
  write(`${name}.workerd.js`, `import module from "./${name}.wasm"\nexport default module\n`)
}

/** A binary may import its memory and nothing else, and may not carry data of its own. */
const faultOf = (bytes) => {
  for (const { module, name } of WebAssembly.Module.imports(new WebAssembly.Module(bytes)))
    if (name !== 'memory') return `imports ${module}.${name}: allocate nothing and assert nothing in a kernel`
  const sections = sectionsOf(bytes)
  return sections.has(11) ? 'carries a data segment: no static arrays or strings in a kernel' : undefined
}

const sectionsOf = (bytes) => {
  const ids = new Set()
  for (let at = 8; at < bytes.length;) {
    ids.add(bytes[at++])
    let size = 0
    for (let shift = 0, more = true; more; shift += 7, at++) {
      size |= (bytes[at] & 127) << shift
      more = bytes[at] > 127
    }
    at += size
  }
  return ids
}

const compile = async ({ name, entry, tier }) => {
  const { default: asc } = await import('assemblyscript/asc')
  let binary
  const { error, stderr } = await asc.main(
    [
      entry,
      ...flags,
      ...(shrunk.includes(name) ? ['--shrinkLevel', '2'] : []),
      '--enable',
      features[tier],
      '--outFile',
      'module.wasm',
      '--baseDir',
      root,
    ],
    {
      writeFile(name, data) {
        if (name.endsWith('.wasm')) binary = data
      },
    },
  )
  if (error || !binary) return { fault: `${error?.message ?? 'no output'}\n${stderr.toString()}` }
  binary = hoist(binary)
  // Relaxed instructions make this engine's own validator refuse the module, so only base is inspected.
  return { binary, fault: tier === 'base' ? faultOf(binary) : undefined }
}

const runJobs = async (jobs, report) => {
  const queue = [...jobs]
  const runOne = () =>
    new Promise((resolve, reject) => {
      const worker = new Worker(fileURLToPath(import.meta.url))
      let current
      const next = () => {
        current = queue.shift()
        if (current) worker.postMessage(current)
        else worker.terminate().then(resolve, reject)
      }
      worker.on('message', (result) => {
        report(current, result)
        next()
      })
      worker.on('error', reject)
      next()
    })
  await Promise.all(Array.from({ length: Math.min(availableParallelism(), jobs.length) }, runOne))
}

const writeRelaxedChunk = (groups) => {
  const built = groups
    .map((group) => group.name)
    .filter((name) => name !== 'decode' && existsSync(join(out, `${name}.relaxed.wasm`)))
  const inline = built.map((name) => {
    const bytes = readFileSync(join(out, `${name}.relaxed.wasm`))
    return `  ${JSON.stringify(name)}: ${asText(bytes)},`
  })
  write('relaxed.inline.js', `export default {\n${inline.join('\n')}\n}\n`)
  const imports = built.map((name, i) => `import m${i} from "./${name}.relaxed.wasm"`)
  const fields = built.map((name, i) => `  ${JSON.stringify(name)}: m${i},`)
  write('relaxed.workerd.js', `${imports.join('\n')}\nexport default {\n${fields.join('\n')}\n}\n`)
}

const main = async () => {
  mkdirSync(join(out, 'hash'), { recursive: true })
  const groups = findGroups()
  const only = process.argv.slice(2)
  const stale = groups
    .filter((group) => only.length === 0 || only.includes(group.name))
    .map((group) => ({ ...group, hash: inputsHash(group) }))
    .flatMap((group) => tiers.map((tier) => ({ ...group, tier, stamp: join(out, 'hash', `${group.name}.${tier}`) })))
    .filter(({ hash, stamp }) => !existsSync(stamp) || readFileSync(stamp, 'utf8') !== hash)
  for (const name of readdirSync(out))
    if (/\.(base|relaxed)\./.test(name) && !groups.some((group) => name.startsWith(`${group.name}.`)))
      rmSync(join(out, name))
  let failed = 0
  await runJobs(stale, ({ name, tier, hash, stamp }, { binary, fault }) => {
    if (fault) {
      failed++
      console.error(`${name}.${tier}: ${fault}`)
      return
    }
    if (tier === 'base') writeModule(`${name}.base`, binary)
    else if (name !== 'decode') write(`${name}.relaxed.wasm`, binary)
    writeFileSync(stamp, hash)
    console.log(`${name}.${tier}.wasm ${binary.length} bytes`)
  })
  writeRelaxedChunk(groups)
  write('decode.d.ts', 'declare const text: string\nexport default text\n')
  write('module.d.ts', 'declare const module: string | WebAssembly.Module\nexport default module\n')
  write('relaxed.d.ts', 'declare const modules: Record<string, string | WebAssembly.Module>\nexport default modules\n')
  process.exitCode = failed ? 1 : 0
}

if (isMainThread) await main()
else parentPort.on('message', async (job) => parentPort.postMessage(await compile(job)))
