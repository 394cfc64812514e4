export {
  Bert,
  bert,
  BertForClassification,
  bertForClassification,
  BertForMaskedLm,
  bertForMaskedLm,
  type BertInputs,
  type BertOptions,
} from './bert.ts'
export { maskedLmLoss, maskTokens, type MaskedTokens, type MaskOptions } from './masking.ts'
