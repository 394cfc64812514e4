import { defineConfig } from 'vitest/config'

export default defineConfig({ test: { name: 'kernels-wasm', include: ['src/**/*.test.ts'] } })
