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

v128.store(LOG2_E, f32x4.splat(1.44269504))
v128.store(MAGIC, f32x4.splat(12582912.0))
v128.store(LN2_HIGH, f32x4.splat(0.693359375))
v128.store(LN2_LOW, f32x4.splat(-2.12194440e-4))
v128.store(ONE, f32x4.splat(1))
v128.store(EXP_5, f32x4.splat(0.00139465065244578))
v128.store(EXP_4, f32x4.splat(0.00836661056119806))
v128.store(EXP_3, f32x4.splat(0.0416662812728597))
v128.store(EXP_2, f32x4.splat(0.166665427946237))
v128.store(EXP_1, f32x4.splat(0.500000006210090))
v128.store(MINUS_LOG2_E, f32x4.splat(-1.44269504))
v128.store(MINUS_EXP_4, f32x4.splat(-0.00836661056119806))
v128.store(MINUS_EXP_2, f32x4.splat(-0.166665427946237))
v128.store(POWER_5, f32x4.splat(0.001326468277845861))
v128.store(POWER_4, f32x4.splat(0.009671566369249772))
v128.store(POWER_3, f32x4.splat(0.05550734297904676))
v128.store(POWER_2, f32x4.splat(0.2402224126190542))
v128.store(POWER_1, f32x4.splat(0.6931469770696103))
v128.store(LOG_8, f32x4.splat(-0.0763451965675242))
v128.store(LOG_7, f32x4.splat(0.127615695913322))
v128.store(LOG_6, f32x4.splat(-0.131601708025934))
v128.store(LOG_5, f32x4.splat(0.142017588388913))
v128.store(LOG_4, f32x4.splat(-0.166233586282441))
v128.store(LOG_3, f32x4.splat(0.200012268521725))
v128.store(LOG_2, f32x4.splat(-0.250008209977291))
v128.store(LOG_1, f32x4.splat(0.333333317081538))
v128.store(TWO, f32x4.splat(2))
v128.store(TWENTY, f32x4.splat(20))
