import type { ReadingStatus, StudySummary } from '../../shared/contract.ts'
import { describeAway, describeCustody, shortCount } from '../central/index.ts'
import { msg, t } from '../i18n/index.ts'
import {
  describeCompleteness,
  describeDate,
  describeFlag,
  describeGroups,
  formatAge,
  formatDate,
  formatMoment,
  formatTime,
  showControls,
  shownName,
} from '../ui/index.ts'
import { PRIORITY_WORDS } from './readingStatus.ts'
import { check, circleDot, cloudUpload, pin, triangleAlert } from './rowIcons.ts'
import { shownUser } from './users.ts'

/** Writes a study into the nodes of one cell; undefined empties it. */
export type CellWriter = (study: StudySummary | undefined) => void

export interface Cell {
  className?: string
  /** On hover: reckoned when the pointer comes, as most cells never see one. */
  title?: (study: StudySummary) => string
  /** Makes a cell's nodes, once for each row of the screen; what it returns writes one study after the other into them. */
  make: (cell: HTMLElement) => CellWriter
}

const STATUS_WORDS: Record<ReadingStatus, string> = {
  new: msg('New'),
  opened: msg('Opened, not read'),
  read: msg('Read'),
}

function describeStatus({ reading, openBy }: StudySummary): string {
  const by = reading.by === '' ? '' : t(' by {{user}}', { user: shownUser(reading.by) })
  const at = reading.at === null || reading.status === 'new' ? '' : `, ${formatMoment(reading.at)}`
  return `${t(STATUS_WORDS[reading.status])}${reading.status === 'new' ? '' : by}${at}${describeOpen(openBy)}`
}

function describeOpen(openBy: string[]): string {
  return openBy.length === 0 ? '' : `\n${t('Open now: {{users}}', { users: openBy.map(shownUser).join(', ') })}`
}

/** What stands in it already costs no layout. */
function setText(node: Text, text: string): void {
  if (node.data !== text) node.data = text
}

function setAttribute(element: Element, name: string, value: string): void {
  if (element.getAttribute(name) !== value) element.setAttribute(name, value)
}

function append(parent: HTMLElement, kind: 'span' | 'bdi', className = ''): HTMLElement {
  const element = document.createElement(kind)
  if (className !== '') element.className = className
  parent.append(element)
  return element
}

function textIn(parent: HTMLElement): Text {
  const node = document.createTextNode('')
  parent.append(node)
  return node
}

/** One text. */
function plain(show: (study: StudySummary) => string): Cell['make'] {
  return cell => {
    const node = textIn(cell)
    return study => setText(node, study ? show(study) : '')
  }
}

/** A text and a second one that stands back behind it. */
function withQuiet(show: (study: StudySummary) => string, quiet: (study: StudySummary) => string): Cell['make'] {
  return cell => {
    const node = textIn(cell)
    const second = textIn(append(cell, 'span', 'quiet'))
    return study => {
      setText(node, study ? show(study) : '')
      setText(second, study ? ` ${quiet(study)}` : '')
    }
  }
}

/** Text as it was sent: isolated from the direction around it, controls shown. */
function isolated(show: (study: StudySummary) => string): Cell['make'] {
  return cell => {
    const bdi = append(cell, 'bdi')
    bdi.dir = 'auto'
    const node = textIn(bdi)
    return study => {
      setAttribute(bdi, 'lang', study?.lang ?? '')
      setText(node, study ? show(study) : '')
    }
  }
}

/** A shape for each status, as colour alone is none: full, hollow, none; with a dot in it while somebody has the study open. */
function statusMark(cell: HTMLElement): CellWriter {
  const mark = append(cell, 'span', 'status-mark')
  mark.setAttribute('role', 'img')
  return study => {
    mark.hidden = study === undefined
    if (study === undefined) return
    setAttribute(mark, 'data-status', study.reading.status)
    setAttribute(mark, 'aria-label', describeStatus(study))
    const open = study.openBy.length > 0
    if (open !== mark.hasChildNodes()) mark.replaceChildren(...(open ? [circleDot()] : []))
  }
}

const KEPT = msg('Kept here')

function patientName(cell: HTMLElement): CellWriter {
  const name = isolated(study => shownName(study.PatientName, study.lang))(cell)
  const none = textIn(append(cell, 'span', 'quiet'))
  const open = textIn(append(cell, 'span', 'open-mark'))
  const kept = append(cell, 'span', 'kept-mark quiet')
  kept.setAttribute('role', 'img')
  kept.setAttribute('aria-label', t(KEPT))
  kept.append(pin())
  return study => {
    kept.hidden = study?.kept !== true
    name(study)
    setText(none, study && shownName(study.PatientName, study.lang) === '' ? t('no name') : '')
    setText(
      open,
      study && study.openBy.length > 0
        ? ` ${t('open: {{readers}}', { readers: study.openBy.map(shownUser).join(', ') })}`
        : '',
    )
  }
}

function priorityMark(cell: HTMLElement): CellWriter {
  const mark = append(cell, 'span')
  const node = textIn(mark)
  return study => {
    const priority = study?.priority ?? 'routine'
    mark.hidden = priority === 'routine'
    setAttribute(mark, 'data-priority', priority)
    setText(node, mark.hidden ? '' : t(PRIORITY_WORDS[priority]))
  }
}

function description(cell: HTMLElement): CellWriter {
  // Before the text: however narrow the column, it is not cut off.
  const mark = append(cell, 'span', 'synthetic-mark')
  const node = textIn(mark)
  const text = isolated(study => showControls(study.StudyDescription))(cell)
  return study => {
    mark.hidden = !study?.synthetic
    setText(node, mark.hidden ? '' : 'SYNTHETIC')
    text(study)
  }
}

function flagMark(cell: HTMLElement): CellWriter {
  const mark = append(cell, 'span', 'attention flag')
  mark.setAttribute('role', 'img')
  mark.append(triangleAlert())
  return study => {
    mark.hidden = study === undefined || study.flags.length === 0
    if (study !== undefined) setAttribute(mark, 'aria-label', study.flags.map(describeFlag).join('; '))
  }
}

/** A tick where lists prove that all is here, an amber triangle where something is missing; what only looks complete is the usual. */
function imageCount(cell: HTMLElement): CellWriter {
  const mark = append(cell, 'span', 'completeness')
  mark.setAttribute('role', 'img')
  const node = textIn(cell)
  return study => {
    const verdict = study?.completeness?.verdict
    const shown = verdict === 'proved' || verdict === 'missing' ? verdict : ''
    mark.hidden = shown === ''
    setText(node, study ? String(study.NumberOfStudyRelatedInstances) : '')
    if (shown === '') return
    setAttribute(mark, 'aria-label', describeCompleteness(study?.completeness ?? null))
    if (mark.dataset.verdict === shown) return
    mark.dataset.verdict = shown
    mark.replaceChildren(shown === 'proved' ? check() : triangleAlert())
  }
}

function describeSender({ sendingAET, fromStranger }: StudySummary): string {
  return fromStranger
    ? t('{{sendingAET}} is no configured node\nSettings › Network says who it is', { sendingAET })
    : sendingAET
}

/** A line of dots under whoever is no node of ours: a shape that takes no room. */
function sender(cell: HTMLElement): CellWriter {
  const mark = append(cell, 'span')
  const node = textIn(mark)
  return study => {
    mark.classList.toggle('unknown-sender', study?.fromStranger === true)
    setText(node, study?.sendingAET ?? '')
  }
}

/** How much is not proved to be where it has to go, and nothing where all is: the rule. A click on it says more (StudyTable). */
function custodyChip(cell: HTMLElement): CellWriter {
  const chip = append(cell, 'span', 'custody-chip attention')
  chip.setAttribute('role', 'img')
  chip.append(cloudUpload())
  const node = textIn(chip)
  const away = append(cell, 'span', 'away-mark quiet')
  away.textContent = t('away')
  return study => {
    const words = study && describeCustody(study)
    away.hidden = words !== undefined || study === undefined || study.away === 0
    chip.hidden = words === undefined
    if (words === undefined) return
    setAttribute(chip, 'aria-label', words)
    setText(node, shortCount(study?.custody?.waiting ?? 0))
  }
}

/** What each column shows of a study. */
export const CELLS: Record<string, Cell> = {
  status: { title: describeStatus, make: statusMark },
  priority: { className: 'priority', make: priorityMark },
  name: {
    className: 'truncate strong',
    title: study =>
      `${describeGroups(study.PatientName)}${study.kept ? `\n${t('Kept here: it never leaves for an archive')}` : ''}`,
    make: patientName,
  },
  id: {
    className: 'truncate id',
    title: study => study.IssuerOfPatientID,
    make: plain(study => showControls(study.PatientID)),
  },
  birth: {
    title: study => describeDate(study.PatientBirthDate),
    make: withQuiet(
      study => formatDate(study.PatientBirthDate),
      study => formatAge(study.PatientBirthDate, study.StudyDate, study.PatientAge),
    ),
  },
  sex: { make: plain(study => study.PatientSex) },
  date: {
    title: study => describeDate(study.StudyDate),
    make: withQuiet(
      study => formatDate(study.StudyDate),
      study => formatTime(study.StudyTime),
    ),
  },
  arrived: { make: plain(study => formatMoment(study.lastReceived)) },
  modality: { className: 'truncate', make: plain(study => study.ModalitiesInStudy.join(' ')) },
  bodyPart: { className: 'truncate', make: isolated(study => showControls(study.BodyPartExamined.join(', '))) },
  description: { className: 'truncate', make: description },
  accession: { className: 'truncate id', make: plain(study => showControls(study.AccessionNumber)) },
  images: {
    className: 'number',
    title: study =>
      `${t('{{count}} series', { count: study.NumberOfStudyRelatedSeries })}\n${describeCompleteness(study.completeness)}`,
    make: imageCount,
  },
  custody: {
    title: study => {
      const words = describeCustody(study)
      return words === undefined
        ? (describeAway(study) ?? '')
        : `${words}\n${t('Click: where it is, and what was refused')}`
    },
    make: custodyChip,
  },
  priors: { className: 'number', make: plain(study => (study.priors === 0 ? '' : String(study.priors))) },
  institution: { className: 'truncate', make: isolated(study => showControls(study.InstitutionName)) },
  station: { className: 'truncate', make: isolated(study => showControls(study.StationName.join(', '))) },
  referrer: {
    className: 'truncate',
    title: study => describeGroups(study.ReferringPhysicianName),
    make: isolated(study => shownName(study.ReferringPhysicianName, study.lang)),
  },
  from: { className: 'truncate id', title: describeSender, make: sender },
  flags: { title: study => study.flags.map(describeFlag).join('\n'), make: flagMark },
}
