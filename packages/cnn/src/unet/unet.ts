import {
  BatchNorm2d,
  concat,
  Conv2d,
  ConvTranspose2d,
  MaxPool2d,
  Module,
  pad,
  ReLU,
  Sequential,
  ShapeError,
  Upsample,
  ValueError,
  type Tensor,
} from '@lanewise/core'

// Ronneberger, Fischer and Brox 2015, https://arxiv.org/abs/1505.04597, with padded convolutions and batch norm, so that
// the logits are as large as the picture. Widths for base width w; each step down halves the sides.
//
//   x -> inc w ----------------------> [ , ] up4 w -> outc -> logits
//          down1 2w ----------------> [ , ] up3 2w
//            down2 4w -------------> [ , ] up2 4w
//              down3 8w ----------> [ , ] up1 8w
//                down4 16w ---------'          [ , ] joins the step across with what comes from below

/** Options of {@link unet}. */
export interface UNetOptions {
  readonly numClasses: number
  /** Channels of the pictures. Default 3. */
  readonly inChannels?: number
  /** Channels of the first step; each step down doubles them. Default 64. */
  readonly baseWidth?: number
  /** Go up by bilinear resizing, and with half the channels at the bottom. Default false: by transposed convolutions. */
  readonly bilinear?: boolean
}

/** Two padded 3x3 convolutions, each with batch norm and relu. */
class DoubleConv extends Module {
  readonly double_conv: Sequential

  constructor(inChannels: number, outChannels: number, midChannels: number = outChannels) {
    super()
    this.double_conv = new Sequential(
      new Conv2d(inChannels, midChannels, 3, { padding: 1, bias: false }),
      new BatchNorm2d(midChannels),
      new ReLU(),
      new Conv2d(midChannels, outChannels, 3, { padding: 1, bias: false }),
      new BatchNorm2d(outChannels),
      new ReLU(),
    )
  }

  forward(x: Tensor): Tensor {
    return this.double_conv.forward(x)
  }
}

/** Half the sides, then {@link DoubleConv}. */
class Down extends Module {
  readonly maxpool_conv: Sequential

  constructor(inChannels: number, outChannels: number) {
    super()
    this.maxpool_conv = new Sequential(new MaxPool2d(2), new DoubleConv(inChannels, outChannels))
  }

  forward(x: Tensor): Tensor {
    return this.maxpool_conv.forward(x)
  }
}

/** Zeros around x that make it as large as `like`; where they do not divide, right and bottom get one more. */
const grow = (x: Tensor, like: Tensor): Tensor => {
  const [h, w] = [like.shape[2] - x.shape[2], like.shape[3] - x.shape[3]]
  if (h === 0 && w === 0) return x
  const [left, top] = [Math.floor(w / 2), Math.floor(h / 2)]
  return pad(x, [left, w - left, top, h - top])
}

/** Twice the sides, joined with the step across, then {@link DoubleConv}. */
class Up extends Module<[x: Tensor, across: Tensor]> {
  readonly up: ConvTranspose2d | Upsample
  readonly conv: DoubleConv

  constructor(inChannels: number, outChannels: number, bilinear: boolean) {
    super()
    this.up = bilinear
      ? new Upsample({ scaleFactor: 2, mode: 'bilinear', alignCorners: true })
      : new ConvTranspose2d(inChannels, inChannels / 2, 2, { stride: 2 })
    this.conv = new DoubleConv(inChannels, outChannels, bilinear ? inChannels / 2 : outChannels)
  }

  forward(x: Tensor, across: Tensor): Tensor {
    return this.conv.forward(concat([across, grow(this.up.forward(x), across)], 1))
  }
}

/** A 1x1 convolution to the classes. */
class OutConv extends Module {
  readonly conv: Conv2d

  constructor(inChannels: number, numClasses: number) {
    super()
    this.conv = new Conv2d(inChannels, numClasses, 1)
  }

  forward(x: Tensor): Tensor {
    return this.conv.forward(x)
  }
}

/** The model that {@link unet} builds; its fields carry the names of the usual PyTorch checkpoints. */
export class UNet extends Module {
  readonly baseWidth: number
  readonly inc: DoubleConv
  readonly down1: Down
  readonly down2: Down
  readonly down3: Down
  readonly down4: Down
  readonly up1: Up
  readonly up2: Up
  readonly up3: Up
  readonly up4: Up
  outc: OutConv

  /** See {@link unet}. */
  constructor({ numClasses, inChannels = 3, baseWidth = 64, bilinear = false }: UNetOptions) {
    super()
    checkWidth(baseWidth)
    this.baseWidth = baseWidth
    const [w1, w2, w3, w4, w5] = [1, 2, 4, 8, 16].map((factor) => factor * baseWidth)
    const half = bilinear ? 2 : 1
    this.inc = new DoubleConv(inChannels, w1)
    this.down1 = new Down(w1, w2)
    this.down2 = new Down(w2, w3)
    this.down3 = new Down(w3, w4)
    this.down4 = new Down(w4, w5 / half)
    this.up1 = new Up(w5, w4 / half, bilinear)
    this.up2 = new Up(w4, w3 / half, bilinear)
    this.up3 = new Up(w3, w2 / half, bilinear)
    this.up4 = new Up(w2, w1, bilinear)
    this.outc = new OutConv(w1, numClasses)
  }

  forward(x: Tensor): Tensor {
    checkSides(x)
    const x1 = this.inc.forward(x)
    const x2 = this.down1.forward(x1)
    const x3 = this.down2.forward(x2)
    const x4 = this.down3.forward(x3)
    let y = this.down4.forward(x4)
    y = this.up1.forward(y, x4)
    y = this.up2.forward(y, x3)
    y = this.up3.forward(y, x2)
    y = this.up4.forward(y, x1)
    return this.outc.forward(y)
  }

  /** Replaces the last convolution by a new one for other classes. */
  resetHead({ numClasses }: { readonly numClasses: number }): this {
    this.outc = new OutConv(this.baseWidth, numClasses)
    return this
  }
}

const checkWidth = (baseWidth: number): void => {
  if (Number.isInteger(baseWidth) && baseWidth >= 1) return
  throw new ValueError({
    op: 'unet',
    problem: 'baseWidth does not fit',
    got: String(baseWidth),
    expected: 'an integer >= 1',
  })
}

const checkSides = (x: Tensor): void => {
  if (x.rank === 4 && x.shape[2] >= 16 && x.shape[3] >= 16) return
  throw new ShapeError({
    op: 'unet',
    problem: 'the pictures do not fit',
    got: `x [${x.shape.join(',')}]`,
    expected: '[N, C, H, W] with sides of 16 or more',
    advice: 'Four steps down halve the sides; enlarge or pad the pictures',
  })
}

/**
 * Builds a U-Net: a class for each pixel.
 * Shape: x [N, inChannels, H, W] -> logits [N, numClasses, H, W]; any sides of 16 or more.
 * State: `inc.double_conv.0.weight`, `down1.maxpool_conv.1.double_conv.0.weight`, `up1.up.weight`,
 * `up1.conv.double_conv.0.weight`, ..., `outc.conv.bias`.
 * @throws ValueError for a wrong width; ShapeError at forward for pictures that are too small.
 * @source Ronneberger et al. 2015; checked against the same network in PyTorch 1.13 in unet.test.ts
 * @example
 * import { ones } from '@lanewise/core'
 * const model = unet({ numClasses: 11, baseWidth: 4 })
 * model.forward(ones([2, 3, 32, 48])).shape // => [2, 11, 32, 48]
 */
export const unet = (options: UNetOptions): UNet => new UNet(options)
