import { BIAS_COLUMN, BIAS_ROW, finishFour, finishOne } from './tile'

/**
 * Moves a tile of sums from its temporary place into C, with the same arithmetic as a direct store. In C the tile is
 * `lines` rows of `length` values; `pAlong` holds the bias of each value of a row, `pAcross` that of each row.
 */
export function settle(
  pTile: usize, sLine: usize, sValue: usize, lines: i32, length: i32,
  pC: usize, sLineC: usize, sValueC: usize, mode: i32, pAlong: usize, pAcross: usize,
): void {
  const zero = f32x4.splat(0)
  for (let i = 0; i < lines; i++, pTile += sLine, pC += sLineC, pAcross += 4) {
    const across = mode & BIAS_ROW ? v128.load32_splat(pAcross) : zero
    let j = 0, t = pTile, c = pC
    if (sValueC == 4) {
      for (; j + 4 <= length; j += 4, c += 16, t += 4 * sValue) {
        let v = v128.load32_zero(t)
        v = v128.load32_lane(t + sValue, v, 1)
        v = v128.load32_lane(t + 2 * sValue, v, 2)
        v = v128.load32_lane(t + 3 * sValue, v, 3)
        finishFour(c, v, mode, mode & BIAS_COLUMN ? v128.load(pAlong + (j << 2)) : zero, across)
      }
    }
    for (; j < length; j++, c += sValueC, t += sValue) {
      finishOne(c, v128.load32_zero(t), mode, mode & BIAS_COLUMN ? v128.load32_zero(pAlong + (j << 2)) : zero, across)
    }
  }
}
