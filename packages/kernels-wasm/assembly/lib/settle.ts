import { ACCUMULATE, BIAS_COLUMN, BIAS_ROW, finishRow, RELU } from './tile'

/**
 * Moves a tile of sums from its temporary place into C, with the same arithmetic as a direct store. In C the tile is
 * `lines` rows of `length` values; `pAlong` holds the bias of each value of a row, `pAcross` that of each row.
 */
export function settle(
  pTile: usize, sLine: usize, sValue: usize, lines: i32, length: i32,
  pC: usize, sLineC: usize, sValueC: usize, mode: i32, pAlong: usize, pAcross: usize,
): void {
  const keep = i32x4.splat(-(mode & ACCUMULATE))
  const floor = f32x4.splat(mode & RELU ? 0 : -Infinity)
  const biased = i32x4.splat(mode & BIAS_COLUMN ? -1 : 0)
  for (let i = 0; i < lines; i++, pTile += sLine, pC += sLineC, pAcross += 4) {
    const across = f32x4.splat(mode & BIAS_ROW ? load<f32>(pAcross) : 0)
    let j = 0, t = pTile, c = pC
    if (sValueC == 4) {
      for (; j + 4 <= length; j += 4, c += 16, t += 4 * sValue) {
        let v = v128.load32_zero(t)
        v = v128.load32_lane(t + sValue, v, 1)
        v = v128.load32_lane(t + 2 * sValue, v, 2)
        v = v128.load32_lane(t + 3 * sValue, v, 3)
        const bias = v128.and(v128.load(mode & BIAS_COLUMN ? pAlong + (j << 2) : c), biased)
        finishRow(c, v, f32x4.add(bias, across), keep, floor)
      }
    }
    for (; j < length; j++, c += sValueC, t += sValue) {
      const bias = v128.and(v128.load32_zero(mode & BIAS_COLUMN ? pAlong + (j << 2) : c), biased)
      const old = v128.and(v128.load32_zero(c), keep)
      const v = f32x4.add(f32x4.add(v128.load32_zero(t), old), f32x4.add(bias, across))
      v128.store32_lane(c, f32x4.pmax(v, floor), 0)
    }
  }
}
