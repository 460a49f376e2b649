import { useEffect } from 'react'
import type { ObjectReference } from '../../../shared/viewing/documents/reference.ts'
import { type Report, type ReportItem, type ReportValue, readReport } from '../../../shared/viewing/documents/report.ts'
import { t } from '../../i18n/index.ts'
import { formatDate, formatTime, PersonName, showControls } from '../../ui/index.ts'
import type { ObjectAddress } from '../objects/readObject.ts'
import { useSession } from '../session.ts'
import { kindName } from './kinds.ts'
import { findReference, referenceWords, showReference, useRegion } from './references.ts'
import { reading, useRead } from './useObject.ts'
import { Waiting } from './Waiting.tsx'

const read = reading(readReport)

/** YYYYMMDDHHMMSS with what may follow. */
function momentWords(moment: string): string {
  return [formatDate(moment.slice(0, 8)), formatTime(moment.slice(8))].filter(Boolean).join(' ')
}

/** Line breaks of any system are breaks; other control characters are shown. */
function lines(text: string): string {
  return text
    .split(/\r\n?|\n/)
    .map(showControls)
    .join('\n')
}

/** A structured report in place, as a person reads it. */
export function ReportView({ address, pane }: { address: ObjectAddress; pane: string }) {
  const loaded = useRead(address, read)
  useEffect(() => () => useRegion.setState({ shown: undefined }), [])
  if (loaded.state !== 'here') return <Waiting loaded={loaded} />
  const report = loaded.value
  return (
    <article className="report">
      <h1>
        <bdi dir="auto">{report.title || t('Report')}</bdi>
      </h1>
      <Standing report={report} />
      <Items items={report.items} level={2} pane={pane} />
      {report.cut && <p className="attention">{t('This report is longer: the rest is not shown here.')}</p>}
    </article>
  )
}

/** Whether it is finished, who says so, and when: what a reader must know before believing it. */
function Standing({ report }: { report: Report }) {
  const { complete, completion, verified, preliminary, date, time, verifiers, authors, institution } = report
  const when = [formatDate(date), formatTime(time)].filter(Boolean).join(' ')
  return (
    <div className="report-standing">
      <span className={complete ? undefined : 'attention'}>{complete ? t('complete') : t('not complete')}</span>
      {completion !== '' && <span>{completion}</span>}
      <span className={verified ? undefined : 'attention'}>{verified ? t('verified') : t('not verified')}</span>
      {preliminary && <span className="attention">{t('preliminary')}</span>}
      {when !== '' && <span>{when}</span>}
      {institution !== '' && <bdi dir="auto">{institution}</bdi>}
      {authors.map(author => (
        <span key={author}>
          {t('by')} <PersonName value={author} lang="" />
        </span>
      ))}
      {verifiers.map(({ name, organization, moment }) => (
        <span key={`${name}${moment}`}>
          {t('verified by')} <PersonName value={name} lang="" />
          {[organization, momentWords(moment)].filter(Boolean).map(part => `, ${part}`)}
        </span>
      ))}
    </div>
  )
}

/** What only says of what and by whom the rest is: told, but quietly. */
const CONTEXT = /CONTEXT|CONCEPT MOD/

function Items({ items, level, pane }: { items: ReportItem[]; level: number; pane: string }) {
  return items.map((item, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: an item is its place in the report.
    <Item key={index} item={item} level={level} pane={pane} />
  ))
}

function Item({ item, level, pane }: { item: ReportItem; level: number; pane: string }) {
  const { name, value, items, relationship } = item
  if (value.kind === 'container') {
    const Heading = `h${Math.min(6, level)}` as 'h2'
    return (
      <section className="report-section" data-level={level}>
        {name !== '' && (
          <Heading>
            <bdi dir="auto">{name}</bdi>
          </Heading>
        )}
        <Items items={items} level={level + 1} pane={pane} />
      </section>
    )
  }
  const long = value.kind === 'text' && (value.text.length > 80 || /[\r\n]/.test(value.text))
  return (
    <div className={CONTEXT.test(relationship) ? 'report-item quiet' : 'report-item'} data-long={long ? '' : undefined}>
      {name !== '' && (
        <span className="report-name">
          <bdi dir="auto">{name}</bdi>
        </span>
      )}
      <span className="report-value">
        <Value value={value} pane={pane} />
      </span>
      {items.length > 0 && (
        <div className="report-inside">
          <Items items={items} level={level + 1} pane={pane} />
        </div>
      )}
    </div>
  )
}

function Value({ value, pane }: { value: ReportValue; pane: string }) {
  switch (value.kind) {
    case 'text':
      return <bdi dir="auto">{lines(value.text)}</bdi>
    case 'code':
      return (
        <bdi dir="auto" title={`${value.concept.value} (${value.concept.scheme})`}>
          {value.concept.meaning}
        </bdi>
      )
    case 'number':
      if (value.text === '') return <span className="quiet">{value.qualifier || t('no value')}</span>
      return (
        <span className="report-number">
          {value.text}
          {value.unit !== '' && ` ${value.unit}`}
          {value.qualifier !== '' && <span className="quiet"> {value.qualifier}</span>}
        </span>
      )
    case 'name':
      return <PersonName value={value.name} lang="" />
    case 'date':
      return formatDate(value.text)
    case 'time':
      return formatTime(value.text)
    case 'moment':
      return momentWords(value.text)
    case 'uid':
      return <span className="id quiet">{value.uid}</span>
    case 'place':
    case 'link':
      return <bdi dir="auto">{value.words}</bdi>
    case 'object':
      return <ImageLink reference={value.reference} pane={pane} />
    case 'region':
      if (value.reference === undefined) return value.region.kind.toLowerCase()
      return <ImageLink reference={value.reference} pane={pane} region={value.region} />
    case 'container':
      return null
  }
}

function ImageLink(props: {
  reference: ObjectReference
  pane: string
  region?: Extract<ReportValue, { kind: 'region' }>['region']
}) {
  const { reference, pane, region } = props
  // What is laid out later becomes a link then.
  useSession(session => session.stacks)
  const place = findReference(reference)
  const what = region === undefined ? '' : `${region.kind.toLowerCase()} on `
  if (place === undefined) {
    const name = kindName(reference.SOPClassUID)
    return (
      <span className="quiet" title={reference.SOPInstanceUID}>
        {what}
        {t('{{name}}, which is not here', { name })}
      </span>
    )
  }
  const frame = reference.frames.length > 0 && place.stack.entries[place.index]?.instance.NumberOfFrames !== 1
  return (
    <button
      type="button"
      className="report-link"
      title={t('Shows it beside this document')}
      onClick={() => showReference(pane, reference, region)}
    >
      {what}
      {referenceWords(place)}
      {frame && t(' frame {{frames}}', { frames: reference.frames.slice(0, 5).join(', ') })}
    </button>
  )
}
