// Codes of the operations with two or three operands.

export const ADD: i32 = 0
export const SUB: i32 = 1
export const MUL: i32 = 2
export const DIV: i32 = 3
export const MAXIMUM: i32 = 4
export const MINIMUM: i32 = 5
export const POW: i32 = 6
export const FMOD: i32 = 7
export const REMAINDER: i32 = 8
export const ATAN2: i32 = 9
export const FLOOR_DIVIDE: i32 = 10

export const I_ADD: i32 = 20
export const I_SUB: i32 = 21
export const I_MUL: i32 = 22
export const I_MAXIMUM: i32 = 23
export const I_MINIMUM: i32 = 24
export const I_AND: i32 = 25
export const I_OR: i32 = 26
export const I_XOR: i32 = 27
export const I_FLOOR_DIVIDE: i32 = 30
export const I_REMAINDER: i32 = 31
export const I_SHL: i32 = 32
export const I_SHR: i32 = 33

// Two words in, one byte out.
export const EQ: i32 = 40
export const NE: i32 = 41
export const LT: i32 = 42
export const LE: i32 = 43
export const GT: i32 = 44
export const GE: i32 = 45
export const I_EQ: i32 = 46
export const I_NE: i32 = 47
export const I_LT: i32 = 48
export const I_LE: i32 = 49
export const I_GT: i32 = 50
export const I_GE: i32 = 51

// Bytes only.
export const B_AND: i32 = 60
export const B_OR: i32 = 61
export const B_XOR: i32 = 62

// A byte that chooses between two words or two bytes.
export const WHERE: i32 = 70
export const B_WHERE: i32 = 71
