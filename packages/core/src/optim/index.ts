export { Adadelta, adadelta, type AdadeltaOptions } from './adadelta.ts'
export { Adagrad, adagrad, type AdagradOptions } from './adagrad.ts'
export { Adam, adam, AdamW, adamw, type AdamOptions } from './adam.ts'
export { clipGradNorm, clipGradValue, type ClipGradNormOptions } from './clip-grad.ts'
export { Ema, type EmaOptions } from './ema.ts'
export { Lion, lion, type LionOptions } from './lion.ts'
export {
  Optimizer,
  type OptimizerFactory,
  type OptimizerOptions,
  type OptimizerState,
  type ParamGroup,
  type Parameters,
  type ParamState,
} from './optimizer.ts'
export { RmsProp, rmsprop, type RmsPropOptions } from './rmsprop.ts'
export { Sgd, sgd, type SgdOptions } from './sgd.ts'
