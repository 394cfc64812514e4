// npm run structure: says what a slice, a package or the kernel manifest lacks.
import { tallyLine } from '../packages.mjs'
import { importFaults } from './imports.mjs'
import { kernelFaults } from './kernels.mjs'
import { opFaults } from './ops.mjs'
import { packageFaults } from './package.mjs'
import { operatorFaults } from './operators.mjs'

const checks = {
  'packages are complete and keep the arrows': packageFaults,
  'importing does nothing': importFaults,
  'manifest rows and kernels match': kernelFaults,
  'ops have test, gradCheck, golden case and example': opFaults,
  'no ** outside reference loops': operatorFaults,
}

let failed = 0
for (const [name, check] of Object.entries(checks)) {
  const faults = await check()
  if (faults.length > 0) failed++
  console.log(`${faults.length > 0 ? 'FAIL' : 'ok  '} ${name}`)
  for (const fault of faults) console.log(`       ${fault}`)
}
console.log(tallyLine(Object.keys(checks).length - failed, failed))
process.exitCode = failed > 0 ? 1 : 0
