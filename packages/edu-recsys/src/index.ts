// Events
export { byLearner, checkAnswer, type Answer } from './events/answer.ts'
