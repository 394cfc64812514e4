import { loadPart, loadUpTo4, storePart, storeUpTo4 } from '../lib/tail'

@inline
function word(p: usize, i: i32): usize {
  return p + (<usize>i << 2)
}

/** n words; a call to memory.copy pays off only for long rows. */
function copyRow(pX: usize, pY: usize, n: i32): void {
  if (n >= 64) {
    memory.copy(pY, pX, <usize>n << 2)
    return
  }
  for (; n >= 4; n -= 4, pX += 16, pY += 16) v128.store(pY, v128.load(pX))
  if (n > 0) storePart(pY, loadPart(pX, n), n)
}

function addRow(pX: usize, pY: usize, n: i32): void {
  for (; n > 0; n -= 4, pX += 16, pY += 16) storeUpTo4(pY, f32x4.add(loadUpTo4(pY, n), loadUpTo4(pX, n)), n)
}

/** The first of n indices outside [low, high), or -1. */
export function i32_find_outside(pIndex: usize, n: i32, low: i32, high: i32): i32 {
  for (let i = 0; i < n; i++) {
    const index = load<i32>(word(pIndex, i))
    if (index < low || index >= high) return i
  }
  return -1
}

export function b32_index_select(pX: usize, pIndex: usize, pY: usize, outer: i32, n: i32, inner: i32, m: i32): void {
  for (let o = 0; o < outer; o++) {
    for (let j = 0; j < m; j++) {
      const from = word(pX, load<i32>(word(pIndex, j)) * inner)
      if (inner == 1) store<u32>(pY, load<u32>(from))
      else copyRow(from, pY, inner)
      pY = word(pY, inner)
    }
    pX = word(pX, n * inner)
  }
}

export function b32_index_copy(pX: usize, pIndex: usize, pY: usize, outer: i32, n: i32, inner: i32, m: i32): void {
  for (let o = 0; o < outer; o++) {
    for (let j = 0; j < m; j++) {
      copyRow(pX, word(pY, load<i32>(word(pIndex, j)) * inner), inner)
      pX = word(pX, inner)
    }
    pY = word(pY, n * inner)
  }
}

export function f32_index_add(
  pX: usize, pIndex: usize, pY: usize, outer: i32, n: i32, inner: i32, m: i32, skip: i32,
): void {
  for (let o = 0; o < outer; o++) {
    for (let j = 0; j < m; j++) {
      const index = load<i32>(word(pIndex, j))
      if (index != skip) addRow(pX, word(pY, index * inner), inner)
      pX = word(pX, inner)
    }
    pY = word(pY, n * inner)
  }
}

export function b32_gather(pX: usize, pIndex: usize, pY: usize, outer: i32, n: i32, inner: i32, m: i32): void {
  for (let o = 0; o < outer; o++) {
    for (let j = 0; j < m; j++) {
      for (let i = 0; i < inner; i++, pIndex += 4, pY += 4) {
        store<u32>(pY, load<u32>(word(pX, load<i32>(pIndex) * inner + i)))
      }
    }
    pX = word(pX, n * inner)
  }
}

export function b32_scatter(pX: usize, pIndex: usize, pY: usize, outer: i32, n: i32, inner: i32, m: i32): void {
  for (let o = 0; o < outer; o++) {
    for (let j = 0; j < m; j++) {
      for (let i = 0; i < inner; i++, pIndex += 4, pX += 4) {
        store<u32>(word(pY, load<i32>(pIndex) * inner + i), load<u32>(pX))
      }
    }
    pY = word(pY, n * inner)
  }
}

export function f32_scatter_add(pX: usize, pIndex: usize, pY: usize, outer: i32, n: i32, inner: i32, m: i32): void {
  for (let o = 0; o < outer; o++) {
    for (let j = 0; j < m; j++) {
      for (let i = 0; i < inner; i++, pIndex += 4, pX += 4) {
        const p = word(pY, load<i32>(pIndex) * inner + i)
        store<f32>(p, load<f32>(p) + load<f32>(pX))
      }
    }
    pY = word(pY, n * inner)
  }
}

/** Each row of `classes` words is `zero` but for the word at its index, which is `one`. */
export function b32_one_hot(pIndex: usize, pY: usize, n: i32, classes: i32, one: i32): void {
  memory.fill(pY, 0, <usize>n * <usize>classes << 2)
  for (let i = 0; i < n; i++, pIndex += 4, pY = word(pY, classes)) {
    const index = load<i32>(pIndex)
    if (<u32>index < <u32>classes) store<i32>(word(pY, index), one)
  }
}

export function u8_nonzero(pMask: usize, pY: usize, n: i32): i32 {
  const start = pY
  for (let i = 0; i < n; i++) {
    if (load<u8>(pMask + i)) {
      store<i32>(pY, i)
      pY += 4
    }
  }
  return <i32>((pY - start) >> 2)
}

export function b32_masked_select(pX: usize, pMask: usize, pY: usize, n: i32): i32 {
  const start = pY
  for (let i = 0; i < n; i++, pX += 4) {
    if (load<u8>(pMask + i)) {
      store<u32>(pY, load<u32>(pX))
      pY += 4
    }
  }
  return <i32>((pY - start) >> 2)
}

export function b32_masked_scatter(pX: usize, pMask: usize, pY: usize, n: i32): i32 {
  const start = pX
  for (let i = 0; i < n; i++, pY += 4) {
    if (load<u8>(pMask + i)) {
      store<u32>(pY, load<u32>(pX))
      pX += 4
    }
  }
  return <i32>((pX - start) >> 2)
}

/** Keeps j - i >= k (upper) or j - i <= k (lower) of each matrix; the rest is 0. */
export function b32_trilu(pX: usize, pY: usize, batch: i32, rows: i32, columns: i32, k: i32, upper: i32): void {
  for (let b = 0; b < batch; b++) {
    for (let i = 0; i < rows; i++) {
      const edge = max(0, min(columns, upper ? i + k : i + k + 1))
      const kept = upper ? columns - edge : edge
      const from = upper ? edge : 0
      copyRow(word(pX, from), word(pY, from), kept)
      memory.fill(upper ? pY : word(pY, edge), 0, <usize>(columns - kept) << 2)
      pX = word(pX, columns)
      pY = word(pY, columns)
    }
  }
}
