const WORDS = 624
const SHIFT = 397

/** The Mersenne Twister MT19937: 32-bit outputs, period 2^19937 - 1 (Matsumoto and Nishimura 1998). */
export class Mt19937 {
  /** The 624 words of the state. */
  readonly words: Uint32Array<ArrayBuffer> = new Uint32Array(WORDS)
  /** Index of the next word to hand out; 624 when the state must advance first. */
  position: number = WORDS

  /** Starts the sequence of a 32-bit seed, by the 2002 recurrence. */
  seed(seed: number): void {
    const words = this.words
    words[0] = seed >>> 0
    for (let i = 1; i < WORDS; i++) {
      const last = words[i - 1] ^ (words[i - 1] >>> 30)
      words[i] = Math.imul(1812433253, last) + i
    }
    this.position = WORDS
  }

  /** The next output, in [0, 2^32). */
  next(): number {
    if (this.position === WORDS) {
      this.advance()
      this.position = 0
    }
    let y = this.words[this.position++]
    y ^= y >>> 11
    y ^= (y << 7) & 0x9d2c5680
    y ^= (y << 15) & 0xefc60000
    return (y ^ (y >>> 18)) >>> 0
  }

  /** Replaces the words by the next 624. */
  advance(): void {
    const words = this.words
    for (let i = 0; i < WORDS; i++) {
      const next = i + 1 < WORDS ? words[i + 1] : words[0]
      const far = i + SHIFT < WORDS ? words[i + SHIFT] : words[i + SHIFT - WORDS]
      const y = (words[i] & 0x80000000) | (next & 0x7fffffff)
      words[i] = far ^ (y >>> 1) ^ (-(y & 1) & 0x9908b0df)
    }
  }
}
