// Whole sequences of LSTM, GRU and plain recurrent layers. The contract is src/groups/rnn.ts.
export { f32_lstm, f32_lstm_grad, f32_lstm_grad_pack, f32_lstm_pack } from './lstm'
export { f32_gru, f32_gru_grad, f32_gru_grad_pack, f32_gru_pack } from './gru'
export * from './reset-first'
export * from './plain'
