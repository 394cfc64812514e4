/** One size of the family: 6 n + 2 layers. */
export interface CifarResNetVariant {
  /** Blocks in each of the three stages. */
  readonly blocks: number
  /** Parameters with 10 classes. */
  readonly params: number
}

export const resnet20Variant: CifarResNetVariant = { blocks: 3, params: 269_722 }
export const resnet32Variant: CifarResNetVariant = { blocks: 5, params: 464_154 }
export const resnet44Variant: CifarResNetVariant = { blocks: 7, params: 658_586 }
export const resnet56Variant: CifarResNetVariant = { blocks: 9, params: 853_018 }
