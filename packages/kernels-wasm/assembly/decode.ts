/**
 * The bytes of an inlined binary, in the place of its text: n characters at p. A character from '#' on (but the backslash)
 * is a place in the order of bytes at `order`; a space or '!' before it adds 91 or 182. Gives the number of bytes.
 */
export function decode(p: usize, n: i32, order: usize): i32 {
  let from = p, to = p
  const end = p + n
  while (from < end) {
    let c = <usize>load<u8>(from++)
    if (c < 35) c = (c - 31) * 91 + load<u8>(from++)
    store<u8>(to++, load<u8>(order + c - 35 - usize(load<u8>(from - 1) > 92)))
  }
  return to - p
}
