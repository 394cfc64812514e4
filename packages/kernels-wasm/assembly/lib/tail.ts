// Loads and stores of 1 to 4 lanes of 32 bits, for tails: nothing beyond the last element is touched.

/** The first `count` (1 to 3) lanes at p; the others are zero. */
export function loadPart(p: usize, count: i32): v128 {
  if (count == 1) return v128.load32_zero(p)
  const x = v128.load64_zero(p)
  return count == 2 ? x : v128.load32_lane(p + 8, x, 2)
}

/** Stores the first `count` (1 to 3) lanes. */
export function storePart(p: usize, x: v128, count: i32): void {
  if (count == 1) {
    v128.store32_lane(p, x, 0)
    return
  }
  v128.store64_lane(p, x, 0)
  if (count == 3) v128.store32_lane(p + 8, x, 2)
}

/** The first `count` (1 to 4) of the elements that lie `step` bytes apart; the other lanes repeat one of them. */
export function gather(p: usize, step: usize, count: i32): v128 {
  let x = v128.load32_splat(p)
  if (count > 1) x = v128.load32_lane(p + step, x, 1)
  if (count > 2) x = v128.load32_lane(p + 2 * step, x, 2)
  if (count > 3) x = v128.load32_lane(p + 3 * step, x, 3)
  return x
}

/** Lanes at p: four, or `count` of them when fewer are left. */
@inline
export function loadUpTo4(p: usize, count: i32): v128 {
  return count >= 4 ? v128.load(p) : loadPart(p, count)
}

@inline
export function storeUpTo4(p: usize, x: v128, count: i32): void {
  if (count >= 4) v128.store(p, x)
  else storePart(p, x, count)
}

/** As loadUpTo4 with any distance between elements, in bytes. */
@inline
export function loadStrided(p: usize, step: usize, count: i32): v128 {
  return step == 4 && count >= 4 ? v128.load(p) : step == 0 ? v128.load32_splat(p) : gather(p, step, count)
}
