import { loadSafetensors } from '@lanewise/core'
import { mnist } from '@lanewise/core/node'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Context, Metrics } from './lib/context.ts'
import { digitsNet } from './lib/digits-net.ts'
import { predictAll, report } from './lib/digits-report.ts'

export const summary = 'Loads the checkpoint that `demo` saved and measures its test accuracy again'

export const run = async ({ data, quick, outDir, signal, progress, write }: Context): Promise<Metrics> => {
  const test = await mnist({ root: data, signal, train: false, ...(quick && { limit: 500 }) })
  const model = digitsNet()
  model.loadStateDict(loadSafetensors(readFileSync(join(outDir, 'demo.safetensors'))))
  const { accuracy, loss, misclassified } = report(predictAll(model, test, progress), test, write)
  return { testLoss: loss, testAccuracy: accuracy, misclassified }
}
