export { KernelError, KernelHost, supportsRelaxedSimd } from './host.ts'
export type { KernelErrorCode, KernelGroup, KernelHostOptions, LoadOptions, Tier } from './host.ts'
