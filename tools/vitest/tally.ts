import type { Reporter, TestModule } from 'vitest/node'

/** Prints why each skipped test was skipped, then `N passed, N failed, N skipped` as the last line. */
export class Tally implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const count = { passed: 0, failed: errors.length, skipped: 0 }
    for (const module of modules) {
      count.failed += module.errors().length
      for (const test of module.children.allTests()) {
        const result = test.result()
        if (result.state === 'passed') count.passed++
        else if (result.state === 'failed') count.failed++
        else {
          count.skipped++
          const note = result.state === 'skipped' ? result.note : undefined
          process.stdout.write(`skipped: ${test.fullName}${note ? ` (${note})` : ''}\n`)
        }
      }
      for (const suite of module.children.allSuites()) count.failed += suite.errors().length
    }
    process.stdout.write(`${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped\n`)
  }
}
