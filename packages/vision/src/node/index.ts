// What needs a file system.
export { writePicture, type PictureEncoder } from './write-picture.ts'
