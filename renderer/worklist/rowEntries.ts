import type { Priority, StudySummary } from '../../shared/contract.ts'
import { askDelete, askMove, type Subject } from '../bin/index.ts'
import { getFromArchive, mayGet, showCustody } from '../central/index.ts'
import { askExport } from '../exporting/index.ts'
import { actionRow, type ListActionId, shownKey } from '../keys/index.ts'
import { askWhereTo } from '../network/index.ts'
import { announce, copyText, formatDate, type MenuEntry, shownName } from '../ui/index.ts'
import { NO_FILTER } from './filters.ts'
import { markInList, setKept, setPriority, setReading, toggled } from './readingStatus.ts'
import { setFilter } from './worklistStore.ts'

interface RowAction extends MenuEntry {
  id: ListActionId
}

/** Everything that can be done with a study of the list, each with its key: the menu's entries, and what the keys do. */
export function rowEntries(study: StudySummary, open: () => void): RowAction[] {
  const { reading, priority, PatientID, AccessionNumber } = study
  const entry = (id: ListActionId, does: Partial<MenuEntry> & Pick<MenuEntry, 'run'>): RowAction => {
    return { id, name: actionRow(id).name, shortcut: shownKey(id), ...does }
  }
  const set = (id: ListActionId, one: Priority) =>
    entry(id, {
      checked: priority === one,
      separated: one === 'stat',
      run: () => void setPriority(study, priority === one ? 'routine' : one),
    })
  return [
    entry('row-open', { run: open }),
    entry('row-toggle-read', {
      name: reading.status === 'read' ? 'Mark as unread' : 'Mark as read',
      separated: true,
      run: () => markInList(study, toggled(study)),
    }),
    entry('row-new', { disabled: reading.status === 'new', run: () => void setReading(study, 'new') }),
    set('row-stat', 'stat'),
    set('row-urgent', 'urgent'),
    set('row-routine', 'routine'),
    entry('row-send', { separated: true, run: () => askWhereTo(study) }),
    entry('row-custody', { run: () => showCustody(study) }),
    entry('row-export', { run: () => askExport({ study }) }),
    entry('row-get', { disabled: !mayGet(), run: () => void getFromArchive(study) }),
    entry('row-keep', { checked: study.kept, run: () => void setKept(study, !study.kept) }),
    entry('row-only-patient', {
      separated: true,
      disabled: PatientID === '',
      run: () => setFilter({ ...NO_FILTER, search: PatientID }),
    }),
    entry('row-move', { separated: true, run: () => askMove(studySubject(study)) }),
    entry('row-delete', { run: () => askDelete(studySubject(study)) }),
    entry('row-copy-id', { separated: true, disabled: PatientID === '', run: () => void copy(PatientID) }),
    entry('row-copy-accession', { disabled: AccessionNumber === '', run: () => void copy(AccessionNumber) }),
    entry('row-copy-uid', { run: () => void copy(study.StudyInstanceUID) }),
  ]
}

/** The study as what is deleted or moved. */
function studySubject(study: StudySummary): Subject {
  const { StudyInstanceUID, PatientID, StudyDate, ModalitiesInStudy, StudyDescription } = study
  const words = [
    shownName(study.PatientName, study.lang),
    PatientID,
    formatDate(StudyDate),
    ModalitiesInStudy.join(' '),
  ]
  const title = [...words, StudyDescription].filter(Boolean).join(' · ')
  return { StudyInstanceUID, title, images: study.NumberOfStudyRelatedInstances }
}

async function copy(text: string): Promise<void> {
  await copyText(text)
  announce('Copied')
}
