// Sorting by words of 64 bits: an order-preserving key above the element's index, so that no two are equal and any
// correct sort is stable.

@inline
function word(p: usize, i: i32): usize {
  return p + (<usize>i << 2)
}

/** Unsigned order of the keys = order of the numbers, -0 and 0 equal, every NaN above Infinity. */
@inline
function floatKey(x: f32): u32 {
  if (x != x) return 0xffffffff
  const bits = reinterpret<u32>(x == 0 ? <f32>0 : x)
  return bits & 0x80000000 ? ~bits : bits | 0x80000000
}

@inline
function keyOf(isFloat: bool, p: usize, descending: i32): u64 {
  const key = isFloat ? floatKey(load<f32>(p)) : load<u32>(p) ^ 0x80000000
  return <u64>(descending ? ~key : key) << 32
}

@inline
function item(p: usize, i: i32): usize {
  return p + (<usize>i << 3)
}

/** Sorts items [from, to) by insertion. */
function insertionSort(p: usize, from: i32, to: i32): void {
  for (let i = from + 1; i < to; i++) {
    const x = load<u64>(item(p, i))
    let j = i
    for (; j > from; j--) {
      const before = load<u64>(item(p, j - 1))
      if (before <= x) break
      store<u64>(item(p, j), before)
    }
    store<u64>(item(p, j), x)
  }
}

/** Merges sorted [from, middle) and [middle, to) of pX into the same place of pY. */
function merge(pX: usize, pY: usize, from: i32, middle: i32, to: i32): void {
  let i = from
  let j = middle
  for (let at = from; at < to; at++) {
    const left = i < middle && (j >= to || load<u64>(item(pX, i)) <= load<u64>(item(pX, j)))
    store<u64>(item(pY, at), load<u64>(item(pX, left ? i : j)))
    if (left) i++
    else j++
  }
}

const RUN: i32 = 12

/** Sorts n items at p with as much room after them; returns where they end up. */
function mergeSort(p: usize, n: i32): usize {
  for (let i = 0; i < n; i += RUN) insertionSort(p, i, min(n, i + RUN))
  let from = p
  let to = item(p, n)
  for (let width = RUN; width < n; width *= 2) {
    for (let i = 0; i < n; i += 2 * width) merge(from, to, i, min(n, i + width), min(n, i + 2 * width))
    const other = from
    from = to
    to = other
  }
  return from
}

/** Sorts n items at p by their keys, a byte at a time, with as much room after them and 1 KiB of counters at the end. */
function radixSort(p: usize, n: i32): usize {
  let from = p
  let to = item(p, n)
  const counts = item(p, 2 * n)
  for (let shift: u64 = 32; shift < 64; shift += 8) {
    memory.fill(counts, 0, 1024)
    for (let i = 0; i < n; i++) {
      const count = word(counts, <i32>(load<u64>(item(from, i)) >> shift) & 255)
      store<i32>(count, load<i32>(count) + 1)
    }
    const firstDigit = <i32>(load<u64>(from) >> shift) & 255
    if (load<i32>(word(counts, firstDigit)) == n) continue
    let place = 0
    for (let digit = 0; digit < 256; digit++) {
      const count = load<i32>(word(counts, digit))
      store<i32>(word(counts, digit), place)
      place += count
    }
    for (let i = 0; i < n; i++) {
      const x = load<u64>(item(from, i))
      const place = word(counts, <i32>(x >> shift) & 255)
      const at = load<i32>(place)
      store<i32>(place, at + 1)
      store<u64>(item(to, at), x)
    }
    const other = from
    from = to
    to = other
  }
  return from
}

function sortItems(p: usize, n: i32): usize {
  return n < 512 ? mergeSort(p, n) : radixSort(p, n)
}

@inline
function sort(
  isFloat: bool, pX: usize, pY: usize, pIndex: usize, rows: i32, n: i32, k: i32, descending: i32, pScratch: usize,
): void {
  for (let r = 0; r < rows; r++) {
    for (let i = 0; i < n; i++) store<u64>(item(pScratch, i), keyOf(isFloat, word(pX, i), descending) | <u64>i)
    const sorted = k < n && k <= 32 ? selectFirst(pScratch, n, k) : sortItems(pScratch, n)
    for (let i = 0; i < k; i++) {
      const index = <i32>load<u32>(item(sorted, i))
      const value = load<u32>(word(pX, index))
      store<i32>(word(pIndex, i), index)
      // pY may be pX only when everything is kept, so values move after all of them have been looked up.
      store<u32>(item(sorted, i) + 4, value)
    }
    for (let i = 0; i < k; i++) store<u32>(word(pY, i), load<u32>(item(sorted, i) + 4))
    pX = word(pX, n)
    pY = word(pY, k)
    pIndex = word(pIndex, k)
  }
}

/** The k smallest of n items, sorted, after the n: each newcomer below the largest kept is inserted. */
function selectFirst(p: usize, n: i32, k: i32): usize {
  const best = item(p, n)
  memory.copy(best, p, <usize>k << 3)
  insertionSort(best, 0, k)
  const last = item(best, k - 1)
  for (let i = k; i < n; i++) {
    const x = load<u64>(item(p, i))
    if (k == 0 || x > load<u64>(last)) continue
    let j = k - 1
    for (; j > 0 && load<u64>(item(best, j - 1)) > x; j--) store<u64>(item(best, j), load<u64>(item(best, j - 1)))
    store<u64>(item(best, j), x)
  }
  return best
}

export function f32_sort(
  pX: usize, pY: usize, pIndex: usize, rows: i32, n: i32, descending: i32, pScratch: usize,
): void {
  sort(true, pX, pY, pIndex, rows, n, n, descending, pScratch)
}

export function i32_sort(
  pX: usize, pY: usize, pIndex: usize, rows: i32, n: i32, descending: i32, pScratch: usize,
): void {
  sort(false, pX, pY, pIndex, rows, n, n, descending, pScratch)
}

export function f32_topk(
  pX: usize, pY: usize, pIndex: usize, rows: i32, n: i32, k: i32, largest: i32, pScratch: usize,
): void {
  sort(true, pX, pY, pIndex, rows, n, k, largest, pScratch)
}

export function i32_topk(
  pX: usize, pY: usize, pIndex: usize, rows: i32, n: i32, k: i32, largest: i32, pScratch: usize,
): void {
  sort(false, pX, pY, pIndex, rows, n, k, largest, pScratch)
}
