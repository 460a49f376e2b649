import './display.css'

export { DisplayFacts } from './DisplayFacts.tsx'
export { TestPicture } from './TestPicture.tsx'
