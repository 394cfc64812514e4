import { fileURLToPath } from 'node:url'
import { defineProject, type UserWorkspaceConfig } from 'vitest/config'

/** The vitest settings of a package: its tests stand beside the sources and may not print. */
export const project = (name: string): UserWorkspaceConfig =>
  defineProject({
    test: {
      name,
      include: ['src/**/*.test.ts'],
      // Gradient checks and learning tests take seconds, and more on a busy machine.
      testTimeout: 60_000,
      setupFiles: [fileURLToPath(new URL('./silence.ts', import.meta.url))],
    },
  })
