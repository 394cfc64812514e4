import { project } from '../../tools/vitest/project.ts'

export default project('cnn')
