import {
  concat,
  Conv2d,
  initializers,
  maxPool2d,
  Module,
  ModuleList,
  pad,
  ReLU,
  Sequential,
  ShapeError,
  slice,
  Upsample,
  type Tensor,
} from '@lanewise/core'
import { decoderStack, encoderStacks } from './stacks.ts'

// A deep and narrow U-Net for street scenes: six levels, each a stack of padded 3x3 convolutions with relu.
//
//   x -> encoder.0 ------------------------------> [ , ] decoder.5 -> head -> logits
//          pool, encoder.1 ---------------------> [ , ] decoder.4
//            ...                                   ...
//              pool, encoder.5 ----------------> [ , ] decoder.0
//                pool, bottleneck, twice as large '

/** Options of {@link drivingUnet}. */
export interface DrivingUNetOptions {
  readonly numClasses: number
  /** Channels of the pictures. Default 3. */
  readonly inChannels?: number
}

/** A convolution with Keras's initial values: Glorot-uniform weights, zero biases. */
const convolution = (inChannels: number, outChannels: number, kernelSize: number): Conv2d => {
  const conv = new Conv2d(inChannels, outChannels, kernelSize, { padding: (kernelSize - 1) / 2 })
  initializers.xavierUniform_(conv.weight)
  if (conv.bias !== null) initializers.zeros_(conv.bias)
  return conv
}

const stackOf = (inChannels: number, widths: readonly number[]): Sequential =>
  new Sequential(
    ...widths.flatMap((width, i) => [convolution(i === 0 ? inChannels : widths[i - 1], width, 3), new ReLU()]),
  )

const lastOf = (widths: readonly number[]): number => widths[widths.length - 1]

/** The model that {@link drivingUnet} builds. */
export class DrivingUNet extends Module {
  readonly encoder: ModuleList<Sequential>
  readonly bottleneck: Sequential
  readonly up: Upsample
  readonly decoder: ModuleList<Sequential>
  head: Conv2d

  /** See {@link drivingUnet}. */
  constructor({ numClasses, inChannels = 3 }: DrivingUNetOptions) {
    super()
    const inputs = [inChannels, ...encoderStacks.map(lastOf)]
    const below = lastOf(decoderStack)
    this.encoder = new ModuleList(encoderStacks.map((widths, i) => stackOf(inputs[i], widths)))
    this.bottleneck = stackOf(lastOf(inputs), decoderStack)
    this.up = new Upsample({ scaleFactor: 2 })
    this.decoder = new ModuleList(encoderStacks.toReversed().map((w) => stackOf(below + lastOf(w), decoderStack)))
    this.head = convolution(below, numClasses, 1)
  }

  forward(x: Tensor): Tensor {
    checkPictures(x)
    const [, , H, W] = x.shape
    const levels: Tensor[] = []
    let y = pad(x, [0, -W & 63, 0, -H & 63])
    for (const stack of this.encoder) {
      const level = stack.forward(y)
      levels.push(level)
      y = maxPool2d(level, 2)
    }
    y = this.bottleneck.forward(y)
    for (const stack of this.decoder) y = stack.forward(concat([this.up.forward(y), levels.pop()!], 1))
    return slice(slice(this.head.forward(y), 2, 0, H), 3, 0, W)
  }

  /** Replaces the last convolution by a new one for other classes. */
  resetHead({ numClasses }: { readonly numClasses: number }): this {
    this.head = convolution(lastOf(decoderStack), numClasses, 1)
    return this
  }
}

const checkPictures = (x: Tensor): void => {
  if (x.rank === 4 && x.size > 0) return
  throw new ShapeError({
    op: 'drivingUnet',
    problem: 'the pictures do not fit',
    got: `x [${x.shape.join(',')}]`,
    expected: '[N, C, H, W], none empty',
  })
}

/**
 * Builds a U-Net of six levels for street scenes, narrow at every step across.
 * Shape: x [N, inChannels, H, W] -> logits [N, numClasses, H, W]. Sides that are no multiple of 64 are padded with
 * zeros at the right and the bottom, and the logits cropped again.
 * @throws ShapeError at forward when x is no batch of pictures.
 * @source Ronneberger et al. 2015 for the idea; checked against the same network in PyTorch 1.13 in driving-unet.test.ts
 * @example
 * import { ones } from '@lanewise/core'
 * drivingUnet({ numClasses: 11 }).forward(ones([1, 3, 40, 64])).shape // => [1, 11, 40, 64]
 */
export const drivingUnet = (options: DrivingUNetOptions): DrivingUNet => new DrivingUNet(options)
