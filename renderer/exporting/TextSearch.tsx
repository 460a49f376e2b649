import { useEffect, useMemo, useRef, useState } from 'react'
import type { CallOut } from '../../shared/contract.ts'
import type { BlackArea } from '../../shared/deidentify/options.ts'
import { proposedAreas } from '../../shared/deidentify/proposeAreas.ts'
import type { ExportPlan, ImageText } from '../../shared/export.ts'
import { call } from '../client.ts'
import { t, whyOf } from '../i18n/index.ts'

type Series = ExportPlan['series'][number]

const isEmpty = ({ areas }: ImageText) => areas.length === 0

/** What was found in a series so far. */
interface Searched {
  series: Series
  images: ImageText[]
  failed: number
}

/** Searches the pictures that would leave for text, and proposes what may be made black. It reads nothing, and a person looks. */
export function TextSearch(props: { series: ExportPlan['series']; onPropose: (areas: BlackArea[]) => void }) {
  const pictured = props.series.filter(one => one.pictured)
  const total = pictured.reduce((sum, { images }) => sum + images, 0)
  const [searched, setSearched] = useState<Searched[]>()
  const [running, setRunning] = useState<AbortController>()
  const [trouble, setTrouble] = useState('')
  const done = (searched ?? []).reduce((sum, { images, failed }) => sum + images.length + failed, 0)
  const last = useRef<AbortController>(undefined)
  useEffect(() => () => last.current?.abort(), [])
  const search = async () => {
    const stop = new AbortController()
    last.current = stop
    setRunning(stop)
    setTrouble('')
    const found: Searched[] = []
    try {
      for (const one of pictured) {
        const own: Searched = { series: one, images: [], failed: 0 }
        found.push(own)
        const { StudyInstanceUID, SeriesInstanceUID } = one
        for (let from: number | null = 0; from !== null && !stop.signal.aborted; ) {
          const part: CallOut<'export.findText'> = await call('export.findText', {
            StudyInstanceUID,
            SeriesInstanceUID,
            from,
          })
          own.images.push(...part.searched)
          own.failed += part.failed
          from = part.next
          setSearched([...found])
        }
      }
    } catch (thrown) {
      setTrouble(whyOf(thrown))
    }
    setRunning(undefined)
  }
  // Of thousands of images, and only when they were looked at.
  const proposed = useMemo(
    () =>
      running === undefined
        ? (searched ?? []).flatMap(({ series, images }) => proposedAreas(series.SeriesInstanceUID, images))
        : [],
    [running, searched],
  )
  const isClean = done === total && (searched ?? []).every(one => one.failed === 0 && one.images.every(isEmpty))
  if (total === 0) return null
  return (
    <div className="export-search">
      <div className="export-strips">
        {running === undefined ? (
          <button type="button" onClick={() => void search()}>
            {t('Look for text in the pictures')}
          </button>
        ) : (
          <button type="button" onClick={() => running.abort()}>
            {t('Cancel')}
          </button>
        )}
        {searched !== undefined && (
          <span className="quiet" role="status">
            {t('{{done}} of {{total}} images', { done, total })}
          </span>
        )}
        {proposed.length > 0 && (
          <button type="button" onClick={() => props.onPropose(proposed)}>
            {t('Propose black areas ({{number}})', { number: proposed.length })}
          </button>
        )}
      </div>
      {searched?.map(one => (
        <Found key={one.series.SeriesInstanceUID} searched={one} />
      ))}
      {searched !== undefined && running === undefined && done > 0 && (
        <div className="quiet">
          {isClean && <b>{t('No text was found.')} </b>}
          {t('Not all text is found, least of all small or handwritten: look at the pictures yourself.')}
        </div>
      )}
      {trouble !== '' && (
        <div className="failure selectable" role="alert">
          {trouble}
        </div>
      )}
    </div>
  )
}

function Found({ searched: { series, images, failed } }: { searched: Searched }) {
  const { Modality, SeriesDescription } = series
  const written = images.filter(image => !isEmpty(image)).length
  const name = [Modality, SeriesDescription].filter(Boolean).join(' · ')
  return (
    <>
      {written > 0 && (
        <div className="attention">
          {t('⚠ {{name}}: perhaps text in {{number}} of {{total}} images', {
            name,
            number: written,
            total: images.length,
          })}
        </div>
      )}
      {failed > 0 && (
        <div className="attention">
          {t('⚠ {{name}}: images that could not be searched: {{number}}', { name, number: failed })}
        </div>
      )}
    </>
  )
}
