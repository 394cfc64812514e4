// A library must not print: console output inside a test fails that test.
import { afterEach, expect } from 'vitest'

const printed: string[] = []
for (const name of ['debug', 'error', 'info', 'log', 'warn'] as const)
  console[name] = (...parts: unknown[]) => void printed.push(`console.${name}: ${parts.map(String).join(' ')}`)

afterEach(() => expect(printed.splice(0), 'console output').toEqual([]))
