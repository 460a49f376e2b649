import { Plus, RotateCcw } from 'lucide-react'
import { type KeyboardEvent, useEffect, useRef, useState } from 'react'
import { folded, inAllLanguages, msg, t } from '../i18n/index.ts'
import {
  ACTIONS,
  type ActionGroup,
  type ActionId,
  type ActionRow,
  actionRow,
  changedActions,
  chooseKeys,
  dropKey,
  giveKey,
  holdersOf,
  KEY_SET_NAMES,
  KEY_SETS,
  type KeyChoice,
  type KeySetName,
  keyOf,
  keyWords,
  MAX_KEYS,
  refusal,
  resetKeys,
  useKeys,
} from '../keys/index.ts'
import { announce, IconButton } from '../ui/index.ts'
import { KeysAsText } from './KeysAsText.tsx'

/** A place among an action's keys that waits for a press; `pressed`: a key that somebody else has. */
interface Capture {
  id: ActionId
  at: number
  pressed?: { key: string; holders: ActionId[] }
  /** Why the last press was not taken. */
  refused?: string
}

/** Takes other keys, and offers the way back. */
function take(choice: KeyChoice, words: string): void {
  const { choice: before } = useKeys.getState()
  void chooseKeys(choice)
  announce(words, () => chooseKeys(before))
}

function chooseSet(set: KeySetName): void {
  take({ set, changes: {} }, t('Keys as in {{set}}', { set: KEY_SETS[set].title }))
}

function matches(row: ActionRow, keys: readonly string[], search: string): boolean {
  const names = [...inAllLanguages(row.group), ...inAllLanguages(row.name)]
  const text = folded([...names, ...keys.map(keyWords)].join(' '))
  const words = folded(search).split(/\s+/).filter(Boolean)
  return words.every(word => text.includes(word))
}

/** Every action with its keys: a ready set, and what is different from it. */
export function KeysPage() {
  const { choice, keymap } = useKeys()
  const [search, setSearch] = useState('')
  const [capture, setCapture] = useState<Capture>()
  const changed = new Set(changedActions(choice))
  const found = ACTIONS.filter(row => matches(row, keymap.get(row.id) ?? [], search))
  const groups = [...new Set(found.map(row => row.group))]
  return (
    <section className="settings-page" aria-label={t('Keys')}>
      <div className="keys-bar">
        <select
          aria-label={t('Set of keys')}
          title={t('The keys your hand knows')}
          value={choice.set}
          onChange={event => chooseSet(KEY_SET_NAMES.find(name => name === event.target.value) ?? 'isocenter')}
        >
          {KEY_SET_NAMES.map(name => (
            <option key={name} value={name}>
              {KEY_SETS[name].title}
            </option>
          ))}
        </select>
        <input
          type="search"
          aria-label={t('Find an action or a key')}
          placeholder={t('Action or key')}
          value={search}
          onChange={event => setSearch(event.target.value)}
        />
        <button
          type="button"
          disabled={changed.size === 0}
          title={t('Every action as the chosen set has it')}
          onClick={() => chooseSet(choice.set)}
        >
          {t('Reset all')}
        </button>
      </div>
      <p className="quiet keys-note">{t(KEY_SETS[choice.set].note)}</p>
      <section className="keys-list" aria-label={t('Actions')}>
        {groups.map(group => (
          <Group
            key={group}
            group={group}
            rows={found.filter(row => row.group === group)}
            changed={changed}
            capture={capture}
            onCapture={setCapture}
          />
        ))}
        {found.length === 0 && <div className="quiet">{t('No action has this name or key.')}</div>}
      </section>
      <KeysAsText onTake={taken => take(taken, msg('Keys taken'))} />
    </section>
  )
}

interface Capturing {
  changed: ReadonlySet<ActionId>
  capture: Capture | undefined
  onCapture: (capture: Capture | undefined) => void
}

function Group({ group, rows, ...capturing }: Capturing & { group: ActionGroup; rows: ActionRow[] }) {
  return (
    <>
      <h2 className="quiet">{t(group)}</h2>
      {rows.map(row => (
        <Row key={row.id} row={row} {...capturing} />
      ))}
    </>
  )
}

function Row({ row, changed, capture, onCapture }: Capturing & { row: ActionRow }) {
  const { choice, keymap } = useKeys()
  const { id, fixed } = row
  const name = t(row.name)
  const keys = keymap.get(id) ?? []
  const own = capture?.id === id ? capture : undefined
  const wait = (at: number) => onCapture({ id, at })
  const place = useRef<HTMLSpanElement>(null)
  const waited = useRef<number>(undefined)
  useEffect(() => {
    const at = waited.current
    waited.current = own?.at
    if (at === undefined || own !== undefined) return
    // What waited is gone; the focus stays where the hand is.
    const buttons = place.current?.querySelectorAll('button') ?? []
    ;(buttons[at] ?? buttons[0])?.focus()
  }, [own])
  return (
    <div className="keys-row" data-action={id} data-changed={changed.has(id) ? '' : undefined}>
      <span className="truncate">{name}</span>
      <span className="keys-of" ref={place}>
        {keys.map((key, at) =>
          fixed ? (
            <kbd key={key} title={t('This key is the same for every hand')}>
              {keyWords(key)}
            </kbd>
          ) : own?.at === at ? (
            <Waiting key={key} capture={own} shown={keyWords(key)} onCapture={onCapture} />
          ) : (
            <button
              type="button"
              key={key}
              className="key"
              aria-label={t('{{keyWords}}: another key for {{name}}', { keyWords: keyWords(key), name })}
              title={t('Another key in its place')}
              onClick={() => wait(at)}
            >
              {keyWords(key)}
            </button>
          ),
        )}
        {own !== undefined && own.at >= keys.length && <Waiting capture={own} shown="" onCapture={onCapture} />}
        {!fixed && own === undefined && keys.length < MAX_KEYS && (
          <IconButton icon={Plus} name={t('A key for {{name}}', { name })} onClick={() => wait(keys.length)} />
        )}
        {changed.has(id) && own === undefined && (
          <IconButton
            icon={RotateCcw}
            name={t('Reset {{name}}', { name })}
            onClick={() =>
              take(resetKeys(choice, id), t('{{name}}: as in {{set}}', { name, set: KEY_SETS[choice.set].title }))
            }
          />
        )}
      </span>
    </div>
  )
}

/** A place that waits for a press, says who has the key, and swaps. */
function Waiting(props: { capture: Capture; shown: string; onCapture: (capture: Capture | undefined) => void }) {
  const { capture, shown, onCapture } = props
  const { choice, keymap } = useKeys()
  const { id, at, pressed, refused } = capture
  const name = t(actionRow(id).name)
  const done = () => onCapture(undefined)
  const give = (key: string) => {
    take(giveKey(choice, id, at, key), `${keyWords(key)}: ${name}`)
    done()
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const key = keyOf(event.nativeEvent)
    // Tab goes on to the buttons beside; a modifier alone is the beginning of a press.
    if (key === '' || key === 'Tab' || key === 'Shift+Tab') return
    event.preventDefault()
    event.stopPropagation()
    if (event.repeat) return
    if (key === 'Escape') return done()
    const why = refusal(id, key)
    const holders = holdersOf(keymap, id, key)
    if (why !== undefined) onCapture({ id, at, refused: `${keyWords(key)}: ${why}` })
    else if (holders.length === 0) give(key)
    else onCapture({ id, at, pressed: { key, holders } })
  }
  if (pressed !== undefined) {
    const rows = pressed.holders.map(actionRow)
    const names = rows.map(row => t(row.name)).join(', ')
    return (
      <span className="keys-held" role="alertdialog" aria-label={t('This key is taken')}>
        <span className="attention">
          {t('{{key}} is {{holders}}.', {
            key: keyWords(pressed.key),
            holders: rows.map(row => `${t(row.name)} (${t(row.group)})`).join(', '),
          })}
        </span>
        <button
          type="button"
          // biome-ignore lint/a11y/noAutofocus: the key was just pressed here.
          autoFocus
          title={shown === '' ? t('{{names}} without it', { names }) : `${names}: ${shown}`}
          onClick={() => give(pressed.key)}
        >
          {shown === '' ? t('Take it') : t('Swap')}
        </button>
        <button type="button" onClick={done}>
          {t('Cancel')}
        </button>
      </span>
    )
  }
  return (
    <span className="keys-held" data-takes-keys>
      {refused !== undefined && (
        <span className="attention" role="alert">
          {refused}
        </span>
      )}
      <button
        type="button"
        className="key"
        aria-label={t('Press a key for {{name}}', { name })}
        title={t('Press the key, Esc leaves it as it is')}
        aria-pressed="true"
        // biome-ignore lint/a11y/noAutofocus: it was just asked for.
        autoFocus
        onKeyDown={onKeyDown}
      >
        {t('Press a key')}
      </button>
      {shown !== '' && (
        <button
          type="button"
          onClick={() => {
            take(dropKey(choice, id, at), t('{{name}}: without {{shown}}', { name, shown }))
            done()
          }}
        >
          {t('Remove {{shown}}', { shown })}
        </button>
      )}
      <button type="button" onClick={done}>
        {t('Cancel')}
      </button>
    </span>
  )
}
