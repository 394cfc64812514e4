export { fashionMnist, mnist, type MnistOptions } from './mnist.ts'
export { cacheFolder, dataFolders, writeFileAtomic, type FetchOptions } from './files.ts'
export { readSafetensorsFile, writeSafetensorsFile } from './safetensors.ts'
