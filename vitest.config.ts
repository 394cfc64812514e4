import { defineConfig } from 'vitest/config'
import { Tally } from './tools/vitest/tally.ts'

export default defineConfig({
  test: {
    projects: ['packages/*/vitest.config.ts', 'tools/vitest.config.ts'],
    reporters: ['default', new Tally()],
  },
})
