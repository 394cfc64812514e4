import { noGrad, transpose, type Tensor } from '@lanewise/core'

/** The masks that older files carry beside the weights. */
const isMask = (name: string): boolean => /\.attn\.(masked_)?bias$/.test(name)

/** GPT-2's files hold these as [in, out]. */
const isTransposed = (name: string): boolean => /\.(c_attn|c_proj|c_fc)\.weight$/.test(name)

/**
 * The published GPT-2 weights under this model's names: the prefix `transformer.` where it lacks, matrices as
 * [out, in], masks left out, and the head that is the table of tokens.
 * @returns a state for `loadStateDict` of a {@link gpt} of the same sizes
 * @source Names and shapes of the files of Radford et al. 2019 in safetensors; checked in gpt.test.ts on a small file of
 *   that form, which tools/golden/rnn_gpt2.py writes with its logits
 * @example
 * import { ones } from '@lanewise/core'
 * const state = gpt2Weights(new Map([['h.0.attn.c_attn.weight', ones([4, 12])]]))
 * state.get('transformer.h.0.attn.c_attn.weight').shape // => [12, 4]
 */
export const gpt2Weights = (state: ReadonlyMap<string, Tensor>): Map<string, Tensor> =>
  noGrad(() => {
    const found = new Map<string, Tensor>()
    for (const [name, x] of state) {
      if (isMask(name)) continue
      const whole = name.startsWith('transformer.') || name.startsWith('lm_head.') ? name : `transformer.${name}`
      found.set(whole, isTransposed(name) ? transpose(x) : x)
    }
    const table = found.get('transformer.wte.weight')
    if (table !== undefined) found.set('lm_head.weight', table)
    return found
  })
