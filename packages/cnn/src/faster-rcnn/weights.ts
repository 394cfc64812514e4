import type { Tensor } from '@lanewise/core'

const renames: readonly (readonly [RegExp, string])[] = [
  [/^rpn\.head\.conv\.(weight|bias)$/, 'rpn.head.conv.0.0.$1'],
  [/^(backbone\.fpn\.(?:inner|layer)_blocks\.\d+)\.(weight|bias)$/, '$1.0.$2'],
]

/**
 * A torchvision Faster R-CNN's state under the names of today: files from before head version 2 lack a level in some.
 * @param options - frozenBatchNorm: leaves out the counts of batches, which fixed normalisation has none of
 * @example
 * import { zeros } from '@lanewise/core'
 * [...fasterRcnnWeights(new Map([['rpn.head.conv.bias', zeros([1])]])).keys()] // => ['rpn.head.conv.0.0.bias']
 */
export const fasterRcnnWeights = (
  state: ReadonlyMap<string, Tensor>,
  { frozenBatchNorm = false }: { readonly frozenBatchNorm?: boolean } = {},
): Map<string, Tensor> => {
  const named = new Map<string, Tensor>()
  for (const [name, tensor] of state) {
    if (frozenBatchNorm && name.endsWith('.num_batches_tracked')) continue
    named.set(
      renames.reduce((n, [from, to]) => n.replace(from, to), name),
      tensor,
    )
  }
  return named
}
