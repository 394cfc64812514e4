/** A bar on stderr for work of a known length; nothing is drawn when stderr is not a terminal. */
export interface Progress {
  /** Work done so far, and optionally a few words shown after the bar, such as `loss 0.31`. */
  update(done: number, note?: string): void
  stop(): void
}

/** What an example is given: the options of the command line, and a way to report. */
export interface Context {
  /** Folder of the data sets (`--data`, else `LANEWISE_DATA`, else `../shared/data`); it may be absent. */
  readonly data: string
  /** Prove the path within 20 seconds instead of reaching full quality. */
  readonly quick: boolean
  readonly seed: number
  readonly backend: string
  readonly threads: number
  /** Where pictures, plots and checkpoints go. */
  readonly outDir: string
  /** Aborted by Ctrl-C. Hand it to everything that takes a signal. */
  readonly signal: AbortSignal
  /** Prints a line for the reader; with `--json` it goes to stderr. */
  log(line: string): void
  progress(label: string, total: number): Progress
  /** Writes `outDir/name` and lists it in the summary. Returns the path. */
  write(name: string, content: string | Uint8Array): string
}

/** Figures by name; lists and nested groups are allowed. Every number must be finite. */
export interface Metrics {
  [name: string]: Metric
}
export type Metric = number | string | boolean | null | readonly Metric[] | Metrics

/** What a file examples/NAME.ts exports. */
export interface Example {
  /** One line for `npm run example -- list`. */
  readonly summary: string
  run(context: Context): Promise<Metrics>
}
