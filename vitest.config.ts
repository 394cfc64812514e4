import { defineConfig } from 'vitest/config'
import { Tally } from './tools/vitest/tally.ts'

export default defineConfig({
  test: {
    silent: 'passed-only',
    projects: ['packages/*/vitest.config.ts', 'tools/vitest.config.ts', 'tools/doc-tests/vitest.config.ts'],
    reporters: ['default', new Tally()],
  },
})
