import { useState } from 'react'
import { msg, t, useLanguage } from '../i18n/index.ts'
import { actionRow, keyWords, useKeys } from '../keys/index.ts'
import { Dialog, walkButtons } from '../ui/index.ts'
import { pictureOf } from './pictures.ts'
import type { HelpRoom } from './topic.ts'
import { findTopics, topicsFor } from './topics.ts'

const ROOMS: Record<HelpRoom, string> = {
  worklist: msg('Worklist'),
  viewer: msg('Viewer'),
  everywhere: msg('Everywhere'),
}

/** Short answers, those of the room it was asked in first; searchable, with the keys that hold. */
export function Help(props: { room: 'worklist' | 'viewer'; onClose: () => void }) {
  const { room, onClose } = props
  const language = useLanguage(state => (state.language === 'de' ? 'de' : 'en'))
  const keymap = useKeys(keys => keys.keymap)
  const [search, setSearch] = useState('')
  const [chosen, setChosen] = useState('')
  const topics = findTopics(topicsFor(room), search, language)
  const topic = topics.find(one => one.id === chosen) ?? topics[0]
  const picture = topic && pictureOf(topic.id, language)
  return (
    <Dialog title={t('Help')} className="help" onClose={onClose}>
      <input
        data-first-focus
        type="search"
        aria-label={t('Search the help')}
        placeholder={t('What do you want to do?')}
        value={search}
        onChange={event => setSearch(event.target.value)}
      />
      <div className="help-body">
        {/* biome-ignore lint/a11y/noStaticElementInteractions: arrows walk among the buttons, which have the rest. */}
        <div className="help-topics" onKeyDown={walkButtons}>
          {[...new Set(topics.map(one => one.room))].map(of => (
            <section key={of} aria-label={t(ROOMS[of])}>
              <h2 className="quiet">{t(ROOMS[of])}</h2>
              {topics
                .filter(one => one.room === of)
                .map(one => (
                  <button
                    type="button"
                    className="bare"
                    key={one.id}
                    data-topic={one.id}
                    aria-current={one === topic}
                    onClick={() => setChosen(one.id)}
                  >
                    {one.title[language]}
                  </button>
                ))}
            </section>
          ))}
        </div>
        <article className="help-topic selectable" aria-live="polite">
          {topic === undefined ? (
            <p className="quiet">{t('Nothing in the help has all of these words.')}</p>
          ) : (
            <>
              <h1>{topic.title[language]}</h1>
              {topic.text[language].map(text => (
                <p key={text}>{text}</p>
              ))}
              <ul>
                {topic.actions.map(id => (
                  <li key={id}>
                    {t(actionRow(id).name)} <kbd>{(keymap.get(id) ?? []).map(keyWords).join(', ')}</kbd>
                  </li>
                ))}
              </ul>
              {picture !== undefined && (
                <img src={picture} alt={t('How it looks: {{what}}', { what: topic.title[language] })} />
              )}
            </>
          )}
        </article>
      </div>
    </Dialog>
  )
}
