import { randomUUID } from 'node:crypto'
import type { Node } from '../../../shared/config.ts'
import { langOf } from '../../../shared/dicom/charset.ts'
import type { DataSet } from '../../../shared/dicom/reader.ts'
import { normaliseUID } from '../../../shared/dicom/uids.ts'
import type { NewDataSet } from '../../../shared/dicom/writer.ts'
import { IsocenterError, toIsocenterError } from '../../../shared/errors.ts'
import type { FoundStudies, FoundStudy, StudySearch } from '../../../shared/network.ts'
import type { Outgoing } from './outgoing.ts'
import { FIND_CONTEXTS, find } from './queryScu.ts'
import type { OfferedContext } from './transferPlan.ts'

/** Nobody reads more rows than that; the node is told to stop. */
const MOST_ROWS = 5000
const MOST_SEARCHES = 16
/** A window that has gone asks no more; its search goes, too. */
const FORGOTTEN_AFTER_MS = 60_000

const WANTED = [
  'PatientName',
  'PatientID',
  'IssuerOfPatientID',
  'PatientBirthDate',
  'PatientSex',
  'StudyDate',
  'StudyTime',
  'AccessionNumber',
  'StudyDescription',
  'ModalitiesInStudy',
  'NumberOfStudyRelatedInstances',
] as const

interface Search {
  rows: FoundStudy[]
  done: boolean
  complete: boolean
  error: string
  stop: AbortController
  readAt: number
}

/** Searches of other archives that run or have run: their rows wait here until the window that asked has read them. */
export class Searches {
  readonly #open: (node: Node, contexts: OfferedContext[]) => Promise<Outgoing>
  readonly #searches = new Map<string, Search>()

  constructor(open: (node: Node, contexts: OfferedContext[]) => Promise<Outgoing>) {
    this.#open = open
  }

  /** Returns at once; what goes wrong is told with the rows. */
  start(node: Node, asked: StudySearch): string {
    this.#forget()
    const id = randomUUID()
    const search: Search = {
      rows: [],
      done: false,
      complete: false,
      error: '',
      stop: new AbortController(),
      readAt: performance.now(),
    }
    this.#searches.set(id, search)
    void this.#run(node, asked, search)
    return id
  }

  /** The rows behind the first `after`. Throws 'not-found'. */
  read(id: string, after: number): FoundStudies {
    const search = this.#searches.get(id)
    if (!search) throw new IsocenterError('not-found', 'no such search')
    search.readAt = performance.now()
    const { rows, done, complete, error } = search
    return { studies: rows.slice(after), done, complete, error }
  }

  /** The node is told that nobody waits any more. */
  stop(id: string): void {
    this.#searches.get(id)?.stop.abort()
  }

  close(): void {
    for (const { stop } of this.#searches.values()) stop.abort()
    this.#searches.clear()
  }

  async #run(node: Node, asked: StudySearch, search: Search): Promise<void> {
    let line: Outgoing | undefined
    try {
      line = await this.#open(node, FIND_CONTEXTS)
      const known = new Set<string>()
      const each = (match: DataSet) => {
        const row = rowOf(match)
        // What has no UID cannot be fetched, and what came before is the same study.
        const isNew = row.StudyInstanceUID !== '' && !known.has(row.StudyInstanceUID)
        known.add(row.StudyInstanceUID)
        if (isNew && search.rows.length < MOST_ROWS) search.rows.push(row)
        const unread = performance.now() - search.readAt > FORGOTTEN_AFTER_MS
        if (search.rows.length >= MOST_ROWS || unread) search.stop.abort()
      }
      for (const name of spellings(asked.name)) {
        search.complete = await find(line, 'STUDY', keysOf({ ...asked, name }), each, search.stop.signal)
        if (search.rows.length > 0 || !search.complete) break
      }
    } catch (thrown) {
      const error = toIsocenterError(thrown)
      search.error = error.detail ?? error.message
    }
    search.done = true
    void line?.release()
  }

  #forget(): void {
    const now = performance.now()
    for (const [id, { stop, readAt }] of this.#searches) {
      if (this.#searches.size < MOST_SEARCHES && now - readAt < FORGOTTEN_AFTER_MS) continue
      stop.abort()
      this.#searches.delete(id)
    }
  }
}

/** Many archives tell capitals from small letters (PS3.4 §C.2.2.2.1 leaves it to them): where nothing is found, how names are mostly kept. */
function spellings(name: string): string[] {
  const capitals = name.toUpperCase()
  const capitalised = name.toLowerCase().replace(/(?<!\p{L})\p{L}/gu, letter => letter.toUpperCase())
  return [...new Set([name, capitals, capitalised])]
}

/** What was written as C-FIND keys (PS3.4 §C.2.2.2): words of a name begin parts of it, an ID and an accession number are whole. */
function keysOf({ name, PatientID, AccessionNumber, from, to }: StudySearch): NewDataSet {
  const words = name.trim()
  // Who writes a caret or a wildcard means what is written.
  const PatientName = words === '' || /[\^*?]/.test(words) ? words : `${words.split(/[\s,]+/).join('*')}*`
  return {
    ...Object.fromEntries(WANTED.map(keyword => [keyword, ''])),
    StudyInstanceUID: '',
    PatientName,
    PatientID: PatientID.trim(),
    AccessionNumber: AccessionNumber.trim(),
    StudyDate: from === '' && to === '' ? '' : from === to ? from : `${from}-${to}`,
  }
}

function rowOf(match: DataSet): FoundStudy {
  const text = (keyword: string) => match.strings(keyword).join('\\').slice(0, 1024)
  const count = Number.parseInt(text('NumberOfStudyRelatedInstances'), 10)
  return {
    StudyInstanceUID: normaliseUID(text('StudyInstanceUID')),
    PatientName: text('PatientName'),
    lang: langOf(match.characterSets),
    PatientID: text('PatientID'),
    IssuerOfPatientID: text('IssuerOfPatientID'),
    PatientBirthDate: text('PatientBirthDate'),
    PatientSex: text('PatientSex'),
    StudyDate: text('StudyDate'),
    StudyTime: text('StudyTime'),
    AccessionNumber: text('AccessionNumber'),
    StudyDescription: text('StudyDescription'),
    ModalitiesInStudy: match.strings('ModalitiesInStudy').slice(0, 32),
    NumberOfStudyRelatedInstances: Number.isSafeInteger(count) && count >= 0 ? count : null,
  }
}
