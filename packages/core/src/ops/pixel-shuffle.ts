import { ShapeError, ValueError } from '../errors.ts'
import { show } from '../tensor/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { permute, reshape } from './views.ts'

const check = (
  op: string,
  x: Tensor,
  name: string,
  value: number,
  fits: (shape: readonly number[]) => boolean,
  rule: string,
): void => {
  x.live(op)
  if (!Number.isInteger(value) || value < 1)
    throw new ValueError({ op, problem: `${name} does not fit`, got: String(value), expected: 'an integer >= 1' })
  if (x.rank < 3 || !fits(x.shape))
    throw new ShapeError({
      op,
      problem: 'the shape does not fit',
      got: `${show(x.shape)} and ${name} ${value}`,
      expected: rule,
    })
}

/**
 * Turns channels into pixels, as torch.nn.functional.pixel_shuffle.
 * Shape: x [..., C r^2, H, W] -> [..., C, H r, W r].
 * @param factor - r, the growth of each side
 * @throws ShapeError when r^2 does not divide the channels.
 * @source Shi et al. 2016; checked against torch.nn.functional.pixel_shuffle 1.13 in pixel-shuffle.test.ts
 * @example pixelShuffle(tensor([[[1]], [[2]], [[3]], [[4]]]), 2).toArray() // => [[[1, 2], [3, 4]]]
 */
export const pixelShuffle = (x: Tensor, factor: number): Tensor => {
  check(
    'pixelShuffle',
    x,
    'factor',
    factor,
    (s) => s[s.length - 3] % (factor * factor) === 0,
    'channels that factor^2 divides: [..., C factor^2, H, W]',
  )
  const [C, H, W] = x.shape.slice(-3)
  const lead = x.shape.slice(0, -3)
  const n = lead.length
  const out = C / (factor * factor)
  const split = reshape(x, [...lead, out, factor, factor, H, W])
  const order = [...lead.keys(), n, n + 3, n + 1, n + 4, n + 2]
  return reshape(permute(split, order), [...lead, out, H * factor, W * factor])
}

/**
 * Turns pixels into channels, the inverse of {@link pixelShuffle}, as torch.nn.functional.pixel_unshuffle.
 * Shape: x [..., C, H r, W r] -> [..., C r^2, H, W].
 * @throws ShapeError when r does not divide both sides.
 * @source Checked against torch.nn.functional.pixel_unshuffle 1.13 in pixel-shuffle.test.ts
 * @example pixelUnshuffle(tensor([[[1, 2], [3, 4]]]), 2).toArray() // => [[[1]], [[2]], [[3]], [[4]]]
 */
export const pixelUnshuffle = (x: Tensor, factor: number): Tensor => {
  const fits = (s: readonly number[]): boolean => s[s.length - 1] % factor === 0 && s[s.length - 2] % factor === 0
  check('pixelUnshuffle', x, 'factor', factor, fits, 'sides that factor divides: [..., C, H factor, W factor]')
  const [C, H, W] = x.shape.slice(-3)
  const lead = x.shape.slice(0, -3)
  const n = lead.length
  const split = reshape(x, [...lead, C, H / factor, factor, W / factor, factor])
  const order = [...lead.keys(), n, n + 2, n + 4, n + 1, n + 3]
  return reshape(permute(split, order), [...lead, C * (factor * factor), H / factor, W / factor])
}

/**
 * Mixes groups of channels, as torch.channel_shuffle: [g n] channels become [n g].
 * Shape: x [N, C, ...] -> same.
 * @throws ShapeError when the groups do not divide the channels.
 * @source Zhang et al. 2018, ShuffleNet; checked against torch.channel_shuffle 1.13 in pixel-shuffle.test.ts
 * @example channelShuffle(tensor([[[1], [2], [3], [4]]]), 2).toArray() // => [[[1], [3], [2], [4]]]
 */
export const channelShuffle = (x: Tensor, groups: number): Tensor => {
  check(
    'channelShuffle',
    x,
    'groups',
    groups,
    (s) => s[1] % groups === 0,
    'channels that the groups divide: [N, C, ...]',
  )
  const [N, C, ...space] = x.shape
  const split = reshape(x, [N, groups, C / groups, ...space])
  return reshape(permute(split, [0, 2, 1, ...space.map((_, i) => i + 3)]), x.shape)
}
