// A throw-away npm registry on a loopback port: it holds what is published to it and asks no other.
import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const verdaccio = fileURLToPath(new URL('node_modules/verdaccio/bin/verdaccio', import.meta.url))

const config = (folder) => `
storage: ${join(folder, 'storage')}
auth: {}
uplinks: {}
max_body_size: 50mb
packages:
  '**':
    access: $all
    publish: $all
web:
  enable: false
log: { type: stdout, level: warn }
`

export const freePort = () =>
  new Promise((resolve, reject) => {
    const server = createServer()
    server.on('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => resolve(port))
    })
  })

/** Asks until something answers, at most `seconds`. */
export const answers = async (url, seconds) => {
  for (const end = Date.now() + seconds * 1000; Date.now() < end; await delay(100)) {
    const response = await fetch(url).catch(() => undefined)
    if (response) return response
  }
  throw new Error(`nothing answered at ${url} within ${seconds} s`)
}

/** Starts the registry. npm is pointed at it by the returned environment variables. */
export const startRegistry = async (folder) => {
  const port = await freePort()
  const file = join(folder, 'verdaccio.yaml')
  writeFileSync(file, config(folder))
  const child = spawn(process.execPath, [verdaccio, '--config', file, '--listen', `127.0.0.1:${port}`], {
    stdio: ['ignore', 2, 2],
  })
  const stop = () => child.kill()
  await answers(`http://127.0.0.1:${port}/-/ping`, 60).catch((error) => {
    stop()
    throw error
  })
  const npmrc = join(folder, 'npmrc')
  writeFileSync(
    npmrc,
    `registry=http://127.0.0.1:${port}/\n//127.0.0.1:${port}/:_authToken=none\naudit=false\nfund=false\n`,
  )
  const env = {
    ...process.env,
    npm_config_userconfig: npmrc,
    npm_config_registry: `http://127.0.0.1:${port}/`,
    npm_config_cache: join(folder, 'cache'),
  }
  return { env, stop }
}
