import { useEffect, useState } from 'react'
import type { AuditEventName, AuditRecord } from '../../shared/audit.ts'
import type { CallOut } from '../../shared/contract.ts'
import { auditAddress, call, fetchAudit } from '../client.ts'
import { heard, msg, t } from '../i18n/index.ts'
import { announce, announceFailure, copyText, countImages, formatMoment, showControls } from '../ui/index.ts'

type Page = CallOut<'audit.list'>
type Chain = CallOut<'audit.verify'>

/** What has been typed so far is looked for so much later. */
const TYPED_MS = 250

const WHAT: Record<AuditEventName, string> = {
  applicationActivity: msg('Station'),
  auditLogUsed: msg('Audit trail'),
  beginTransferring: msg('Transfer begun'),
  instancesAccessed: msg('Seen'),
  instancesTransferred: msg('Transferred'),
  studyDeleted: msg('Deleted'),
  export: msg('Exported'),
  import: msg('Imported'),
  procedureRecord: msg('Procedure'),
  query: msg('Searched'),
  securityAlert: msg('Security'),
  userAuthentication: msg('Came in'),
}
const CHANGED: Partial<Record<AuditRecord['action'], string>> = { U: msg('Changed'), D: msg('Deleted') }
const DOORS: Record<AuditRecord['door'], string> = {
  dimse: 'DICOM',
  dicomweb: 'DICOMweb',
  counter: msg('Workstation'),
  import: msg('Import'),
  station: msg('Station'),
}
const OUTCOMES: Record<AuditRecord['outcome'], string> = {
  0: msg('done'),
  4: msg('failed'),
  8: msg('failed'),
  12: msg('failed'),
}

function whatOf({ event, type, action, outcome }: AuditRecord): string {
  if (event === 'instancesAccessed') return CHANGED[action] ?? WHAT[event]
  if (event === 'userAuthentication' && outcome !== 0) return msg('Not let in')
  if (type === 'applicationStart') return msg('Started')
  if (type === 'applicationStop') return msg('Stopped')
  return WHAT[event]
}

function outcomeOf({ event, outcome }: AuditRecord): string {
  const isDoor = event === 'securityAlert' || event === 'userAuthentication'
  return outcome === 4 && isDoor ? msg('refused') : OUTCOMES[outcome]
}

/** Who did what with whose images: the trail, whether its chain holds, and how to have it as a file. */
export function AuditPage() {
  const [text, setText] = useState('')
  const [page, setPage] = useState<Page>()
  const [failed, setFailed] = useState(false)
  const [again, setAgain] = useState(0)
  const [checking, setChecking] = useState(false)
  const [chain, setChain] = useState<Chain>()
  const check = async () => {
    setChecking(true)
    try {
      setChain(await call('audit.verify', {}))
    } catch (thrown) {
      announceFailure('The chain could not be checked.', thrown)
    }
    setChecking(false)
  }
  // biome-ignore lint/correctness/useExhaustiveDependencies: `again` asks for the same list anew.
  useEffect(() => {
    const aborted = new AbortController()
    const timer = setTimeout(
      () => {
        call('audit.list', { text }, aborted.signal).then(
          found => {
            setPage(found)
            setFailed(false)
          },
          thrown => {
            if (aborted.signal.aborted) return
            setFailed(true)
            announceFailure('The audit trail could not be read.', thrown)
          },
        )
      },
      text === '' ? 0 : TYPED_MS,
    )
    return () => {
      clearTimeout(timer)
      aborted.abort()
    }
  }, [text, again])
  const lookFurther = async () => {
    if (!page?.next) return
    try {
      const older = await call('audit.list', { text, before: page.next })
      setPage({ ...older, records: [...page.records, ...older.records] })
    } catch (thrown) {
      announceFailure('The audit trail could not be read.', thrown)
    }
  }
  return (
    <section className="settings-page audit" aria-label={t('Audit')}>
      <div className="keys-bar">
        <input
          type="search"
          aria-label={t('Who, what, patient ID or study')}
          placeholder={t('Who, what, patient ID or study')}
          maxLength={200}
          value={text}
          onChange={event => setText(event.target.value)}
        />
        <button type="button" onClick={() => setAgain(now => now + 1)} title={t('Read the newest records')}>
          {t('Read again')}
        </button>
        <button
          type="button"
          disabled={checking}
          onClick={() => void check()}
          title={t('Read every record and see whether one was changed, taken out or put in')}
        >
          {t('Check the chain')}
        </button>
      </div>
      <output className={`audit-verdict ${chain?.broken ? 'failure' : 'quiet'}`}>{verdictOf(checking, chain)}</output>
      <div className="keys-list">
        {failed && <p className="failure">{t('The audit trail could not be read. Try “Read again”.')}</p>}
        {!failed && page?.records.length === 0 && page.next === null && (
          <p className="quiet">{text === '' ? t('Nothing is recorded yet.') : t('No record has these words.')}</p>
        )}
        {page !== undefined && page.records.length > 0 && (
          <table className="access-table audit-table">
            <thead>
              <tr>
                <th>{t('When')}</th>
                <th>{t('Who')}</th>
                <th>{t('What')}</th>
                <th>{t('Patient ID, study')}</th>
                <th>{t('By')}</th>
                <th>{t('Outcome')}</th>
              </tr>
            </thead>
            <tbody>
              {page.records.map(record => (
                <Row key={record.seq} of={record} />
              ))}
            </tbody>
          </table>
        )}
        {page?.next != null && (
          <p>
            <button type="button" onClick={() => void lookFurther()}>
              {t('Look further back')}
            </button>
          </p>
        )}
      </div>
      <Export />
      {page?.syslog && (
        <p className={page.syslog.trouble === '' ? 'keys-note quiet' : 'keys-note attention'}>
          {t('The collector {{to}} has {{sent}} of {{all}} records', {
            to: page.syslog.to,
            sent: page.syslog.sent.toLocaleString(),
            all: page.last.toLocaleString(),
          })}
          {page.syslog.trouble !== '' && t('; it is not reached: {{trouble}}', { trouble: page.syslog.trouble })}
        </p>
      )}
    </section>
  )
}

/** As the station writes down who had no key of his own. */
const MAIN_KEY = msg('main key')

function Row({ of }: { of: AuditRecord }) {
  const { at, participants, text, count, study, door, outcome, seq, station } = of
  const others = participants.filter(({ UserID }) => UserID !== station)
  const nameOf = (user: string) => (user === MAIN_KEY ? t(MAIN_KEY) : user)
  const who = others.map(({ UserID, address }) =>
    address ? `${nameOf(UserID) || t('somebody')} (${address})` : nameOf(UserID),
  )
  const images = Object.values(study?.instances ?? {}).reduce((sum, number) => sum + number, 0)
  const words = [
    images > 0 ? countImages(images) : '',
    heard(text),
    count > 1 ? t('{{number}} times', { number: count }) : '',
  ]
  const said = showControls(words.filter(Boolean).join('; '))
  return (
    <tr>
      <td className="quiet" title={t('{{at}}, record {{seq}}', { at: new Date(at).toISOString(), seq })}>
        {formatMoment(at)}
      </td>
      <td title={who.join(', ')}>{showControls(who.join(' → ')) || t('the station')}</td>
      <td title={said}>
        {t(whatOf(of))}
        {said !== '' && <span className="quiet"> {said}</span>}
      </td>
      <td className="id" title={study?.StudyInstanceUID}>
        {study !== undefined && (
          <>
            <span className="selectable">{showControls(study.PatientID) || t('unknown')}</span>{' '}
            <span className="quiet selectable">{study.StudyInstanceUID}</span>
          </>
        )}
      </td>
      <td className="quiet">{t(DOORS[door])}</td>
      <td className={outcome === 0 ? 'quiet' : 'attention'}>{t(outcomeOf(of))}</td>
    </tr>
  )
}

function verdictOf(checking: boolean, chain: Chain | undefined): string {
  if (checking) return t('Checking…')
  if (!chain) return ''
  const { broken, records } = chain
  if (broken)
    return t('{{file}}, line {{line}}: {{what}}.', {
      file: broken.file,
      line: String(broken.line),
      what: heard(broken.sentence),
    })
  return t('All {{number}} records are as they were written.', { number: records })
}

/** Days as the user's calendar has them; '' = open. */
function Export() {
  const [from, setFrom] = useState('')
  const [to, setTo] = useState('')
  const span = { from: momentOf(from, 0), to: momentOf(to, 1) }
  const copy = async () => {
    try {
      await copyText(await fetchAudit({ ...span, format: 'ndjson' }))
      announce('The records are on the clipboard')
    } catch (thrown) {
      announceFailure('The records could not be copied.', thrown)
    }
  }
  return (
    <div className="keys-bar">
      <span className="quiet">{t('Export from')}</span>
      <input type="date" aria-label={t('First day')} value={from} onChange={event => setFrom(event.target.value)} />
      <span className="quiet">{t('to')}</span>
      <input type="date" aria-label={t('Last day')} value={to} onChange={event => setTo(event.target.value)} />
      <a
        href={auditAddress({ ...span, format: 'ndjson' })}
        download
        title={t('A record a line, with the hashes of the chain')}
      >
        NDJSON
      </a>
      <a href={auditAddress({ ...span, format: 'xml' })} download title={t('The messages of DICOM PS3.15 A.5')}>
        XML
      </a>
      <button type="button" className="bare" onClick={() => void copy()} title={t('As NDJSON, onto the clipboard')}>
        {t('Copy')}
      </button>
    </div>
  )
}

/** The beginning of a day here, or of one some days later, as ISO 8601; '' of none. */
function momentOf(day: string, later: number): string {
  const [year, month, date] = day.split('-').map(Number)
  if (!year || !month || !date) return ''
  return new Date(year, month - 1, date + later).toISOString()
}
