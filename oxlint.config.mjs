// The linter's rules, its bans, and the arrows between the packages. Other style is the formatter's.
import { defineConfig } from 'oxlint'
import { arrows } from './tools/arrows.mjs'

const random = { object: 'Math', property: 'random', message: 'Take a Generator: results must repeat.' }

const inexact =
  'exp expm1 log log1p log2 log10 pow sin cos tan asin acos atan atan2 sinh cosh tanh asinh acosh atanh cbrt hypot'
    .split(' ')
    .map((property) => ({
      object: 'Math',
      property,
      message:
        'Engines differ in its last bits: use our own. A reference loop says: // oxlint-disable-next-line no-restricted-properties -- reference loop',
    }))

const nodeOnly = {
  group: ['node:*'],
  message: 'A package runs in every runtime; Node is for src/node/, src/testing/ and tests.',
}

const outside = (name) => ({
  group: Object.keys(arrows)
    .filter((other) => other !== name && !arrows[name].includes(other))
    .flatMap((other) => [`@lanewise/${other}`, `@lanewise/${other}/*`]),
  message: `@lanewise/${name} may import ${arrows[name].map((other) => `@lanewise/${other}`).join(' and ') || 'no other package'}.`,
})

const importRules = Object.keys(arrows).flatMap((name) => [
  {
    files: [`packages/${name}/src/**/*.ts`],
    rules: { 'no-restricted-imports': ['error', { patterns: [outside(name), nodeOnly] }] },
  },
  {
    files: [`packages/${name}/src/**/*.test.ts`, `packages/${name}/src/{node,testing}/**/*.ts`],
    rules: { 'no-restricted-imports': ['error', { patterns: [outside(name)] }] },
  },
])

export default defineConfig({
  plugins: ['eslint', 'typescript', 'unicorn', 'oxc', 'import', 'vitest'],
  categories: { correctness: 'error' },
  ignorePatterns: ['**/assembly/**', '**/dist/**', '**/.cache/**', 'docs/.vitepress/cache/**', 'docs/api/**', 'out/**'],
  rules: {
    eqeqeq: 'error',
    'no-eval': 'error',
    'no-new-func': 'error',
    'no-var': 'error',
    'prefer-const': 'error',
    'no-restricted-properties': ['error', random],
    'typescript/no-explicit-any': 'error',
    'typescript/consistent-type-imports': 'error',
    'typescript/ban-ts-comment': 'error',
    'vitest/no-focused-tests': 'error',
    'vitest/no-disabled-tests': 'error',
    // Constants and signed zeros written out in numeric code are meant.
    'oxc/approx-constant': 'off',
    'oxc/erasing-op': 'off',
    'unicorn/no-new-array': 'off',
    // Typed arrays are spread into plain ones.
    'unicorn/no-useless-spread': 'off',
    'no-control-regex': 'off',
    // Exports state their types, so that declarations need no inference.
    'typescript/prefer-as-const': 'off',
    // Tests look functions up by the names in a table.
    'import/namespace': 'off',
    // Tables of cases assert inside helpers and branches.
    'vitest/expect-expect': 'off',
    'vitest/no-conditional-expect': 'off',
    'vitest/no-standalone-expect': 'off',
    'vitest/require-to-throw-message': 'off',
    'vitest/valid-expect': 'off',
  },
  overrides: [
    {
      files: ['packages/*/src/**/*.ts'],
      rules: {
        'no-console': 'error',
        'import/no-default-export': 'error',
        'no-restricted-properties': ['error', random, ...inexact],
      },
    },
    {
      files: ['packages/*/src/**/*.test.ts', 'packages/*/src/testing/**/*.ts'],
      rules: { 'no-restricted-properties': ['error', random] },
    },
    ...importRules,
  ],
})
