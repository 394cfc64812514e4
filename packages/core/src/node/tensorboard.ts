/// <reference types="node" />
import { appendFile, mkdir } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import type { Callback } from '../train/callbacks.ts'
import { tensorBoard, type TensorBoardOptions } from '../train/tensorboard.ts'

let files = 0

/**
 * {@link tensorBoard} into a new event file in a folder, for `tensorboard --logdir FOLDER`.
 */
export const tensorBoardFile = (folder: string, options: Omit<TensorBoardOptions, 'append'> = {}): Callback => {
  // Two runs that start within one second, here or in another process, get files of their own.
  const path = join(
    folder,
    `events.out.tfevents.${Math.floor(Date.now() / 1000)}.${hostname()}.${process.pid}.${files++}`,
  )
  const append = async (bytes: Uint8Array): Promise<void> => {
    await mkdir(folder, { recursive: true })
    await appendFile(path, bytes)
  }
  return tensorBoard({ ...options, append })
}
