import { IsocenterError } from '../errors.ts'
import {
  type FigureLink,
  type ReportContent,
  type ReportState,
  type ReportVersion,
  reportText,
  type StoredDocument,
} from './report.ts'
import { addendumTo } from './template.ts'

/** What can be asked of a report. `rev`: the one it was made on, 0 = there was none. */
export type ReportWish =
  | { kind: 'put'; version: number; rev: number; content: ReportContent }
  | { kind: 'sign'; version: number; rev: number; state: Exclude<ReportState, 'draft'>; name: string }
  | { kind: 'addend' }
  | { kind: 'stored'; version: number; documents: StoredDocument[] }

/** Who asks, when, and what pure code cannot reckon: the SHA-256 of a text as UTF-8, in hexadecimal. */
export interface ReportActor {
  by: string
  at: number
  sha256(text: string): string
}

/**
 * What becomes of a report: the version that is to be kept, decided from all there are. Throws 'report-locked' (signed: only an
 * addendum follows), 'draft-conflict' (made on what is no longer the newest), 'not-found', 'bad-request' (unsound content).
 */
export function nextReport(
  versions: readonly ReportVersion[],
  wish: ReportWish,
  { by, at, sha256 }: ReportActor,
): ReportVersion {
  const last = versions.at(-1)
  if (wish.kind === 'addend') {
    if (last === undefined) throw new IsocenterError('not-found', 'report')
    if (last.state !== 'final') throw new IsocenterError('draft-conflict', 'it is being written already')
    return {
      version: last.version + 1,
      state: 'draft',
      rev: 1,
      by,
      at,
      content: addendumTo(versions[0]?.content ?? last.content),
      signature: null,
      documents: [],
    }
  }
  const one = versions.find(({ version }) => version === wish.version)
  if (wish.kind === 'stored') {
    if (one === undefined || one.state === 'draft') throw new IsocenterError('not-found', 'signed report')
    const known = new Set(one.documents.map(({ SOPInstanceUID }) => SOPInstanceUID))
    const added = wish.documents.filter(({ SOPInstanceUID }) => !known.has(SOPInstanceUID))
    return { ...one, rev: one.rev + 1, documents: [...one.documents, ...added].slice(-200) }
  }
  if (one?.state === 'final') throw new IsocenterError('report-locked')
  if ((one?.rev ?? 0) !== wish.rev)
    throw new IsocenterError('draft-conflict', `rev ${wish.rev}, there is ${one?.rev ?? 0}`)
  if (wish.kind === 'put') {
    if (one === undefined && (wish.version !== 1 || versions.length > 0))
      throw new IsocenterError('not-found', 'version')
    if (!isSound(wish.content)) throw new IsocenterError('bad-request', 'figures that do not stand in the text')
    const { version, rev, content } = wish
    // What was released is no longer what stands here.
    const documents = one?.documents ?? []
    return { version, state: 'draft', rev: rev + 1, by, at, content, signature: null, documents }
  }
  if (one === undefined) throw new IsocenterError('not-found', 'report')
  const signature = { by, name: wish.name, at, sha256: sha256(reportText(one.content)) }
  return { ...one, state: wish.state, rev: one.rev + 1, by, at, signature }
}

/** Figures stand in order within their text, none over another. */
function isSound({ sections }: ReportContent): boolean {
  return sections.every(({ text, links }) => {
    const follows = ({ from, to }: FigureLink, index: number) =>
      from < to && to <= text.length && from >= (links[index - 1]?.to ?? 0)
    return links.every(follows)
  })
}
