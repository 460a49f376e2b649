import type { HelpLanguage } from './topics.ts'

/** What `test/e2e/helpPictures.ts` took, by topic and language; of synthetic patients alone. */
const FILES = import.meta.glob<string>('./pictures/*.png', { eager: true, query: '?url', import: 'default' })

/** The address of a topic's picture; undefined: it has none. */
export function pictureOf(id: string, language: HelpLanguage): string | undefined {
  return FILES[`./pictures/${id}.${language}.png`]
}
