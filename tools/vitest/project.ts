import { fileURLToPath } from 'node:url'
import { defineProject, type UserWorkspaceConfig } from 'vitest/config'

/** The vitest settings of a package: its tests stand beside the sources and may not print. */
export const project = (name: string): UserWorkspaceConfig =>
  defineProject({
    test: {
      name,
      include: ['src/**/*.test.ts'],
      setupFiles: [fileURLToPath(new URL('./silence.ts', import.meta.url))],
    },
  })
