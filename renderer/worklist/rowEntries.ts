import type { StudySummary } from '../../shared/contract.ts'
import { announce, copyText, type MenuEntry } from '../ui/index.ts'
import { NO_FILTER } from './filters.ts'
import { PRIORITY_WORDS, setPriority, setReading, toggled } from './readingStatus.ts'
import { setFilter } from './worklistStore.ts'

/** Everything that can be done with a study of the list, each with its key. */
export function rowEntries(study: StudySummary, open: () => void): MenuEntry[] {
  const { reading, priority, PatientID, AccessionNumber } = study
  const set = (one: typeof priority, shortcut?: string): MenuEntry => ({
    name: PRIORITY_WORDS[one],
    ...(shortcut === undefined ? {} : { shortcut }),
    checked: priority === one,
    run: () => void setPriority(study, one),
  })
  return [
    { name: 'Open', shortcut: 'Enter', run: open },
    {
      name: reading.status === 'read' ? 'Mark as unread' : 'Mark as read',
      shortcut: 'R',
      separated: true,
      run: () => void setReading(study, toggled(study)),
    },
    { name: 'Mark as new', disabled: reading.status === 'new', run: () => void setReading(study, 'new') },
    { ...set('stat', '!'), separated: true },
    set('urgent'),
    set('routine'),
    {
      name: 'Only this patient',
      separated: true,
      disabled: PatientID === '',
      run: () => setFilter({ ...NO_FILTER, search: PatientID }),
    },
    { name: 'Copy patient ID', disabled: PatientID === '', run: () => void copy(PatientID) },
    { name: 'Copy accession number', disabled: AccessionNumber === '', run: () => void copy(AccessionNumber) },
    { name: 'Copy Study Instance UID', run: () => void copy(study.StudyInstanceUID) },
  ]
}

async function copy(text: string): Promise<void> {
  await copyText(text)
  announce('Copied')
}
