import type { Responses } from './irt.ts'

/** How often each pattern of five answers occurred, the first item's answer first. */
const frequencies: Readonly<Record<string, number>> = {
  '00000': 3,
  '00001': 6,
  '00010': 2,
  '00011': 11,
  '00100': 1,
  '00101': 1,
  '00110': 3,
  '00111': 4,
  '01000': 1,
  '01001': 8,
  '01011': 16,
  '01101': 3,
  '01110': 2,
  '01111': 15,
  '10000': 10,
  '10001': 29,
  '10010': 14,
  '10011': 81,
  '10100': 3,
  '10101': 28,
  '10110': 15,
  '10111': 80,
  '11000': 16,
  '11001': 56,
  '11010': 21,
  '11011': 173,
  '11100': 11,
  '11101': 61,
  '11110': 28,
  '11111': 298,
}

/** Answers of 1,000 learners to five items, as patterns and how often each occurred. */
export interface PatternTable {
  readonly responses: readonly Responses[]
  readonly counts: readonly number[]
}

/** Section 6 of the Law School Admission Test: 1,000 learners, five items. @source Bock and Lieberman 1970 */
export const lsat6: PatternTable = {
  get responses() {
    return Object.keys(frequencies).map((pattern) => [...pattern].map((mark) => mark === '1'))
  },
  get counts() {
    return Object.values(frequencies)
  },
}
