import base from '#wasm/rnn.base'
import type { KernelGroup } from '../host.ts'

/** Bytes of the packed recurrent weight of a layer, forward, with `gates` 4 (LSTM), 3 (GRU) or 1. */
export function gatePackBytes(H: number, gates: number): number {
  return columnPackBytes(gates * H, H)
}

/** Bytes of a packed [rows, columns] matrix: every gradient's has gates H rows and H columns. */
export function columnPackBytes(columns: number, rows: number): number {
  return 64 * rows * Math.ceil(columns / 16)
}

/**
 * One direction of one recurrent layer over a whole sequence, f32, time first; extents are at least 1.
 *
 * Before the forward kernel the caller computes the input part of all steps as one product, X W_ih^T + b_ih, into x
 * [T, N, G H] (G = 4 i f g o, 3 r z n, or 1), packs W_hh [G H, H] once, and puts the first state into `hs`.
 * pBias points to b_hh [G H] or is 0.
 *
 * States: `hs` (and `cs` of the LSTM) is [T + 1, N, H]. Going forward, h_0 is hs[0] and step t writes hs[t + 1]: the
 * output y is the view hs[1 ...], the last state hs[T]. With `reverse` 1, h_0 is hs[T] and step t reads hs[t + 1] and
 * writes hs[t]: y is hs[... T), the last state hs[0]. The state that step t started from is thus hs[t] (hs[t + 1]), and
 * dW_hh is the one product ds^T hs[0 ... T) (hs[1 ... T]).
 *
 * pLengths is 0, or points to i32 [N]: rows take part in step t while t < length. Others keep their state; pY, when not
 * 0, then points to [T, N, H] for y with zeros there. Without lengths pY is not used.
 *
 * Gradient kernels take the same buffers after the forward pass, dy [T, N, H] (0 for none), and dh (dc) [N, H] holding
 * the gradient of the last state, which they turn into that of the first. Rows past their length get ds = 0 and their dy
 * is not read. The caller finishes with products: dX = ds W_ih, dW_ih = ds^T X, db = column sums of ds.
 * With `keep` 1 the gates of all steps stay, [T, N, G H], as the gradient needs them; pGates may be pX then (not of
 * f32_gru), and the gradients may be written over the gates (not of f32_gru_reset_first). With `keep` 0 `gates` (and
 * `linear`, `q`) is room for one step.
 * A row's bits do not depend on the batch it is in.
 */
export interface RnnKernels {
  /** W_hh [4 H, H] to {@link gatePackBytes}(H, 4) bytes. */
  f32_lstm_pack(pW: number, pPacked: number, H: number): void
  /** `gates` gets the activations i, f, g, o. c' = f c + i g, h' = o tanh(c'). */
  f32_lstm(
    pX: number,
    pGates: number,
    pPacked: number,
    pBias: number,
    pHs: number,
    pCs: number,
    pLengths: number,
    pY: number,
    T: number,
    N: number,
    H: number,
    reverse: number,
    keep: number,
  ): void
  /** W_hh to {@link columnPackBytes}(H, 4 H) bytes. */
  f32_lstm_grad_pack(pW: number, pPacked: number, H: number): void
  /** `ds` gets the gradients of the gates' sums. */
  f32_lstm_grad(
    pGates: number,
    pDs: number,
    pPacked: number,
    pCs: number,
    pDy: number,
    pDh: number,
    pDc: number,
    pLengths: number,
    T: number,
    N: number,
    H: number,
    reverse: number,
  ): void
  /** W_hh [3 H, H] to {@link gatePackBytes}(H, 3) bytes. */
  f32_gru_pack(pW: number, pPacked: number, H: number): void
  /**
   * `gates` gets r, z, n. n = tanh(x_n + r (W_hn h + b_hn)), h' = (1 - z) n + z h. `linear` [T, N, H] gets W_hn h + b_hn.
   */
  f32_gru(
    pX: number,
    pGates: number,
    pPacked: number,
    pBias: number,
    pHs: number,
    pLinear: number,
    pLengths: number,
    pY: number,
    T: number,
    N: number,
    H: number,
    reverse: number,
    keep: number,
  ): void
  /** W_hh to {@link columnPackBytes}(H, 3 H) bytes. */
  f32_gru_grad_pack(pW: number, pPacked: number, H: number): void
  /**
   * `dx` [T, N, 3 H] gets the gradients of the input part (for W_ih and b_ih), `ds` [T, N, 3 H] those of the recurrent part
   * (for W_hh and b_hh).
   */
  f32_gru_grad(
    pGates: number,
    pDx: number,
    pDs: number,
    pPacked: number,
    pHs: number,
    pLinear: number,
    pDy: number,
    pDh: number,
    pLengths: number,
    T: number,
    N: number,
    H: number,
    reverse: number,
  ): void
  /** W_hh [3 H, H] to {@link gatePackBytes}(H, 2) + gatePackBytes(H, 1) bytes. */
  f32_gru_reset_first_pack(pW: number, pPacked: number, H: number): void
  /**
   * The GRU whose reset gate acts on the state, before the product. `gates` gets r, z, n; `q` [T, N, H] gets r h.
   * n = tanh(x_n + W_hn q + b_hn), h' = (1 - z) n + z h.
   */
  f32_gru_reset_first(
    pX: number,
    pGates: number,
    pPacked: number,
    pBias: number,
    pHs: number,
    pQ: number,
    pLengths: number,
    pY: number,
    T: number,
    N: number,
    H: number,
    reverse: number,
    keep: number,
  ): void
  /** W_hh to {@link columnPackBytes}(H, 3 H) bytes. */
  f32_gru_reset_first_grad_pack(pW: number, pPacked: number, H: number): void
  /**
   * `ds` [T, N, 3 H] gets the gradients of the sums, input and recurrent parts alike. Those of the candidate go with q:
   * dW_hn = ds_n^T q, where the other rows of dW_hh are products with the states.
   */
  f32_gru_reset_first_grad(
    pGates: number,
    pDs: number,
    pPacked: number,
    pHs: number,
    pDy: number,
    pDh: number,
    pLengths: number,
    T: number,
    N: number,
    H: number,
    reverse: number,
  ): void
  /** W_hh [H, H] to {@link gatePackBytes}(H, 1) bytes. */
  f32_rnn_pack(pW: number, pPacked: number, H: number): void
  /** h' = tanh(x + W h + b), or relu where `relu` is 1. */
  f32_rnn(
    pX: number,
    pPacked: number,
    pBias: number,
    pHs: number,
    pLengths: number,
    pY: number,
    T: number,
    N: number,
    H: number,
    reverse: number,
    relu: number,
  ): void
  /** W_hh to {@link columnPackBytes}(H, H) bytes. */
  f32_rnn_grad_pack(pW: number, pPacked: number, H: number): void
  /** Writes ds [T, N, H]. */
  f32_rnn_grad(
    pDs: number,
    pPacked: number,
    pHs: number,
    pDy: number,
    pDh: number,
    pLengths: number,
    T: number,
    N: number,
    H: number,
    reverse: number,
    relu: number,
  ): void
}

/** The rnn group; pass it to `KernelHost.use`. */
export const rnn: KernelGroup<RnnKernels> = { name: 'rnn', base }
