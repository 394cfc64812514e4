// npm run docs: the API reference from the sources (a warning is an error), the support table, then the site.
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Application } from 'typedoc'
import { build } from 'vitepress'
import { publicPackages } from '../tools/packages.mjs'
import { supportTable } from './support.mjs'

const here = fileURLToPath(new URL('.', import.meta.url))

const common = {
  disableGit: true,
  sourceLinkTemplate: 'https://github.com/lanewise/lanewise/blob/main/{path}#L{line}',
  basePath: join(here, '..'),
  readme: 'none',
  treatWarningsAsErrors: true,
  treatValidationWarningsAsErrors: true,
}

const stopOnWarning = (app, name) => {
  if (app.logger.hasErrors() || app.logger.hasWarnings())
    throw new Error(`docs: TypeDoc warns about ${name}; every warning is an error.`)
}

/** One package's declarations as JSON, all of its entry points together. */
const describe = async ({ path, folder, json }) => {
  const entryPoints = Object.values(json.exports)
    .map((target) => target.types)
    .filter((types) => types?.startsWith('./dist/') && !types.includes('*'))
    .map((types) => join(path, types.replace('./dist/', 'src/').replace(/\.d\.ts$/, '.ts')))
  const app = await Application.bootstrap({
    ...common,
    name: json.name,
    entryPoints,
    tsconfig: join(path, 'tsconfig.json'),
    excludeInternal: true,
    excludePrivate: true,
    validation: { notExported: false, invalidLink: true, notDocumented: true },
    requiredToBeDocumented: ['Class', 'Function', 'Interface', 'TypeAlias', 'Variable'],
  })
  const project = await app.convert()
  if (!project) throw new Error(`docs: TypeDoc could not read ${json.name}.`)
  app.validate(project)
  stopOnWarning(app, json.name)
  const file = join(here, '.cache', `${folder}.json`)
  await app.generateJson(project, file)
  return file
}

const writeReference = async (files) => {
  const app = await Application.bootstrapWithPlugins({
    ...common,
    name: 'API reference',
    entryPointStrategy: 'merge',
    entryPoints: files,
    plugin: ['typedoc-plugin-markdown', 'typedoc-vitepress-theme'],
    docsRoot: here,
    out: join(here, 'api'),
  })
  await app.generateOutputs(await app.convert())
  stopOnWarning(app, 'the reference')
}

rmSync(join(here, 'api'), { recursive: true, force: true })
const files = []
for (const entry of publicPackages()) files.push(await describe(entry))
await writeReference(files)
writeFileSync(join(here, 'guides/support.md'), await supportTable())
await build(here)
