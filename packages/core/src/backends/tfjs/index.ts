export { tfjsBackend, TfjsBackend, type Tf } from './backend.ts'
