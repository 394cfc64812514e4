import { pad, type PadMode } from '../ops/pad.ts'
import { perAxis } from '../ops/windows.ts'
import { ShapeError } from '../errors.ts'
import { show } from '../tensor/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { Module } from './module.ts'

/** One number for all sides, or a pair [before, after] for each axis, the last axis first. */
export type LayerPadding = number | readonly number[]

/** What the padding layers share. */
abstract class Padding extends Module {
  readonly padding: readonly number[]
  private readonly mode: PadMode
  private readonly value: number
  private readonly space: number

  constructor(layer: string, space: number, padding: LayerPadding, mode: PadMode, value = 0) {
    super()
    this.padding = perAxis(layer, 'padding', padding, 2 * space, -Infinity)
    this.mode = mode
    this.value = value
    this.space = space
  }

  forward(x: Tensor): Tensor {
    if (x.rank !== this.space + 1 && x.rank !== this.space + 2) {
      throw new ShapeError({
        op: this.constructor.name,
        problem: 'the rank does not fit',
        got: show(x.shape),
        expected: `[N, C, ...] or [C, ...] with ${this.space} axes of space`,
      })
    }
    return pad(x, this.padding, { mode: this.mode, value: this.value })
  }
}

/**
 * Pads [N, C, L] or without N with zeros, as torch.nn.ZeroPad1d.
 * @example new ZeroPad1d(1).forward(ones([1, 1, 4])).shape // => [1, 1, 6]
 */
export class ZeroPad1d extends Padding {
  constructor(padding: LayerPadding) {
    super('ZeroPad1d', 1, padding, 'constant')
  }
}

/**
 * Pads [N, C, H, W] or without N with zeros, as torch.nn.ZeroPad2d.
 * @source Checked against torch.nn.ZeroPad2d 1.13 in various.test.ts
 * @example new ZeroPad2d(1).forward(ones([1, 1, 4, 4])).shape // => [1, 1, 6, 6]
 */
export class ZeroPad2d extends Padding {
  constructor(padding: LayerPadding) {
    super('ZeroPad2d', 2, padding, 'constant')
  }
}

/**
 * Pads [N, C, D, H, W] or without N with zeros, as torch.nn.ZeroPad3d.
 * @example new ZeroPad3d(1).forward(ones([1, 1, 4, 4, 4])).shape // => [1, 1, 6, 6, 6]
 */
export class ZeroPad3d extends Padding {
  constructor(padding: LayerPadding) {
    super('ZeroPad3d', 3, padding, 'constant')
  }
}

/**
 * Pads [N, C, L] or without N with one value, as torch.nn.ConstantPad1d.
 * @source Checked against torch.nn.ConstantPad1d 1.13 in various.test.ts
 * @example new ConstantPad1d(1, 2).forward(ones([1, 1, 4])).shape // => [1, 1, 6]
 */
export class ConstantPad1d extends Padding {
  constructor(padding: LayerPadding, value: number) {
    super('ConstantPad1d', 1, padding, 'constant', value)
  }
}

/**
 * Pads [N, C, H, W] or without N with one value, as torch.nn.ConstantPad2d.
 * @source Checked against torch.nn.ConstantPad2d 1.13 in various.test.ts
 * @example new ConstantPad2d(1, 2).forward(ones([1, 1, 4, 4])).shape // => [1, 1, 6, 6]
 */
export class ConstantPad2d extends Padding {
  constructor(padding: LayerPadding, value: number) {
    super('ConstantPad2d', 2, padding, 'constant', value)
  }
}

/**
 * Pads [N, C, D, H, W] or without N with one value, as torch.nn.ConstantPad3d.
 * @source Checked against torch.nn.ConstantPad3d 1.13 in various.test.ts
 * @example new ConstantPad3d(1, 2).forward(ones([1, 1, 4, 4, 4])).shape // => [1, 1, 6, 6, 6]
 */
export class ConstantPad3d extends Padding {
  constructor(padding: LayerPadding, value: number) {
    super('ConstantPad3d', 3, padding, 'constant', value)
  }
}

/**
 * Pads [N, C, L] or without N with the mirror image without the edge, as torch.nn.ReflectionPad1d.
 * @source Checked against torch.nn.ReflectionPad1d 1.13 in various.test.ts
 * @example new ReflectionPad1d(1).forward(ones([1, 1, 4])).shape // => [1, 1, 6]
 */
export class ReflectionPad1d extends Padding {
  constructor(padding: LayerPadding) {
    super('ReflectionPad1d', 1, padding, 'reflect')
  }
}

/**
 * Pads [N, C, H, W] or without N with the mirror image without the edge, as torch.nn.ReflectionPad2d.
 * @source Checked against torch.nn.ReflectionPad2d 1.13 in various.test.ts
 * @example new ReflectionPad2d(1).forward(ones([1, 1, 4, 4])).shape // => [1, 1, 6, 6]
 */
export class ReflectionPad2d extends Padding {
  constructor(padding: LayerPadding) {
    super('ReflectionPad2d', 2, padding, 'reflect')
  }
}

/**
 * Pads [N, C, D, H, W] or without N with the mirror image without the edge, as torch.nn.ReflectionPad3d.
 * @source Checked against torch.nn.ReflectionPad3d 1.13 in various.test.ts
 * @example new ReflectionPad3d(1).forward(ones([1, 1, 4, 4, 4])).shape // => [1, 1, 6, 6, 6]
 */
export class ReflectionPad3d extends Padding {
  constructor(padding: LayerPadding) {
    super('ReflectionPad3d', 3, padding, 'reflect')
  }
}

/**
 * Pads [N, C, L] or without N with the edge, as torch.nn.ReplicationPad1d.
 * @source Checked against torch.nn.ReplicationPad1d 1.13 in various.test.ts
 * @example new ReplicationPad1d(1).forward(ones([1, 1, 4])).shape // => [1, 1, 6]
 */
export class ReplicationPad1d extends Padding {
  constructor(padding: LayerPadding) {
    super('ReplicationPad1d', 1, padding, 'replicate')
  }
}

/**
 * Pads [N, C, H, W] or without N with the edge, as torch.nn.ReplicationPad2d.
 * @source Checked against torch.nn.ReplicationPad2d 1.13 in various.test.ts
 * @example new ReplicationPad2d(1).forward(ones([1, 1, 4, 4])).shape // => [1, 1, 6, 6]
 */
export class ReplicationPad2d extends Padding {
  constructor(padding: LayerPadding) {
    super('ReplicationPad2d', 2, padding, 'replicate')
  }
}

/**
 * Pads [N, C, D, H, W] or without N with the edge, as torch.nn.ReplicationPad3d.
 * @source Checked against torch.nn.ReplicationPad3d 1.13 in various.test.ts
 * @example new ReplicationPad3d(1).forward(ones([1, 1, 4, 4, 4])).shape // => [1, 1, 6, 6, 6]
 */
export class ReplicationPad3d extends Padding {
  constructor(padding: LayerPadding) {
    super('ReplicationPad3d', 3, padding, 'replicate')
  }
}

/**
 * Pads [N, C, L] or without N with the other end, as torch.nn.CircularPad1d.
 * @example new CircularPad1d(1).forward(ones([1, 1, 4])).shape // => [1, 1, 6]
 */
export class CircularPad1d extends Padding {
  constructor(padding: LayerPadding) {
    super('CircularPad1d', 1, padding, 'circular')
  }
}

/**
 * Pads [N, C, H, W] or without N with the other end, as torch.nn.CircularPad2d.
 * @example new CircularPad2d(1).forward(ones([1, 1, 4, 4])).shape // => [1, 1, 6, 6]
 */
export class CircularPad2d extends Padding {
  constructor(padding: LayerPadding) {
    super('CircularPad2d', 2, padding, 'circular')
  }
}

/**
 * Pads [N, C, D, H, W] or without N with the other end, as torch.nn.CircularPad3d.
 * @example new CircularPad3d(1).forward(ones([1, 1, 4, 4, 4])).shape // => [1, 1, 6, 6, 6]
 */
export class CircularPad3d extends Padding {
  constructor(padding: LayerPadding) {
    super('CircularPad3d', 3, padding, 'circular')
  }
}
