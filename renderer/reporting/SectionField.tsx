import { type KeyboardEvent, type ReactNode, useLayoutEffect, useRef, useState } from 'react'
import { figureWords, replaced, withText } from '../../shared/reporting/edit.ts'
import { type Field, fieldsOf, nextField } from '../../shared/reporting/fields.ts'
import { type Macros, macroAt } from '../../shared/reporting/macros.ts'
import type { FigureLink, ReportSection } from '../../shared/reporting/report.ts'
import { t } from '../i18n/index.ts'
import { Choices } from './Choices.tsx'
import type { MarkOffer } from './reportImages.ts'

/** What inserts a measurement, with the dot: no macro can be called so. */
const MEASURE = 'm'

type Popup =
  | { kind: 'field'; field: Field; at: number }
  | { kind: 'marks'; from: number; offers: MarkOffer[]; at: number }

interface Span {
  from: number
  to: number
}

/** The text under the text: figures and fields are marked where they stand. */
function Backdrop({ text, links }: Pick<ReportSection, 'text' | 'links'>) {
  const spans = [
    ...links.map(({ from, to }) => ({ from, to, kind: 'figure' })),
    ...fieldsOf(text).map(({ from, to }) => ({ from, to, kind: 'field' })),
  ].sort((a, b) => a.from - b.from)
  const parts: ReactNode[] = []
  let at = 0
  for (const { from, to, kind } of spans) {
    if (from < at) continue
    parts.push(text.slice(at, from))
    parts.push(
      <mark key={from} data-kind={kind}>
        {text.slice(from, to)}
      </mark>,
    )
    at = to
  }
  return (
    <div className="report-backdrop" aria-hidden>
      {parts}
      {text.slice(at)}{' '}
    </div>
  )
}

/** One section as it is written: plain text, in which fields are walked by Tab, macros open and figures stay linked. */
export function SectionField(props: {
  section: ReportSection
  macros: Macros
  offers: () => MarkOffer[]
  onChange: (section: ReportSection) => void
  onShow: (link: FigureLink) => void
  /** Tab went out of the last (first) field: true where another section took it. */
  onLeave: (backwards: boolean) => boolean
}) {
  const { section, macros, offers, onChange, onShow, onLeave } = props
  const { text, links } = section
  const area = useRef<HTMLTextAreaElement>(null)
  const [popup, setPopup] = useState<Popup>()
  /** What the next input makes of the section, where that is more than its text. */
  const meant = useRef<Pick<ReportSection, 'text' | 'links'>>(undefined)
  const caret = useRef<Span>({ from: 0, to: 0 })

  // A figure that changes while it is written on moves the caret with its text.
  useLayoutEffect(() => {
    const own = area.current
    if (own === null || own.value === text) return
    const before = own.value
    const { from, to } = caret.current
    own.value = text
    const by = text.length - before.length
    const moves = (at: number) => (text.slice(0, at) === before.slice(0, at) ? at : Math.max(0, at + by))
    if (document.activeElement === own) own.setSelectionRange(moves(from), moves(to))
  }, [text])

  /** As if it were typed: the field's own undo takes it back. */
  function put(span: Span, words: string, figure?: Omit<FigureLink, 'from' | 'to'>): void {
    const own = area.current
    if (own === null) return
    meant.current = replaced({ text: own.value, links }, span, words, figure)
    own.focus()
    own.setSelectionRange(span.from, span.to)
    document.execCommand('insertText', false, words)
  }

  function selectField(field: Field): void {
    area.current?.setSelectionRange(field.from, field.to)
    setPopup(field.choices.length > 0 ? { kind: 'field', field, at: 0 } : undefined)
  }

  function walk(backwards: boolean): boolean {
    const own = area.current
    if (own === null) return false
    const field = nextField(own.value, { from: own.selectionStart, to: own.selectionEnd }, backwards)
    setPopup(undefined)
    if (field === undefined) return onLeave(backwards)
    selectField(field)
    return true
  }

  /** The macro before the caret opens. Undefined: there is none; else whether a field of it is selected. */
  function expand(): boolean | undefined {
    const own = area.current
    if (own === null || own.selectionStart !== own.selectionEnd) return undefined
    const at = own.selectionStart
    const known = macroAt(own.value, at, { ...macros, [MEASURE]: '' })
    if (known === undefined) return undefined
    if (known.to - known.from === MEASURE.length + 1 && known.words === '') {
      const here = offers()
      put(known, '')
      setPopup({ kind: 'marks', from: known.from, offers: here, at: 0 })
      return true
    }
    put(known, known.words)
    const field = fieldsOf(own.value).find(one => one.from >= known.from && one.to <= known.from + known.words.length)
    if (field !== undefined) selectField(field)
    return field !== undefined
  }

  function take(index: number): void {
    if (popup === undefined) return
    setPopup(undefined)
    if (popup.kind === 'field') {
      const choice = popup.field.choices[index]
      if (choice === undefined) return
      put(popup.field, choice)
      walk(false)
      return
    }
    const offer = popup.offers[index]
    if (offer === undefined) return
    let at = popup.from
    for (const [order, figure] of offer.figures.entries()) {
      if (order > 0) {
        // Two axes make a size; what is measured in an area is no factor of it.
        const between = figure.unit === offer.figures[0]?.unit ? ' × ' : `, ${figure.name.toLowerCase()} `
        putPlain(at, between)
        at += between.length
      }
      const words = figureWords(figure)
      putLinked(at, words, figure)
      at += words.length
    }
    if (offer.note !== '') putPlain(at, ` (${offer.note})`)
  }

  /** Links as they are after the input before: React has not rendered it yet. */
  const newest = useRef(links)
  newest.current = links
  function putLinked(at: number, words: string, figure?: Omit<FigureLink, 'from' | 'to'>): void {
    const own = area.current
    if (own === null) return
    const made = replaced({ text: own.value, links: newest.current }, { from: at, to: at }, words, figure)
    meant.current = made
    own.focus()
    own.setSelectionRange(at, at)
    document.execCommand('insertText', false, words)
    newest.current = made.links
  }
  const putPlain = (at: number, words: string) => putLinked(at, words)

  function onKeyDown(event: KeyboardEvent<HTMLTextAreaElement>): void {
    const { key, ctrlKey, altKey, metaKey, shiftKey } = event
    if (event.nativeEvent.isComposing || ctrlKey || altKey || metaKey) return
    const own = event.currentTarget
    if (popup !== undefined) {
      const count = popup.kind === 'field' ? popup.field.choices.length : popup.offers.length
      if (key === 'ArrowDown' || key === 'ArrowUp') {
        event.preventDefault()
        setPopup({ ...popup, at: (popup.at + (key === 'ArrowDown' ? 1 : count - 1)) % Math.max(1, count) })
        return
      }
      if (key === 'Enter' || (/^[1-9]$/.test(key) && Number(key) <= count)) {
        event.preventDefault()
        take(key === 'Enter' ? popup.at : Number(key) - 1)
        return
      }
      if (key === 'Escape') {
        event.preventDefault()
        setPopup(undefined)
        return
      }
    }
    if (key === 'Tab') {
      const opened = shiftKey ? undefined : expand()
      if (opened !== undefined || walk(shiftKey)) event.preventDefault()
    } else if (key === ' ' && expand() === true) {
      event.preventDefault()
    } else if (key === 'Backspace' && own.selectionStart === own.selectionEnd) {
      // A figure goes as a whole: it is seen first what would go.
      const link = links.find(({ to }) => to === own.selectionStart)
      if (link === undefined) return
      event.preventDefault()
      own.setSelectionRange(link.from, link.to)
    }
  }

  return (
    <div className="report-section">
      <div className="report-field">
        <Backdrop text={text} links={links} />
        <textarea
          ref={area}
          aria-label={section.title}
          data-section={section.id}
          defaultValue={text}
          dir="auto"
          rows={1}
          spellCheck
          onKeyDown={onKeyDown}
          onSelect={event => {
            const { selectionStart, selectionEnd } = event.currentTarget
            caret.current = { from: selectionStart, to: selectionEnd }
            if (popup?.kind === 'field' && (selectionStart !== popup.field.from || selectionEnd !== popup.field.to)) {
              setPopup(undefined)
            }
          }}
          onBlur={() => setPopup(undefined)}
          onClick={event => {
            const own = event.currentTarget
            if (own.selectionStart !== own.selectionEnd) return
            const at = own.selectionStart
            const link = links.find(({ from, to }) => at >= from && at < to)
            if (link === undefined) return
            own.setSelectionRange(link.from, link.to)
            onShow(link)
          }}
          onInput={event => {
            const { value } = event.currentTarget
            const made =
              meant.current?.text === value
                ? meant.current
                : withText({ text, links: newest.current }, value, event.currentTarget.selectionEnd)
            meant.current = undefined
            newest.current = made.links
            onChange({ ...section, ...made })
          }}
        />
      </div>
      {popup?.kind === 'field' && <Choices words={popup.field.choices} at={popup.at} onTake={take} />}
      {popup?.kind === 'marks' &&
        (popup.offers.length === 0 ? (
          <p className="quiet" role="status">
            {t('Nothing is measured in this study yet.')}
          </p>
        ) : (
          <Choices words={popup.offers.map(({ words }) => words)} at={popup.at} onTake={take} />
        ))}
    </div>
  )
}
