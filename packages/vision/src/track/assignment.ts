import { ShapeError, ValueError } from '@lanewise/core'
import { float64, type Values } from '../arrays.ts'

/** Options of {@link assign}. */
export interface AssignOptions {
  /** Number of rows. */
  readonly rows: number
  /** Number of columns. */
  readonly columns: number
  /** Looks for the largest total instead of the smallest. Default false. */
  readonly maximize?: boolean
}

/** State of the search, reused from row to row. */
interface Search {
  readonly cost: Float64Array
  readonly columns: number
  readonly u: Float64Array
  readonly v: Float64Array
  readonly path: Int32Array
  readonly columnOf: Int32Array
  readonly rowOf: Int32Array
  readonly distance: Float64Array
  readonly remaining: Int32Array
  readonly seenRows: Int32Array
  readonly seenColumns: Uint8Array
}

/** Extends the matching by a shortest path from `start`; gives its end, or -1 when none can be reached. */
const shortestPath = (s: Search, start: number): number => {
  const { cost, columns, u, v, path, rowOf, distance, remaining, seenRows, seenColumns } = s
  distance.fill(Infinity)
  seenColumns.fill(0)
  for (let j = 0; j < columns; j++) remaining[j] = columns - j - 1
  let open = columns
  let seen = 0
  let lowest = 0
  let row = start
  for (;;) {
    seenRows[seen++] = row
    let nearest = -1
    let least = Infinity
    const base = row * columns
    const offset = lowest - u[row]
    for (let k = 0; k < open; k++) {
      const j = remaining[k]
      const r = offset + cost[base + j] - v[j]
      if (r < distance[j]) {
        path[j] = row
        distance[j] = r
      }
      // Among equals a free column ends the search at once.
      if (distance[j] < least || (distance[j] === least && rowOf[j] < 0)) {
        least = distance[j]
        nearest = k
      }
    }
    if (nearest < 0 || least === Infinity) return -1
    lowest = least
    const column = remaining[nearest]
    seenColumns[column] = 1
    remaining[nearest] = remaining[--open]
    if (rowOf[column] >= 0) {
      row = rowOf[column]
      continue
    }
    u[start] += lowest
    for (let k = 1; k < seen; k++) u[seenRows[k]] += lowest - distance[s.columnOf[seenRows[k]]]
    for (let j = 0; j < columns; j++) if (seenColumns[j] === 1) v[j] -= lowest - distance[j]
    return column
  }
}

const solve = (cost: Float64Array, rows: number, columns: number): Int32Array => {
  const s: Search = {
    cost,
    columns,
    u: new Float64Array(rows),
    v: new Float64Array(columns),
    path: new Int32Array(columns).fill(-1),
    columnOf: new Int32Array(rows).fill(-1),
    rowOf: new Int32Array(columns).fill(-1),
    distance: new Float64Array(columns),
    remaining: new Int32Array(columns),
    seenRows: new Int32Array(rows),
    seenColumns: new Uint8Array(columns),
  }
  for (let start = 0; start < rows; start++) {
    let column = shortestPath(s, start)
    if (column < 0) {
      throw new ValueError({
        op: 'assign',
        problem: 'no assignment avoids the forbidden pairs',
        got: `row ${start} of ${rows}x${columns}`,
        expected: 'a finite cost for some complete assignment',
        advice: 'Use a large finite cost and drop such pairs afterwards',
      })
    }
    for (let row = -1; row !== start;) {
      row = s.path[column]
      s.rowOf[column] = row
      const next = s.columnOf[row]
      s.columnOf[row] = column
      column = next
    }
  }
  return s.columnOf
}

const badCost = (value: number, at: number): ValueError =>
  new ValueError({
    op: 'assign',
    problem: 'not a cost',
    got: `${value} at ${at}`,
    expected: 'a finite number, or an infinity that forbids the pair',
  })

const checkCosts = (c: Float64Array, rows: number, columns: number): void => {
  if (c.length !== rows * columns) {
    throw new ShapeError({
      op: 'assign',
      problem: 'the costs do not fill the matrix',
      got: `${c.length} for ${rows}x${columns}`,
    })
  }
  for (let i = 0; i < c.length; i++) if (c[i] !== c[i]) throw badCost(NaN, i)
}

/**
 * The assignment of rows to columns with the smallest total cost, exact, each column at most once; min(rows, columns)
 * pairs. Infinity, or -Infinity where the largest total is sought, forbids a pair. Ties are broken as SciPy breaks them.
 * @param cost - [rows, columns]
 * @returns the column of each row, -1 for none
 * @throws ShapeError when the costs do not fit; ValueError at NaN, at the other infinity, or when no complete assignment exists.
 * @source Crouse 2016 (shortest augmenting paths); checked against scipy.optimize.linear_sum_assignment 1.10 in
 * assignment.test.ts
 * @example
 * assign([4, 1, 3, 2, 0, 5, 3, 2, 2], { rows: 3, columns: 3 }) // => [1, 0, 2]
 */
export const assign = (cost: Values, { rows, columns, maximize = false }: AssignOptions): Int32Array => {
  const given = float64(cost)
  checkCosts(given, rows, columns)
  const c = Float64Array.from(given)
  if (maximize) {
    for (let i = 0; i < c.length; i++) {
      c[i] = -c[i]
      if (c[i] === -Infinity) throw badCost(given[i], i)
    }
  } else if (c.includes(-Infinity)) throw badCost(-Infinity, c.indexOf(-Infinity))
  if (rows === 0 || columns === 0) return new Int32Array(rows).fill(-1)
  if (rows <= columns) return solve(c, rows, columns)
  const turned = new Float64Array(c.length)
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) turned[j * rows + i] = c[i * columns + j]
  const out = new Int32Array(rows).fill(-1)
  solve(turned, columns, rows).forEach((i, j) => (out[i] = j))
  return out
}

/** Rows and columns that are joined by pairs below the limit, each group by itself. */
const groupsBelow = (
  cost: Float64Array,
  rows: number,
  columns: number,
  limit: number,
): { rows: number[]; columns: number[] }[] => {
  const parent = new Int32Array(rows + columns)
  for (let k = 0; k < parent.length; k++) parent[k] = k
  const root = (k: number): number => {
    while (parent[k] !== k) k = parent[k] = parent[parent[k]]
    return k
  }
  for (let i = 0, k = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++, k++) if (cost[k] < limit) parent[root(rows + j)] = root(i)
  }
  const groups = new Map<number, { rows: number[]; columns: number[] }>()
  for (let i = 0; i < rows; i++) {
    const group = groups.get(root(i))
    if (group === undefined) groups.set(root(i), { rows: [i], columns: [] })
    else group.rows.push(i)
  }
  for (let j = 0; j < columns; j++) groups.get(root(rows + j))?.columns.push(j)
  return [...groups.values()].filter((group) => group.columns.length > 0)
}

/**
 * The pairs whose cost is below `limit` with the smallest total, where leaving a pair out costs the limit. Objects far
 * from each other are solved apart, which makes it fast for trackers.
 * @param cost - [rows, columns]
 * @returns the column of each row, -1 for none
 * @throws ShapeError or ValueError as {@link assign}.
 * @example
 * assignBelow([0.1, 0.9, 0.9, 0.95], 2, 2, 0.5) // => [0, -1]
 */
export const assignBelow = (cost: Values, rows: number, columns: number, limit: number): Int32Array => {
  const c = float64(cost)
  checkCosts(c, rows, columns)
  const out = new Int32Array(rows).fill(-1)
  for (const group of groupsBelow(c, rows, columns, limit)) {
    const gains = new Float64Array(group.rows.length * group.columns.length)
    group.rows.forEach((i, a) => {
      group.columns.forEach((j, b) => {
        gains[a * group.columns.length + b] = Math.min(c[i * columns + j] - limit, 0)
      })
    })
    assign(gains, { rows: group.rows.length, columns: group.columns.length }).forEach((b, a) => {
      const [i, j] = [group.rows[a], group.columns[b]]
      if (b >= 0 && c[i * columns + j] < limit) out[i] = j
    })
  }
  return out
}
