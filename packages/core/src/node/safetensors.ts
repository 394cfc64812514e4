/// <reference types="node" />
import { readFile } from 'node:fs/promises'
import {
  loadSafetensors,
  saveSafetensors,
  type LoadTensorOptions,
  type NamedTensors,
  type SafetensorsOptions,
} from '../io/tensors.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { writeFileAtomic } from './files.ts'

/**
 * Writes named tensors, such as a state dict, to a safetensors file. Readers see the old file or the new one, never
 * a part.
 */
export const writeSafetensorsFile = async (
  path: string,
  tensors: NamedTensors,
  options: SafetensorsOptions = {},
): Promise<void> => writeFileAtomic(path, await saveSafetensors(tensors, options))

/**
 * The tensors of a safetensors file.
 * @throws FormatError when the file breaks a rule of the format.
 */
export const readSafetensorsFile = async (
  path: string,
  options: LoadTensorOptions = {},
): Promise<Map<string, Tensor>> => loadSafetensors(await readFile(path), options)
