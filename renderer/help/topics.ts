import { folded } from '../i18n/index.ts'
import { EVERYWHERE_TOPICS } from './everywhereTopics.ts'
import { READING_TOPICS } from './readingTopics.ts'
import type { HelpRoom, Topic } from './topic.ts'
import { VIEWER_TOPICS } from './viewerTopics.ts'
import { WORKLIST_TOPICS } from './worklistTopics.ts'

export type HelpLanguage = keyof Topic['title']

/** Every topic, the room's own first. */
export function topicsFor(room: HelpRoom): Topic[] {
  const all = [...WORKLIST_TOPICS, ...VIEWER_TOPICS, ...READING_TOPICS, ...EVERYWHERE_TOPICS]
  return [...all.filter(topic => topic.room === room), ...all.filter(topic => topic.room !== room)]
}

/** The topics that have every word of the query in their title or text, those of the title first. */
export function findTopics(topics: readonly Topic[], query: string, language: HelpLanguage): Topic[] {
  const words = folded(query).split(/\s+/).filter(Boolean)
  const inTitle = (topic: Topic) => words.every(word => folded(topic.title[language]).includes(word))
  const has = (topic: Topic) => {
    const text = folded([topic.title[language], ...topic.text[language]].join(' '))
    return words.every(word => text.includes(word))
  }
  return topics.filter(has).toSorted((one, other) => Number(inTitle(other)) - Number(inTitle(one)))
}
