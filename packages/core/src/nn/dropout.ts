import { alphaDropout, dropout, dropout1d, dropout2d, dropout3d } from '../ops/dropout.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { checkProbability } from './check.ts'
import { Module } from './module.ts'

/** What the dropouts share. */
abstract class Dropping extends Module {
  readonly p: number

  /** @param p - the probability of a drop. Default 0.5. */
  constructor(p = 0.5) {
    super()
    checkProbability(new.target.name, p)
    this.p = p
  }
}

/**
 * Sets elements to 0 with probability p in training and scales the others by 1 / (1 - p), as torch.nn.Dropout, with its draws.
 * @throws ValueError when p is not a probability.
 * @source Checked against torch.nn.Dropout 1.13 in various.test.ts
 * @example new Dropout(0.5).eval().forward(tensor([1, 2])).toArray() // => [1, 2]
 */
export class Dropout extends Dropping {
  forward(x: Tensor): Tensor {
    return dropout(x, this.p, { training: this.training })
  }
}

/**
 * Drops whole channels of [N, C, L] or [C, L] in training, as torch.nn.Dropout1d, with its draws.
 * @throws ValueError when p is not a probability.
 * @source Checked against torch.nn.Dropout1d 1.13 in various.test.ts
 * @example new Dropout1d(0.5).eval().forward(ones([1, 2, 3])).shape // => [1, 2, 3]
 */
export class Dropout1d extends Dropping {
  forward(x: Tensor): Tensor {
    return dropout1d(x, this.p, { training: this.training })
  }
}

/**
 * Drops whole channels of [N, C, H, W] or [C, H, W] in training, as torch.nn.Dropout2d, with its draws.
 * @throws ValueError when p is not a probability.
 * @source Checked against torch.nn.Dropout2d 1.13 in various.test.ts
 * @example new Dropout2d(0.5).eval().forward(ones([1, 2, 3, 3])).shape // => [1, 2, 3, 3]
 */
export class Dropout2d extends Dropping {
  forward(x: Tensor): Tensor {
    return dropout2d(x, this.p, { training: this.training })
  }
}

/**
 * Drops whole channels of [N, C, D, H, W] or [C, D, H, W] in training, as torch.nn.Dropout3d, with its draws.
 * @throws ValueError when p is not a probability.
 * @source Checked against torch.nn.Dropout3d 1.13 in various.test.ts
 * @example new Dropout3d(0.5).eval().forward(ones([1, 2, 2, 2, 2])).shape // => [1, 2, 2, 2, 2]
 */
export class Dropout3d extends Dropping {
  forward(x: Tensor): Tensor {
    return dropout3d(x, this.p, { training: this.training })
  }
}

/**
 * Drops elements to the negative saturation of SELU in training, keeping mean and variance, as torch.nn.AlphaDropout, with its draws.
 * @throws ValueError when p is not a probability.
 * @source Checked against torch.nn.AlphaDropout 1.13 in various.test.ts
 * @example new AlphaDropout(0.5).eval().forward(tensor([1, 2])).toArray() // => [1, 2]
 */
export class AlphaDropout extends Dropping {
  forward(x: Tensor): Tensor {
    return alphaDropout(x, this.p, { training: this.training })
  }
}
