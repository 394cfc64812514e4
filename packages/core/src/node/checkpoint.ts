/// <reference types="node" />
import { readFile } from 'node:fs/promises'
import { loadCheckpoint, saveCheckpoint, type CheckpointParts, type Extra, type Plain } from '../io/checkpoint.ts'
import { writeFileAtomic } from './files.ts'

/**
 * Writes a checkpoint to a file. Readers see the old file or the new one, never a part: an interrupted run leaves the
 * last whole checkpoint.
 */
export const writeCheckpointFile = async (
  path: string,
  parts: CheckpointParts,
  extra: { readonly [name: string]: Plain } = {},
): Promise<void> => writeFileAtomic(path, await saveCheckpoint(parts, extra))

/**
 * Restores the given parts from a checkpoint file; all of them, or none.
 * @returns the plain data saved beside them
 * @throws FormatError when the file is no checkpoint or lacks a part; ValueError or ShapeError when a part does not fit.
 */
export const readCheckpointFile = async (path: string, parts: CheckpointParts = {}): Promise<Extra> =>
  loadCheckpoint(await readFile(path), parts)
