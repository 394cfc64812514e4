export {
  imageClassifier,
  imagenetTransform,
  type ClassScore,
  type ImageClassifierOptions,
  type ImagenetTransformOptions,
} from './image-classifier.ts'
