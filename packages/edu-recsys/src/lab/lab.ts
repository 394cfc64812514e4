/** Something that a learner can set in a lab. */
export interface LabParameter {
  readonly id: string
  readonly label: string
  readonly unit: string
  readonly low: number
  readonly high: number
  /** Whether only whole numbers are taken. */
  readonly whole?: boolean
  /** What it is set to at the start. */
  readonly initial: number
}

/** What a learner did in a lab; a lab keeps them all, in order. */
export type LabEvent = LabEventBase &
  (
    | { readonly verb: 'set'; readonly parameter: string; readonly value: number }
    | { readonly verb: 'measured'; readonly settings: Readonly<Record<string, number>>; readonly value: number }
    | { readonly verb: 'asked'; readonly hint: string }
    | { readonly verb: 'checked'; readonly value: number; readonly correct: boolean }
  )

/** What all lab events carry. */
export interface LabEventBase {
  readonly lab: string
  readonly learner: string
  /** Place in the log, from 0. */
  readonly index: number
  /** Milliseconds since 1970 (UTC), by the lab's clock. */
  readonly timeMs: number
}

/** A hint: its name for the log, and its words for the learner. */
export interface LabHint {
  readonly id: string
  readonly text: string
}

/** What a check says. */
export interface LabCheck {
  readonly correct: boolean
  readonly text: string
}
