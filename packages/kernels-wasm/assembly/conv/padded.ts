import { Shape } from './shape'

// @ts-ignore: decorator
@inline
function reach(out: i32, stride: i32, kernel: i32, dilation: i32): i32 {
  return (out - 1) * stride + (kernel - 1) * dilation + 1
}

/** Extents of the input that the outputs reach, padding included. */
export function reachD(s: Shape): i32 { return reach(s.OD, s.strideD, s.KD, s.dilationD) }
export function reachH(s: Shape): i32 { return reach(s.OH, s.strideH, s.KH, s.dilationH) }
export function reachW(s: Shape): i32 { return reach(s.OW, s.strideW, s.KW, s.dilationW) }

/** Does every output lie inside the input? Then no padded copy is needed. */
export function isInside(s: Shape): bool {
  return (s.padD | s.padH | s.padW) == 0 && reachD(s) <= s.D && reachH(s) <= s.H && reachW(s) <= s.W
}

/** One image [D, H, W, C], cut or padded with zeros to what the outputs reach. */
export function padImage(pX: usize, s: Shape, to: usize): void {
  const D = reachD(s), H = reachH(s), W = reachW(s)
  const pixel: usize = s.C << 2
  const left = min(s.padW, W), inner = max(0, min(s.W, W - s.padW))
  const leftBytes = left * pixel, innerBytes = inner * pixel, rightBytes = (W - left - inner) * pixel
  for (let d = 0; d < D; d++) {
    for (let h = 0; h < H; h++) {
      const sourceD = d - s.padD, sourceH = h - s.padH
      if (<u32>sourceD < <u32>s.D && <u32>sourceH < <u32>s.H) {
        memory.fill(to, 0, leftBytes)
        memory.copy(to + leftBytes, pX + (sourceD * s.H + sourceH) * s.W * pixel, innerBytes)
        memory.fill(to + leftBytes + innerBytes, 0, rightBytes)
      } else {
        memory.fill(to, 0, W * pixel)
      }
      to += W * pixel
    }
  }
}

/** Few channels: the taps of one row of the kernel are read as one run, from a padded copy of the image. */
export function mergesRows(s: Shape): bool {
  return s.groups == 1 && s.C < 8 && s.KW > 1 && s.dilationW == 1
}
