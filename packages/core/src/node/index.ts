export { fashionMnist, mnist, type FallbackOptions, type MnistOptions, type NamedImages } from './mnist.ts'
export { cacheFolder, dataFolders, writeFileAtomic, type FetchOptions } from './files.ts'
export { readSafetensorsFile, writeSafetensorsFile } from './safetensors.ts'
export { readCheckpointFile, writeCheckpointFile } from './checkpoint.ts'
