import { useVirtualizer } from '@tanstack/react-virtual'
import { type KeyboardEvent, useCallback, useEffect, useRef, useState } from 'react'
import type { DeadLetter } from '../../shared/sync.ts'
import { call } from '../client.ts'
import { heard, t, whyOf } from '../i18n/index.ts'
import { Dialog, formatDate, formatMoment, PersonName, useTextSize } from '../ui/index.ts'
import { type Letters, letterKey, readMore } from './letters.ts'
import { showCustody, subjectOf } from './requests.ts'
import { sendAgain, useSync } from './syncStore.ts'
import { asSentence } from './words.ts'

const NONE: Letters = { letters: [], complete: false }
/** So near to the end of what is here, the next page is read. */
const AHEAD = 50

/** Everything that was refused for good, of all studies: why, and what sends it again. It stands still while it is read. */
export function RefusedDialog({ destination: first, onClose }: { destination: string; onClose: () => void }) {
  const destinations = useSync(sync => sync.destinations) ?? []
  const [destination, setDestination] = useState(first)
  const { letters, complete, trouble, more, refresh, drop } = useLetters(destination)
  const chosen = destinations.filter(({ name, dead }) => dead > 0 && (destination === '' || name === destination))
  const total = chosen.reduce((sum, one) => sum + one.dead, 0)
  // What was counted when the list was read, less what has gone since: what is above that is not in it.
  const [counted, setCounted] = useState(Number.POSITIVE_INFINITY)
  // biome-ignore lint/correctness/useExhaustiveDependencies: of another destination it is counted anew.
  useEffect(() => setCounted(before => Math.min(before, total)), [total, destination])
  const newer = Math.max(0, total - counted)
  const readAgain = async () => {
    setCounted(total)
    await refresh()
  }
  const again = async (letter: DeadLetter) => {
    const sent = await sendAgain(letter.destination, { contentIds: [letter.contentId] })
    if (sent !== undefined) drop(letter)
  }
  const allAgain = async () => {
    for (const { name } of chosen) if ((await sendAgain(name)) === undefined) return
    await readAgain()
  }
  return (
    <Dialog
      title="Refused by archives"
      className="refused"
      onClose={onClose}
      foot={
        <button
          type="button"
          disabled={total === 0}
          onClick={() => void allAgain()}
          title={t('Everything listed here, once what was wrong is put right')}
        >
          {total > 1
            ? t('Send all {{toLocaleString}} again', { toLocaleString: total.toLocaleString() })
            : t('Send all again')}
        </button>
      }
    >
      <div className="central-line">
        <select
          aria-label={t('Destination')}
          data-first-focus
          value={destination}
          onChange={event => {
            setCounted(Number.POSITIVE_INFINITY)
            setDestination(event.target.value)
          }}
        >
          <option value="">{t('All destinations')}</option>
          {destinations.map(({ name }) => (
            <option key={name}>{name}</option>
          ))}
        </select>
        <span className="quiet" role="status">
          {letters.length > 0 && t('{{images}} refused', { images: Math.max(total, letters.length).toLocaleString() })}
        </span>
        {newer > 0 && (
          <button type="button" className="pill" onClick={() => void readAgain()} title={t('Read the list again')}>
            {t('{{letters}} new', { letters: newer.toLocaleString() })}
          </button>
        )}
        <span className="spring" />
        {trouble !== '' && (
          <>
            <span className="attention truncate" role="alert">
              {letters.length > 0 && t('This is what the station last said. ')}
              {trouble}
            </span>
            <button type="button" onClick={() => void readAgain()} title={t('Ask the station again')}>
              {t('Read again')}
            </button>
          </>
        )}
      </div>
      <LetterList letters={letters} complete={complete} loading={trouble === ''} onAgain={again} onMore={more} />
    </Dialog>
  )
}

/** Pages of what was refused, by destination ('' = all). */
function useLetters(destination: string) {
  const [{ letters, complete }, setState] = useState(NONE)
  const [trouble, setTrouble] = useState('')
  const current = useRef({ destination, running: false })
  /** Sent again since the list was read from its beginning: a page that was on its way may still have them. */
  const dropped = useRef(new Set<string>())
  const read = useCallback(
    async (known: DeadLetter[]) => {
      const mine = current.current
      if (mine.running) return
      mine.running = true
      if (known.length === 0) dropped.current.clear()
      try {
        const next = await readMore(wanted => call('sync.dead', wanted), destination, known)
        if (current.current !== mine) return
        setState({ ...next, letters: next.letters.filter(letter => !dropped.current.has(letterKey(letter))) })
        setTrouble('')
      } catch (thrown) {
        if (current.current === mine) setTrouble(whyOf(thrown))
      } finally {
        mine.running = false
      }
    },
    [destination],
  )
  useEffect(() => {
    current.current = { destination, running: false }
    setState(NONE)
    void read([])
  }, [destination, read])
  return {
    letters,
    complete,
    trouble,
    more: useCallback(() => void read(letters), [read, letters]),
    refresh: () => read([]),
    drop: (letter: DeadLetter) => {
      dropped.current.add(letterKey(letter))
      setState(state => ({
        ...state,
        letters: state.letters.filter(other => letterKey(other) !== letterKey(letter)),
      }))
    },
  }
}

function LetterList(props: {
  letters: DeadLetter[]
  complete: boolean
  loading: boolean
  onAgain: (letter: DeadLetter) => Promise<void>
  onMore: () => void
}) {
  const { letters, complete, loading, onAgain, onMore } = props
  const scroller = useRef<HTMLDivElement>(null)
  const row = useTextSize(size => size.row)
  const height = 2 * row
  const virtual = useVirtualizer({
    count: letters.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => height,
    overscan: 8,
  })
  // biome-ignore lint/correctness/useExhaustiveDependencies: another size of the text is another height of all rows.
  useEffect(() => virtual.measure(), [height])
  const shown = virtual.getVirtualItems()
  const last = shown.at(-1)?.index ?? -1
  useEffect(() => {
    if (!complete && letters.length > 0 && last >= letters.length - AHEAD) onMore()
  }, [complete, letters.length, last, onMore])
  /** The row whose button gets the focus once it is drawn. */
  const wanted = useRef(-1)
  useEffect(() => {
    if (wanted.current === -1) return
    const button = scroller.current?.querySelector<HTMLElement>(`[data-letter="${wanted.current}"] .again`)
    if (!button) return
    wanted.current = -1
    button.focus({ preventScroll: true })
  })
  const goTo = (index: number) => {
    wanted.current = Math.max(0, Math.min(letters.length - 1, index))
    virtual.scrollToIndex(wanted.current)
    const button = scroller.current?.querySelector<HTMLElement>(`[data-letter="${wanted.current}"] .again`)
    button?.focus({ preventScroll: true })
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 0) / height) - 1)
    const step = {
      ArrowDown: 1,
      ArrowUp: -1,
      PageDown: page,
      PageUp: -page,
      Home: -letters.length,
      End: letters.length,
    }
    const delta = step[event.key as keyof typeof step]
    if (delta === undefined) return
    event.preventDefault()
    const here = event.target instanceof Element ? event.target.closest<HTMLElement>('[data-letter]') : null
    goTo(here === null ? 0 : Number(here.dataset.letter) + delta)
  }
  return (
    // biome-ignore lint/a11y/useSemanticElements: rows of a virtual list cannot be those of an <ul>; the roles say what they are.
    <div
      className="refused-list"
      ref={scroller}
      role="list"
      aria-label={t('Refused images')}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: it is scrolled and walked by keys.
      tabIndex={0}
      onKeyDown={onKeyDown}
    >
      {letters.length === 0 && !complete && loading && <div className="skeleton custody-skeleton" />}
      {letters.length === 0 && complete && (
        <p className="quiet refused-none">
          {t(
            'Nothing was refused. What an archive refuses for good stands here with its reason, and stays on this station; it is sent again when you say so.',
          )}
        </p>
      )}
      <div style={{ height: virtual.getTotalSize(), position: 'relative' }}>
        {shown.map(({ index, start }) => {
          const letter = letters[index]
          if (letter === undefined) return null
          return (
            <LetterRow
              key={letterKey(letter)}
              letter={letter}
              index={index}
              top={start}
              height={height}
              onAgain={async () => {
                wanted.current = Math.min(index, letters.length - 2)
                await onAgain(letter)
              }}
            />
          )
        })}
      </div>
    </div>
  )
}

function LetterRow(props: {
  letter: DeadLetter
  index: number
  top: number
  height: number
  onAgain: () => Promise<void>
}) {
  const { letter, index, top, height, onAgain } = props
  const { PatientName, lang, PatientID, StudyDate, StudyDescription, Modality, reason, destination, at, attempts } =
    letter
  return (
    // biome-ignore lint/a11y/useSemanticElements: see the list.
    <div className="refused-row" role="listitem" data-letter={index} style={{ top, height }}>
      <div className="refused-words">
        <div className="refused-line">
          <PersonName value={PatientName || 'Unknown patient'} lang={lang} />
          <span className="id quiet">{PatientID}</span>
          <span className="quiet truncate">
            {formatDate(StudyDate)} {Modality} <bdi dir="auto">{StudyDescription}</bdi>
          </span>
        </div>
        <div className="refused-line">
          <span className="attention truncate selectable" title={heard(reason)}>
            {asSentence(heard(reason))}
          </span>
        </div>
      </div>
      <div className="refused-where quiet">
        <div className="truncate">{destination}</div>
        <div>
          {formatMoment(at)}
          {attempts > 1 && t(' · {{attempts}} tries', { attempts })}
        </div>
      </div>
      <button type="button" onClick={() => showCustody(subjectOf(letter))} title={t('Where its study is')}>
        {t('Study…')}
      </button>
      <button
        type="button"
        className="again"
        onClick={() => void onAgain()}
        title={t('Once what was wrong is put right (Enter)')}
      >
        {t('Send again')}
      </button>
    </div>
  )
}
