import { useEffect, useState } from 'react'
import type { StudySummary } from '../../shared/contract.ts'
import type { RouteAnswer } from '../../shared/sync.ts'
import { call } from '../client.ts'
import { heard, t, whyOf } from '../i18n/index.ts'
import { formatDate, PersonName, walkButtons } from '../ui/index.ts'
import { replaced, useDestinations } from './destinationsStore.ts'
import { destinationOf } from './draft.ts'

const TYPING_MS = 150
const SHOWN = 6

/** Says where a study would go, and by which rule: by what stands in the form, before it is kept. */
export function RuleTester() {
  const { destinations, editing } = useDestinations()
  const [search, setSearch] = useState('')
  const [found, setFound] = useState<StudySummary[]>()
  const [study, setStudy] = useState<StudySummary>()
  const [answers, setAnswers] = useState<RouteAnswer[]>()
  const [trouble, setTrouble] = useState('')

  useEffect(() => {
    const stop = new AbortController()
    const timer = setTimeout(() => {
      call('studies.list', { search, limit: SHOWN }, stop.signal).then(
        ({ studies }) => {
          setFound(studies)
          setTrouble('')
        },
        thrown => !stop.signal.aborted && setTrouble(whyOf(thrown)),
      )
    }, TYPING_MS)
    return () => {
      clearTimeout(timer)
      stop.abort()
    }
  }, [search])

  const written = editing && destinationOf(editing.draft)
  const unfinished = written !== undefined && 'troubles' in written
  const all =
    written !== undefined && 'destination' in written
      ? replaced(destinations ?? [], written.destination, editing?.name)
      : (destinations ?? [])
  // What is asked, as one text: it is asked again when that changes.
  const asked = study && JSON.stringify({ StudyInstanceUID: study.StudyInstanceUID, destinations: all })
  useEffect(() => {
    if (asked === undefined) return
    const stop = new AbortController()
    const timer = setTimeout(() => {
      call('sync.test', JSON.parse(asked), stop.signal).then(
        said => {
          setAnswers(said.answers)
          setTrouble('')
        },
        thrown => !stop.signal.aborted && setTrouble(whyOf(thrown)),
      )
    }, TYPING_MS)
    return () => {
      clearTimeout(timer)
      stop.abort()
    }
  }, [asked])

  return (
    <section className="central-tester" aria-label={t('Rule tester')}>
      <h2>{t('Where would a study go?')}</h2>
      <div className="central-line">
        <input
          className="central-search"
          aria-label={t('Study to try the rules with')}
          placeholder={t('A study: name, ID, accession or description')}
          value={search}
          maxLength={200}
          spellCheck={false}
          onChange={event => setSearch(event.target.value)}
          onKeyDown={event => {
            // Not a form's field: Enter takes the first that is found.
            if (event.key === 'Enter' && found?.[0]) setStudy(found[0])
          }}
        />
        <span className="quiet">
          {unfinished
            ? t('What stands in the form is not whole yet: asked of the rules that hold.')
            : editing === undefined
              ? t('By the rules that hold.')
              : t('By what stands in the form.')}
        </span>
      </div>
      <div className="central-found">
        <div className="central-studies" role="toolbar" aria-label={t('Studies to try with')} onKeyDown={walkButtons}>
          {found?.map(one => (
            <button
              type="button"
              className="bare"
              key={one.id}
              aria-pressed={one.id === study?.id}
              title={`${t('Try the rules with this study (Enter)')}\n${one.StudyDescription}`}
              onClick={() => setStudy(one)}
            >
              <StudyWords study={one} />
            </button>
          ))}
          {found?.length === 0 && <div className="quiet">{t('No such study is here.')}</div>}
        </div>
        {study !== undefined && answers !== undefined && (
          <ul className="central-answers" aria-label={t('Where it would go')}>
            {answers.map(answer => (
              <li key={answer.destination}>
                <strong>{answer.destination}</strong> <span>{describeAnswer(answer)}</span>{' '}
                <span className="quiet">{heard(answer.why)}</span>
              </li>
            ))}
          </ul>
        )}
      </div>
      {trouble !== '' && (
        <div className="attention" role="alert">
          {trouble}
        </div>
      )}
    </section>
  )
}

function StudyWords({ study }: { study: StudySummary }) {
  return (
    <>
      <span className="truncate">
        <PersonName value={study.PatientName} lang={study.lang} />
      </span>
      <span className="id truncate">{study.PatientID}</span>
      <span>{formatDate(study.StudyDate)}</span>
      <span className="truncate">{study.ModalitiesInStudy.join(' ')}</span>
    </>
  )
}

function describeAnswer({ images, of, urgency }: RouteAnswer): string {
  if (images === 0 || urgency === null) return t('would get nothing of it.')
  const how = urgency === 'normal' ? '' : urgency === 'urgent' ? t(', before all else') : t(', in the quiet hours')
  return images < of
    ? t('would get {{images}} of its {{count}} images{{how}}.', { images, count: of, how })
    : t('would get all {{count}} images{{how}}.', { count: of, how })
}
