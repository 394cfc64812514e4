import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { defineConfig } from 'vitepress'

const folder = new URL('..', import.meta.url)

const titleOf = (path) =>
  readFileSync(new URL(path, folder), 'utf8')
    .match(/^# (.+)$/m)?.[1]
    .replaceAll('`', '') ?? path

/** The start comes first, the rest by name. */
const rank = (file) => (file === 'start.md' ? 0 : 1)

const pagesOf = (name) =>
  readdirSync(new URL(`${name}/`, folder))
    .filter((file) => file.endsWith('.md'))
    .sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1))
    .map((file) => ({ text: titleOf(`${name}/${file}`), link: `/${name}/${file.slice(0, -3)}` }))

const reference = new URL('api/typedoc-sidebar.json', folder)

/** Packages and their entry points alone: every page carries the sidebar, and there are over a thousand pages. */
const packagesAndEntries = (items) =>
  items.map(({ text, link, items = [] }) => ({
    text,
    link,
    items: items.filter((entry) => entry.link).map((entry) => ({ text: entry.text, link: entry.link })),
  }))

const guides = [
  { text: 'Guides', items: pagesOf('guides') },
  { text: 'Decisions', items: pagesOf('decisions') },
]

export default defineConfig({
  title: 'Lanewise',
  description: 'Deep learning for every JavaScript runtime',
  metaChunk: true,
  srcExclude: ['node_modules/**'],
  themeConfig: {
    nav: [
      { text: 'Start', link: '/guides/start' },
      { text: 'Architecture', link: '/guides/architecture' },
      { text: 'Benchmarks', link: '/guides/benchmarks' },
      { text: 'API', link: '/api/' },
    ],
    sidebar: {
      '/api/': existsSync(reference) ? packagesAndEntries(JSON.parse(readFileSync(reference, 'utf8'))) : [],
      '/': guides,
    },
    search: { provider: 'local' },
    outline: [2, 3],
  },
})
