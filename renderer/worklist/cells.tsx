import { CircleDot, TriangleAlert } from 'lucide-react'
import type { ReactNode } from 'react'
import type { ReadingStatus, StudySummary } from '../../shared/contract.ts'
import {
  describeDate,
  describeFlag,
  formatAge,
  formatDate,
  formatMoment,
  formatTime,
  PersonName,
  showControls,
} from '../ui/index.ts'
import { PRIORITY_WORDS } from './readingStatus.ts'
import { shownUser } from './users.ts'

interface Cell {
  className?: string
  title?: (study: StudySummary) => string
  show: (study: StudySummary) => ReactNode
}

const STATUS_WORDS: Record<ReadingStatus, string> = { new: 'New', opened: 'Opened, not read', read: 'Read' }

function describeStatus({ reading, openBy }: StudySummary): string {
  const by = reading.by === '' ? '' : ` by ${shownUser(reading.by)}`
  const at = reading.at === null || reading.status === 'new' ? '' : `, ${formatMoment(reading.at)}`
  return `${STATUS_WORDS[reading.status]}${reading.status === 'new' ? '' : by}${at}${describeOpen(openBy)}`
}

function describeOpen(openBy: string[]): string {
  return openBy.length === 0 ? '' : `\nOpen now: ${openBy.map(shownUser).join(', ')}`
}

/** A shape for each status, as colour alone is none: full, hollow, none. */
function StatusMark({ study }: { study: StudySummary }) {
  const { status } = study.reading
  return (
    <span className="status-mark" role="img" data-status={status} aria-label={describeStatus(study)}>
      {study.openBy.length > 0 && <CircleDot aria-hidden />}
    </span>
  )
}

/** Text as it was sent: isolated from the direction around it, controls shown. */
function text(value: string, lang: string): ReactNode {
  return value === '' ? null : (
    <bdi dir="auto" lang={lang || undefined}>
      {showControls(value)}
    </bdi>
  )
}

/** What each column shows of a study. */
export const CELLS: Record<string, Cell> = {
  status: { title: describeStatus, show: study => <StatusMark study={study} /> },
  priority: {
    className: 'priority',
    show: ({ priority }) =>
      priority === 'routine' ? null : <span data-priority={priority}>{PRIORITY_WORDS[priority]}</span>,
  },
  name: {
    className: 'truncate strong',
    show: study => (
      <>
        <PersonName value={study.PatientName} lang={study.lang} />
        {study.openBy.length > 0 && <span className="open-mark"> open: {study.openBy.map(shownUser).join(', ')}</span>}
      </>
    ),
  },
  id: {
    className: 'truncate id',
    title: study => study.IssuerOfPatientID,
    show: study => showControls(study.PatientID),
  },
  birth: {
    className: 'clip',
    title: study => describeDate(study.PatientBirthDate),
    show: study => (
      <>
        {formatDate(study.PatientBirthDate)}
        <span className="quiet"> {formatAge(study.PatientBirthDate, study.StudyDate, study.PatientAge)}</span>
      </>
    ),
  },
  sex: { show: study => study.PatientSex },
  date: {
    className: 'clip',
    title: study => describeDate(study.StudyDate),
    show: study => (
      <>
        {formatDate(study.StudyDate)} <span className="quiet">{formatTime(study.StudyTime)}</span>
      </>
    ),
  },
  arrived: { className: 'clip', show: study => formatMoment(study.lastReceived) },
  modality: { className: 'truncate', show: study => study.ModalitiesInStudy.join(' ') },
  bodyPart: { className: 'truncate', show: study => text(study.BodyPartExamined.join(', '), study.lang) },
  description: {
    className: 'truncate',
    show: study => (
      <>
        {/* Before the text: however narrow the column, it is not cut off. */}
        {study.synthetic && <span className="synthetic-mark">SYNTHETIC</span>}
        {text(study.StudyDescription, study.lang)}
      </>
    ),
  },
  accession: { className: 'truncate id', show: study => showControls(study.AccessionNumber) },
  images: {
    className: 'number',
    title: study => `${study.NumberOfStudyRelatedSeries} series`,
    show: study => study.NumberOfStudyRelatedInstances,
  },
  priors: { className: 'number', show: study => (study.priors === 0 ? null : study.priors) },
  institution: { className: 'truncate', show: study => text(study.InstitutionName, study.lang) },
  station: { className: 'truncate', show: study => text(study.StationName.join(', '), study.lang) },
  referrer: {
    className: 'truncate',
    show: study =>
      study.ReferringPhysicianName === '' ? null : (
        <PersonName value={study.ReferringPhysicianName} lang={study.lang} />
      ),
  },
  from: { className: 'truncate id', show: study => study.sendingAET },
  flags: {
    title: study => study.flags.map(describeFlag).join('\n'),
    show: study =>
      study.flags.length > 0 && (
        <span className="attention flag" role="img" aria-label={study.flags.map(describeFlag).join('; ')}>
          <TriangleAlert aria-hidden />
        </span>
      ),
  },
}
