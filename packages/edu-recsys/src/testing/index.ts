export { stateStoreConformance, type StateStoreCase } from './state-store.ts'
