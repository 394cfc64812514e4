// npm run docs: the API reference from the sources (a warning is an error), the support table, then the site.
import { rmSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Application, OptionDefaults } from 'typedoc'
import { build } from 'vitepress'
import { publicPackages } from '../tools/packages.mjs'
import { supportTable } from './support.mjs'

const here = fileURLToPath(new URL('.', import.meta.url))

const root = join(here, '..')

const common = {
  disableGit: true,
  sourceLinkTemplate: 'https://github.com/lanewise/lanewise/blob/main/{path}#L{line}',
  basePath: root,
  readme: 'none',
  blockTags: [...OptionDefaults.blockTags, '@source'],
  treatWarningsAsErrors: true,
  treatValidationWarningsAsErrors: true,
}

const warned = []
const noteWarnings = (app, name) => {
  if (app.logger.hasErrors() || app.logger.hasWarnings()) warned.push(name)
}
const stopOnWarnings = () => {
  if (warned.length === 0) return
  console.error(`docs: TypeDoc warns about ${warned.join(', ')}; every warning is an error.`)
  process.exit(1)
}

/** The entry points of a package: source file to a name such as `main` or `testing`. */
const entryPointsOf = ({ path, json }) =>
  new Map(
    Object.entries(json.exports)
      .filter(([, target]) => target.types?.startsWith('./dist/') && !target.types.includes('*'))
      .map(([key, { types }]) => [
        join(path, types.replace('./dist/', 'src/').replace(/\.d\.ts$/, '.ts')),
        key.slice(2) || 'main',
      ]),
  )

/** One package's declarations as JSON, all of its entry points together. */
const describe = async ({ path, folder, json }) => {
  const entryPoints = entryPointsOf({ path, json })
  const app = await Application.bootstrap({
    ...common,
    name: json.name,
    entryPoints: [...entryPoints.keys()],
    tsconfig: join(path, 'tsconfig.json'),
    excludeInternal: true,
    excludePrivate: true,
    validation: { notExported: false, invalidLink: true, notDocumented: true },
    requiredToBeDocumented: ['Class', 'Function', 'Interface', 'TypeAlias', 'Variable'],
  })
  const project = await app.convert()
  if (!project) throw new Error(`docs: TypeDoc could not read ${json.name}.`)
  app.validate(project)
  for (const [file, name] of entryPoints) {
    const module = project.children?.find((child) => child.name === relative(root, file).replace(/(\/index)?\.ts$/, ''))
    if (module) module.name = name
  }
  noteWarnings(app, json.name)
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
  noteWarnings(app, 'the reference')
}

rmSync(join(here, 'api'), { recursive: true, force: true })
const files = []
for (const entry of publicPackages()) files.push(await describe(entry))
stopOnWarnings()
await writeReference(files)
stopOnWarnings()
writeFileSync(join(here, 'guides/support.md'), await supportTable())
await build(here)
