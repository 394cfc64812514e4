export {
  SequenceModel,
  SequenceReader,
  type RecurrentClass,
  type RecurrentLayer,
  type SequenceModelOptions,
  type States,
} from './sequence-model.ts'
export { loadState, stateToBytes, statesFromBytes } from './state.ts'
