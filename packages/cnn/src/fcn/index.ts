export {
  FCN,
  fcnLoss,
  fcnResnet50,
  type FCNLossOptions,
  type FCNOptions,
  type FCNOutputs,
  type FCNResNet50Options,
} from './fcn.ts'
