// npm run readme: rewrites what is generated for readers: the README's tables of sizes (measured now) and speed, the pages
// docs/guides/benchmarks.md and kernel-ladder.md, and their pictures, from bench/results (see bench/results/README.md).
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ladderParts } from '../bench/report/ladder.mjs'
import { figure, resultsPage, runtimesOf, table } from '../bench/report/page.mjs'
import { root } from './setup.mjs'

const read = (name) => {
  const path = join(root, 'bench/results', `${name}.json`)
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : undefined
}

const sizeTable = () => {
  const measured = JSON.parse(
    execFileSync(process.execPath, [join(root, 'tools/size/main.mjs'), '--json'], { encoding: 'utf8' }),
  )
  return table(
    ['bundle', 'gzip'],
    measured.map(({ name, about, bytes }) => [`${about} (\`${name}\`)`, `${(bytes / 1000).toFixed(1)} KB`]),
  )
}

const shown = [
  'matmul_512',
  'conv3x3_56x56_64_64',
  'conv1x1_28x28_256_256',
  'exp_1M',
  'softmax_1024x1024',
  'resnet18_224',
  'lstm_h256_t128_b32',
  'train_mnist_cnn_b64',
  'train_cifar_cnn_b32',
  'train_charlstm_h128_l2_t64_b32',
]
const impls = ['lanewise', 'tfjs-wasm', 'ort-web', 'jax-js', 'convnetjs', 'torch']

const speed = (bench) => {
  const { machine, date, command, rows } = bench
  const [{ runtime, tier }] = runtimesOf(bench)
  const find = (workload, impl) =>
    rows.find((row) => row.workload === workload && row.impl === impl && (impl === 'torch' || row.runtime === runtime))
  const lines = shown
    .filter((workload) => find(workload, 'lanewise'))
    .map((workload) => [
      workload,
      ...impls.map((impl) => (find(workload, impl) ? figure(find(workload, impl).msMin) : '-')),
    ])
  return `Milliseconds (minimum of many), one thread, ${runtime}, ${tier} SIMD; ${machine}, ${date}, \`${command}\`. A dash: it cannot, or was not measured. All rows, runtimes and pictures: [docs/guides/benchmarks.md](docs/guides/benchmarks.md).\n\n${table(['workload', ...impls], lines)}`
}

/** Text between the markers `<!-- name -->` and `<!-- /name -->` is replaced. */
const replace = (text, name, content) =>
  text.replace(
    new RegExp(`<!-- ${name} -->[\\s\\S]*<!-- /${name} -->`),
    () => `<!-- ${name} -->\n\n${content}\n\n<!-- /${name} -->`,
  )

const write = (path, text) => {
  writeFileSync(join(root, path), text)
  console.log(`wrote ${path}`)
}
const writePictures = (pictures) => {
  for (const [name, svg] of Object.entries(pictures)) write(`docs/pictures/${name}`, svg)
}

const [bench, ops, examples, ladder] = ['bench', 'ops', 'examples', 'ladder'].map(read)
const sizes = sizeTable()
let readme = replace(readFileSync(join(root, 'README.md'), 'utf8'), 'sizes', sizes)
if (bench) {
  readme = replace(readme, 'bench', speed(bench))
  const { page, pictures } = resultsPage({ bench, ops, examples, sizes })
  write('docs/guides/benchmarks.md', page)
  writePictures(pictures)
}
write('README.md', readme)
if (ladder) {
  const { parts, pictures } = ladderParts(ladder)
  let page = readFileSync(join(root, 'docs/guides/kernel-ladder.md'), 'utf8')
  for (const [name, content] of Object.entries(parts)) page = replace(page, name, content)
  write('docs/guides/kernel-ladder.md', page)
  writePictures(pictures)
}
execFileSync(process.execPath, [join(root, 'node_modules/oxfmt/bin/oxfmt'), 'README.md', 'docs/guides'], { cwd: root })
