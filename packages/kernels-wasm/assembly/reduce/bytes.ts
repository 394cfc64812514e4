const ANY: i32 = 0
const ALL: i32 = 1

/** Columns of flags; with inner = 1 a row's flags, `step` apart. */
@inline
function reduce(code: i32, pX: usize, pY: usize, outer: i32, n: i32, inner: i32): void {
  for (let o = 0; o < outer; o++, pX += <usize>n * <usize>inner) {
    for (let j = 0; j < inner; j++, pY++) {
      let p = pX + j
      let i = 0
      let found = false
      if (inner == 1) {
        for (; i + 16 <= n; i += 16, p += 16) {
          const x = v128.load(p)
          found = code == ANY ? v128.any_true(x) : !i8x16.all_true(x)
          if (found) break
        }
      }
      for (; i < n && !found; i++, p += inner) found = code == ANY ? load<u8>(p) != 0 : load<u8>(p) == 0
      store<u8>(pY, code == ANY ? u8(found) : u8(!found))
    }
  }
}

export function u8_any(pX: usize, pY: usize, outer: i32, n: i32, inner: i32): void {
  reduce(ANY, pX, pY, outer, n, inner)
}

export function u8_all(pX: usize, pY: usize, outer: i32, n: i32, inner: i32): void {
  reduce(ALL, pX, pY, outer, n, inner)
}

function rowSum(p: usize, n: i32): i32 {
  let total = i32x4.splat(0)
  for (; n >= 16; n -= 16, p += 16) {
    total = i32x4.add(total, i32x4.extadd_pairwise_i16x8_u(i16x8.extadd_pairwise_i8x16_u(v128.load(p))))
  }
  let sum =
    i32x4.extract_lane(total, 0) + i32x4.extract_lane(total, 1) + i32x4.extract_lane(total, 2) +
    i32x4.extract_lane(total, 3)
  for (; n > 0; n--, p++) sum += load<u8>(p)
  return sum
}

export function u8_sum(pX: usize, pY: usize, outer: i32, n: i32, inner: i32): void {
  for (let o = 0; o < outer; o++, pX += <usize>n * <usize>inner) {
    for (let j = 0; j < inner; j++, pY += 4) {
      let sum = 0
      if (inner == 1) sum = rowSum(pX, n)
      else for (let i = 0, p = pX + j; i < n; i++, p += inner) sum += load<u8>(p)
      store<i32>(pY, sum)
    }
  }
}
