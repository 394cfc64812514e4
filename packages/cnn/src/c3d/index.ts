export { C3d, c3d, type C3dOptions } from './c3d.ts'
