// npm run readme [-- BENCH.json]: rewrites the README's tables of sizes (measured now) and speed (from a result of npm run bench).
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './setup.mjs'

const table = (head, rows) => [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n')

const sizes = () => {
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
  'train_mnist_cnn_b64',
  'train_cifar_cnn_b32',
]
const impls = ['lanewise', 'tfjs-wasm', 'ort-web', 'jax-js', 'convnetjs', 'torch']

const speed = ({ machine, date, command, rows }) => {
  const runtime = rows.find(({ impl }) => impl === 'lanewise').runtime
  const best = (workload, impl) =>
    rows.find((row) => row.workload === workload && row.impl === impl && (impl === 'torch' || row.runtime === runtime))
  const figure = (ms) => Number(ms.toPrecision(3)).toLocaleString('en', { maximumSignificantDigits: 3 })
  const lines = shown
    .filter((workload) => best(workload, 'lanewise'))
    .map((workload) => [
      workload,
      ...impls.map((impl) => (best(workload, impl) ? figure(best(workload, impl).msMin) : '-')),
    ])
  return `Milliseconds (minimum of many), one thread, ${runtime}, base SIMD; ${machine}, ${date}, \`${command}\`. A dash: it cannot, or was not measured.\n\n${table(['workload', ...impls], lines)}`
}

const replace = (text, name, content) =>
  text.replace(
    new RegExp(`<!-- ${name} -->[\\s\\S]*<!-- /${name} -->`),
    `<!-- ${name} -->\n\n${content}\n\n<!-- /${name} -->`,
  )

const file = join(root, 'README.md')
const bench = process.argv[2]
let text = replace(readFileSync(file, 'utf8'), 'sizes', sizes())
if (bench) text = replace(text, 'bench', speed(JSON.parse(readFileSync(bench, 'utf8'))))
writeFileSync(file, text)
console.log('wrote README.md')
