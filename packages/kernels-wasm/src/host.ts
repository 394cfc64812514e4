import decoder from '#wasm/decode'

/** Which binaries run: base SIMD (the same bits in every engine) or relaxed SIMD (fused multiply-add where the engine has it). */
export type Tier = 'base' | 'relaxed'

/** A group of kernels: its name, and the base binary as text or, under the `workerd` condition, as a module. */
export interface KernelGroup<E> {
  readonly name: string
  readonly base: string | WebAssembly.Module
  /** Carries the type of the exports; never set. */
  readonly _exports?: E
}

/** Size of the linear memory, in pages of 64 KiB. */
export interface KernelHostOptions {
  /** At least 1, which the binaries ask for. Default 16 (1 MiB). */
  readonly initialPages?: number
  /** Default 65536 (4 GiB). */
  readonly maximumPages?: number
}

/** What {@link loadKernels} takes. */
export interface LoadOptions {
  /** `best` (the default) is relaxed where the engine has relaxed SIMD, else base. */
  readonly tier?: 'best' | Tier
  /** Compiled modules by group name, for callers that stream the files of `./wasm/`; they must be of the tier loaded. */
  readonly module?: Readonly<Record<string, WebAssembly.Module>>
  /** Stay on the base tier whatever `tier` says. */
  readonly deterministic?: boolean
}

/** Stable identifiers of what can go wrong in the loader. */
export type KernelErrorCode = 'KERNEL_LOADED_LATE' | 'KERNEL_NO_RELAXED_SIMD' | 'KERNEL_BAD_MODULE' | 'KERNEL_NO_MEMORY'

/** The loader's error. `code` is frozen API. */
export class KernelError extends Error {
  readonly code: KernelErrorCode
  constructor(code: KernelErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'KernelError'
    this.code = code
  }
}

/**
 * Whether this engine accepts relaxed SIMD instructions. Asks the engine at each call; nothing is probed at import.
 * @example supportsRelaxedSimd()
 */
export function supportsRelaxedSimd(): boolean {
  return WebAssembly.validate(relaxedProbe())
}

/** A module of one function that returns relaxed_madd(splat 0, splat 0, splat 0). */
const relaxedProbe = (): Uint8Array<ArrayBuffer> => {
  const splat = [0x41, 0, 0xfd, 0x0f]
  const body = [0, ...splat, ...splat, ...splat, 0xfd, 0x85, 0x02, 0x0b]
  const code = [1, body.length, ...body]
  const types = [1, 0x60, 0, 1, 0x7b]
  return Uint8Array.from([
    0,
    0x61,
    0x73,
    0x6d,
    1,
    0,
    0,
    0,
    1,
    types.length,
    ...types,
    3,
    2,
    1,
    0,
    10,
    code.length,
    ...code,
  ])
}

/** One linear memory plus the groups instantiated over it. */
export class KernelHost {
  readonly memory: WebAssembly.Memory
  #tier: Tier = 'base'
  #modules: Readonly<Record<string, string | WebAssembly.Module>> = {}
  readonly #instances = new Map<object, WebAssembly.Exports>()
  #decode: ((text: string) => Uint8Array<ArrayBuffer>) | undefined

  constructor(options: KernelHostOptions = {}) {
    const { initialPages = 16, maximumPages = 65536 } = options
    try {
      this.memory = new WebAssembly.Memory({ initial: initialPages, maximum: maximumPages })
    } catch (cause) {
      const got = `${initialPages} pages now, ${maximumPages} at most`
      throw new KernelError(
        'KERNEL_NO_MEMORY',
        `KernelHost: the engine gives no such memory; got ${got}. Lower maximumPages.`,
        cause,
      )
    }
  }

  /** The tier whose binaries `use` instantiates. */
  get tier(): Tier {
    return this.#tier
  }

  /**
   * The kernels of a group. The first call compiles and instantiates it, synchronously; later calls are one lookup.
   * @throws KernelError `KERNEL_BAD_MODULE` when the binary does not compile or does not fit this memory.
   */
  use<E>(group: KernelGroup<E>): E {
    return (this.#instances.get(group) ?? this.#instantiate(group)) as E
  }

  /** Grows the memory; false, and nothing changed, when the engine refuses. Detaches every view of the old buffer. */
  grow(pages: number): boolean {
    try {
      this.memory.grow(pages)
      return true
    } catch {
      return false
    }
  }

  /**
   * Sets the binaries that `use` will instantiate, by group name; what `modules` lacks comes from the group. {@link loadKernels}
   * finds them.
   * @throws KernelError `KERNEL_LOADED_LATE` after the first `use`.
   */
  choose(tier: Tier, modules: Readonly<Record<string, string | WebAssembly.Module>> = {}): void {
    this.refuseLate()
    this.#tier = tier
    this.#modules = modules
  }

  /** Throws KernelError `KERNEL_LOADED_LATE` after the first `use`. */
  refuseLate(): void {
    if (this.#instances.size > 0)
      throw new KernelError(
        'KERNEL_LOADED_LATE',
        'loadKernels: kernels are in use already. Call it before the first tensor.',
      )
  }

  #instantiate<E>(group: KernelGroup<E>): WebAssembly.Exports {
    const source = this.#modules[group.name] ?? group.base
    try {
      const module =
        typeof source === 'string' ? new WebAssembly.Module((this.#decode ??= createDecoder())(source)) : source
      const { exports } = new WebAssembly.Instance(module, { env: { memory: this.memory } })
      this.#instances.set(group, exports)
      return exports
    } catch (cause) {
      const message = `KernelHost.use: the ${this.#tier} binary of group ${group.name} was refused; ${String(cause)}.`
      throw new KernelError('KERNEL_BAD_MODULE', message, cause)
    }
  }
}

/**
 * Chooses the binaries of a host, before its first `use`. Without this call the base tier is used. A function of its own,
 * so that bundles without it do not carry the relaxed binaries.
 * @returns the tier chosen.
 * @throws KernelError `KERNEL_LOADED_LATE` after the first `use`; `KERNEL_NO_RELAXED_SIMD` when tier `relaxed` is asked
 * of an engine without it.
 * @example
 * const host = new KernelHost()
 * await loadKernels(host, { tier: 'base' }) // => 'base'
 */
export async function loadKernels(host: KernelHost, options: LoadOptions = {}): Promise<Tier> {
  host.refuseLate()
  const tier = chooseTier(options)
  const relaxed = tier === 'relaxed' ? (await import('#wasm/relaxed')).default : {}
  host.choose(tier, { ...relaxed, ...options.module })
  return tier
}

const chooseTier = ({ tier = 'best', deterministic = false }: LoadOptions): Tier => {
  if (deterministic || tier === 'base') return 'base'
  if (supportsRelaxedSimd()) return 'relaxed'
  if (tier === 'best') return 'base'
  throw new KernelError(
    'KERNEL_NO_RELAXED_SIMD',
    "loadKernels: this engine has no relaxed SIMD. Use tier 'best' or 'base'.",
  )
}

/** The commonest bytes of kernel binaries, as ranges; `asText` in build.mjs has the same. */
const common = [0xfd, 0xfd, 0, 0x2b, 0x36, 0x48, 0x54, 0x5c, 0x6a, 0x76, 0x80, 0x80, 0xe4, 0xe6] as const

/** All bytes, the commonest first. */
const byteOrder = (): Set<number> => {
  const order = new Set<number>()
  for (let i = 0; i < common.length; i += 2) for (let b = common[i]!; b <= common[i + 1]!; b++) order.add(b)
  for (let b = 0; b < 256; b++) order.add(b)
  return order
}

/** Makes the function that gives the bytes of an inlined binary. It is a kernel too: cold JavaScript takes 2 to 8 ms. */
export const createDecoder = (): ((text: string) => Uint8Array<ArrayBuffer>) => {
  const memory = new WebAssembly.Memory({ initial: 1 })
  const module = new WebAssembly.Module(Uint8Array.from(decoder, (c) => c.charCodeAt(0)))
  const { exports } = new WebAssembly.Instance(module, { env: { memory } })
  const decode = exports['decode'] as (p: number, n: number, order: number) => number
  new Uint8Array(memory.buffer).set([...byteOrder()])
  return (text) => {
    const room = memory.buffer.byteLength - 256 - text.length
    if (room < 0) memory.grow(Math.ceil(-room / 65536))
    const bytes = new Uint8Array(memory.buffer as ArrayBuffer, 256)
    const { written } = new TextEncoder().encodeInto(text, bytes)
    return bytes.subarray(0, decode(256, written, 0))
  }
}
