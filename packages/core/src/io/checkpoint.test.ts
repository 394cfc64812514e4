import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { noGrad } from '../autograd/modes.ts'
import { Linear } from '../nn/linear.ts'
import { readCheckpointFile, writeCheckpointFile } from '../node/checkpoint.ts'
import { readSafetensorsFile, writeSafetensorsFile } from '../node/safetensors.ts'
import { fill } from '../ops/in-place.ts'
import { Adam } from '../optim/adam.ts'
import { Ema } from '../optim/ema.ts'
import { Generator } from '../random/generator.ts'
import { reduceLrOnPlateau } from '../schedules/plateau.ts'
import { tensor } from '../tensor/create.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { loadCheckpoint, saveCheckpoint, type CheckpointParts } from './checkpoint.ts'
import { readSafetensors } from './safetensors.ts'
import { loadNpy, loadNpz, loadSafetensors, saveNpy, saveNpz, saveSafetensors } from './tensors.ts'

const make = (steps: number): CheckpointParts & { model: Linear; optimizer: Adam; generator: Generator; ema: Ema } => {
  const model = new Linear(2, 3)
  const optimizer = new Adam(model.parameters(), { lr: 0.1, amsgrad: true })
  const schedule = reduceLrOnPlateau({ patience: 0 })(optimizer)
  const ema = new Ema(model)
  const generator = new Generator(1)
  for (let i = 0; i < steps; i++) {
    for (const p of model.parameters())
      p.grad = tensor(
        Float32Array.from({ length: p.size }, () => generator.double()),
        { shape: p.shape },
      )
    optimizer.step()
    schedule.step(1)
    ema.update()
  }
  return { model, optimizer, schedule, ema, generator }
}

/** Everything that a checkpoint holds, as plain data. */
const contents = (parts: ReturnType<typeof make>): unknown => {
  const { state, param_groups } = parts.optimizer.stateDict()
  const plain = (x: Tensor | number): unknown => (typeof x === 'number' ? x : [...x.dataSync()])
  return {
    model: [...parts.model.stateDict()].map(([name, x]) => [name, plain(x)]),
    ema: [...parts.ema.stateDict()].map(([name, x]) => [name, plain(x)]),
    state: [...state].map(([i, s]) => [i, Object.entries(s).map(([name, x]) => [name, plain(x)])]),
    param_groups,
    schedule: parts.schedule!.stateDict(),
    generator: parts.generator.state(),
  }
}

test('a checkpoint brings every part back, to the bit', async () => {
  const from = make(3)
  const bytes = await saveCheckpoint(from, { epoch: 2, best: -Infinity, nested: { list: [1, NaN, 'x', null] } })
  const to = make(0)
  expect(loadCheckpoint(bytes, to)).toEqual({ epoch: 2, best: -Infinity, nested: { list: [1, NaN, 'x', null] } })
  expect(contents(to)).toEqual(contents(from))
  expect([...readSafetensors(bytes).tensors.keys()]).toContain('optimizer.0.max_exp_avg_sq')
})

test('nothing changes when one part does not fit', async () => {
  const bytes = await saveCheckpoint(make(2))
  const { optimizer, schedule, generator, ema } = make(1)
  const other = { model: new Linear(2, 4), optimizer, schedule: schedule!, generator, ema } as unknown as ReturnType<
    typeof make
  >
  const before = contents(other)
  expect(() => loadCheckpoint(bytes, other)).toThrow('loadStateDict')
  expect(contents(other)).toEqual(before)
})

test('what is no checkpoint, or lacks a part, is refused', async () => {
  const parts = make(1)
  const { model } = parts
  const plain = await saveSafetensors(model.stateDict())
  expect(() => loadCheckpoint(plain, { model })).toThrowErrorMatchingInlineSnapshot(
    `[FormatError: loadCheckpoint: not a checkpoint; got a plain safetensors file, expected lanewise.checkpoint.1. Use loadSafetensors for a file of tensors.]`,
  )
  const bare = await saveCheckpoint({})
  for (const part of ['model', 'optimizer', 'schedule', 'generator'] as const) {
    expect(() => loadCheckpoint(bare, { [part]: parts[part] })).toThrow(`the checkpoint has no ${part}`)
  }
  const bytes = await saveCheckpoint(parts)
  for (let cut = 0; cut < bytes.length; cut += 97) expect(() => loadCheckpoint(bytes.slice(0, cut), parts)).toThrow()
})

test('files are whole or not there', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'lanewise-'))
  try {
    const path = join(folder, 'deep', 'a.safetensors')
    const parts = make(2)
    await writeCheckpointFile(path, parts, { epoch: 1 })
    await writeCheckpointFile(path, parts, { epoch: 2 })
    expect(await readCheckpointFile(path, make(0))).toEqual({ epoch: 2 })
    expect(readdirSync(join(folder, 'deep'))).toEqual(['a.safetensors'])
    writeFileSync(join(folder, 'file'), '')
    await expect(writeCheckpointFile(join(folder, 'file', 'b'), parts)).rejects.toThrow()
    await writeSafetensorsFile(path, parts.model.stateDict(), { metadata: { note: 'hi' } })
    expect(readSafetensors(readFileSync(path)).metadata.get('note')).toBe('hi')
    const model = new Linear(2, 3)
    model.loadStateDict(await readSafetensorsFile(path))
    expect(model.weight.dataSync()).toEqual(parts.model.weight.dataSync())
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('tensors of every dtype survive; integers are i64 in the file', async () => {
  const tensors = {
    f: tensor([1.5, -2]),
    i: tensor([3, -4], { dtype: 'i32' }),
    u: tensor(Uint8Array.of(200)),
    b: tensor([true, false]),
    s: tensor(7),
  }
  const bytes = await saveSafetensors(tensors)
  expect(readSafetensors(bytes).tensors.get('i')!.dtype).toBe('i64')
  for (const loaded of [loadSafetensors(bytes), await loadNpz(await saveNpz(tensors, { compress: true }))]) {
    for (const [name, x] of Object.entries(tensors)) {
      const y = loaded.get(name)!
      expect([y.dtype, y.shape, y.toArray()]).toEqual([x.dtype, x.shape, x.toArray()])
    }
  }
  expect(loadNpy(await saveNpy(tensors.i)).toArray()).toEqual([3, -4])
  expect(
    loadSafetensors(await saveSafetensors({ f: tensors.f }, { floats: 'bf16' }))
      .get('f')!
      .toArray(),
  ).toEqual([1.5, -2])
  expect(
    readSafetensors(await saveSafetensors({ f: tensors.f }, { floats: 'f16', integers: 'i32' })).tensors.get('f')!
      .dtype,
  ).toBe('f16')
})

test('a loaded tensor is its own', async () => {
  const bytes = await saveSafetensors({ x: tensor([1]) })
  const x = loadSafetensors(bytes).get('x')!
  noGrad(() => fill(x, 5))
  expect(loadSafetensors(bytes).get('x')!.item()).toBe(1)
})
