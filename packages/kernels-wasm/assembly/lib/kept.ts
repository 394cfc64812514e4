// Constants of the vector functions, each four times in a slot of 16 bytes below 1 KiB of the memory, which belongs to the
// kernels. V8 from 12 on builds a vector constant anew at each use, three instructions by way of an integer register (11
// moved them out of loops), and runs out of registers where it does not; a load is one instruction in every engine. Each
// binary that imports this writes all slots when it is instantiated, the same values at the same places.
// sigmoid of 16,384 values, Zen 3: Node 20 18.4 -> 17.5 us, Node 24 base 37 -> 23, relaxed 38 -> 25.

/** The constant in a slot, in every lane. */
@inline
export function kept(slot: usize): v128 {
  return v128.load(slot)
}

export const LOG2_E: usize = 16
export const MAGIC: usize = 32
export const LN2_HIGH: usize = 48
export const LN2_LOW: usize = 64
export const ONE: usize = 80
export const EXP_5: usize = 96
export const EXP_4: usize = 112
export const EXP_3: usize = 128
export const EXP_2: usize = 144
export const EXP_1: usize = 160
export const MINUS_LOG2_E: usize = 176
export const MINUS_EXP_4: usize = 192
export const MINUS_EXP_2: usize = 208
export const POWER_5: usize = 224
export const POWER_4: usize = 240
export const POWER_3: usize = 256
export const POWER_2: usize = 272
export const POWER_1: usize = 288
export const LOG_8: usize = 304
export const LOG_7: usize = 320
export const LOG_6: usize = 336
export const LOG_5: usize = 352
export const LOG_4: usize = 368
export const LOG_3: usize = 384
export const LOG_2: usize = 400
export const LOG_1: usize = 416
export const TWO: usize = 432
export const TWENTY: usize = 448

store<f32>(LOG2_E, 1.44269504)
store<f32>(MAGIC, 12582912.0)
store<f32>(LN2_HIGH, 0.693359375)
store<f32>(LN2_LOW, -2.12194440e-4)
store<f32>(ONE, 1)
store<f32>(EXP_5, 0.00139465065244578)
store<f32>(EXP_4, 0.00836661056119806)
store<f32>(EXP_3, 0.0416662812728597)
store<f32>(EXP_2, 0.166665427946237)
store<f32>(EXP_1, 0.500000006210090)
store<f32>(MINUS_LOG2_E, -1.44269504)
store<f32>(MINUS_EXP_4, -0.00836661056119806)
store<f32>(MINUS_EXP_2, -0.166665427946237)
store<f32>(POWER_5, 0.001326468277845861)
store<f32>(POWER_4, 0.009671566369249772)
store<f32>(POWER_3, 0.05550734297904676)
store<f32>(POWER_2, 0.2402224126190542)
store<f32>(POWER_1, 0.6931469770696103)
store<f32>(LOG_8, -0.0763451965675242)
store<f32>(LOG_7, 0.127615695913322)
store<f32>(LOG_6, -0.131601708025934)
store<f32>(LOG_5, 0.142017588388913)
store<f32>(LOG_4, -0.166233586282441)
store<f32>(LOG_3, 0.200012268521725)
store<f32>(LOG_2, -0.250008209977291)
store<f32>(LOG_1, 0.333333317081538)
store<f32>(TWO, 2)
store<f32>(TWENTY, 20)
for (let slot = LOG2_E; slot <= TWENTY; slot += 16) v128.store(slot, v128.load32_splat(slot))
