import type { ActionId } from '../keys/index.ts'

export type HelpRoom = 'worklist' | 'viewer' | 'everywhere'

/** One text in each language there is. */
interface Bilingual<Text> {
  en: Text
  de: Text
}

/** One thing somebody wants to do or to know: a question or a task as its title, a paragraph each for what matters. */
export interface Topic {
  id: string
  room: HelpRoom
  title: Bilingual<string>
  text: Bilingual<readonly string[]>
  /** What it is done with: shown with the keys that hold. */
  actions: readonly ActionId[]
}
