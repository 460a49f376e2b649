import type { Database } from 'better-sqlite3'
import type { RejectionNote } from '../../../shared/dicom/rejectionNote.ts'
import type { createApplyDecision } from './applyDecision.ts'
import type { Decision } from './decisionLog.ts'
import type { Decided } from './decisions.ts'
import type { Emptied } from './emptied.ts'
import type { Change, MoveWish, PatientWord, RemovedItem } from './index.ts'

/** Who decides, and when. */
interface Said {
  by: string
  at: number
}

/** Deleting, rejecting, moving, and what takes them back: each call one transaction that is told of in the feed. */
export function createLifecycle(db: Database, epoch: number, applied: ReturnType<typeof createApplyDecision>) {
  const { applyDecision, removals, moves, merges, evictions } = applied
  const addChange = db.prepare(
    `INSERT INTO change (epoch, kind, StudyInstanceUID, SOPInstanceUID, content) VALUES (?, 'study', ?, '', NULL)`,
  )
  const addInstanceChanges = db.prepare(
    `INSERT INTO change (epoch, kind, StudyInstanceUID, SOPInstanceUID, content)
     SELECT ?, ?, ?, value, NULL FROM json_each(?) ORDER BY key`,
  )
  const newestSeq = db.prepare<[], { seq: number }>(`SELECT seq FROM sqlite_sequence WHERE name = 'change'`)
  const stateOf = db.prepare<[string], string>('SELECT state FROM removal WHERE id = ?').pluck()
  const instancesOf = db
    .prepare<[string], string>(
      'SELECT SOPInstanceUID FROM removed JOIN removal ON removal.number = removed.removal WHERE id = ?',
    )
    .pluck()
  const inState = db.prepare<[string], string>('SELECT id FROM removal WHERE state = ?').pluck()
  // A note is never a reason to destroy anything, nor is a deletion of what came again since.
  const due = db
    .prepare<[number], string>(
      `SELECT id FROM removal WHERE code = '' AND state = 'binned' AND max(changedAt, againAt) < ? ORDER BY at LIMIT 100`,
    )
    .pluck()
  const doomed = db
    .prepare<[number, string, number], string>(
      'SELECT file FROM doomed WHERE volume = ? AND file > ? ORDER BY file LIMIT ?',
    )
    .pluck()
  const forgetDoomed = db.prepare('DELETE FROM doomed WHERE volume = ? AND file = ?')
  const unreadNotes = db.prepare<[number], number>('SELECT content FROM unreadNote LIMIT ?').pluck()
  const readNote = db.prepare('DELETE FROM unreadNote WHERE content = ?')

  function changed(kind: 'hidden' | 'shown' | 'purged', StudyInstanceUID: string, instances: string[]): void {
    addInstanceChanges.run(epoch, kind, StudyInstanceUID, JSON.stringify(instances))
  }

  function told(studies: Iterable<string>): Change[] {
    return [...new Set(studies)].map(uid => {
      const seq = Number(addChange.run(epoch, uid).lastInsertRowid)
      return { seq, kind: 'study', StudyInstanceUID: uid }
    })
  }

  function decided<Answer>(answer: Answer, studies: Iterable<string>, decisions: Decision[]): Decided<Answer> {
    const changes = told(studies)
    return { answer, changes, seq: newestSeq.get()?.seq ?? 0, decisions }
  }

  const wordsOf = (emptied: Emptied[]): Decision[] => emptied.map(study => ({ kind: 'emptied', ...study }))

  return {
    /** Takes what the items show into the bin, a deletion each. Throws 'not-found' when one of them shows nothing. */
    remove: db.transaction((items: RemovedItem[], ids: string[], reason: string, { by, at }: Said) => {
      const touched: string[] = []
      const decisions: Decision[] = []
      let images = 0
      for (const [index, item] of items.entries()) {
        const decision = removals.planRemoval(item, { id: ids[index] as string, at, by, reason })
        touched.push(...applyDecision(decision))
        changed('hidden', item.StudyInstanceUID, decision.instances)
        images += decision.instances.length
        decisions.push(decision)
      }
      return decided({ ids, images }, touched, decisions)
    }).immediate,

    /**
     * Does what a rejection note says; `note` undefined: the content is none. It is not looked at again. The answer is how many
     * instances that are here are hidden by it now.
     */
    reject: db.transaction(
      (
        content: number,
        note: (RejectionNote & { SOPInstanceUID: string }) | undefined,
        place: string,
        { by, at }: Said,
      ) => {
        readNote.run(content)
        if (!note || removals.isKnown(note.SOPInstanceUID)) return decided({ studies: 0 }, [], [])
        const decision: Decision = {
          kind: 'removal',
          id: note.SOPInstanceUID,
          at,
          by,
          code: note.code,
          reason: note.reason,
          StudyInstanceUID: place,
          SeriesInstanceUID: '',
          // The note goes with what it rejects: alone it would keep an empty study on the list.
          instances: [...new Set([note.SOPInstanceUID, ...note.instances])],
        }
        const touched = applyDecision(decision)
        changed('hidden', place, decision.instances)
        return decided({ studies: new Set(touched).size }, touched, [decision])
      },
    ).immediate,

    /** Throws 'not-found' or 'gone'. */
    restore: db.transaction((id: string, { by, at }: Said): Decided<{ images: number }> => {
      const { images, ...decision } = removals.planRestore(id, at, by)
      const touched = applyDecision(decision)
      changed('shown', decision.StudyInstanceUID, instancesOf.all(id))
      const answer = decided({ images }, touched, [decision])
      // What was not looked into while it was hidden is now: those that do so wait for instances.
      const shown = answer.changes.map(one => ({ ...one, kind: 'instance' as const }))
      return { ...answer, changes: [...answer.changes, ...shown] }
    }).immediate,

    /** From now on it is gone for good; its rows and files follow in steps, after this is durable. */
    beginPurge: db.transaction((id: string, { by, at }: Said): Decided<{ images: number }> => {
      const decision = removals.planPurge(id, at, by)
      // Under way or done: a second word would name nothing, and take the place of the first.
      if (stateOf.get(id) !== 'binned') return decided({ images: 0 }, [], [])
      removals.beginPurge(decision)
      changed('purged', decision.StudyInstanceUID, instancesOf.all(id))
      return decided({ images: decision.contents.length }, [], [decision])
    }).immediate,

    /** What a crash kept from the log: the words of these purges, nothing of which has gone yet, or what was emptied. */
    sayPurges: (ids: string[]): Decided<undefined> => decided(undefined, [], ids.map(removals.purgeUnderWay)),
    sayEmptied: (studies: Emptied[]): Decided<undefined> => decided(undefined, [], wordsOf(studies)),
    emptied: (): Emptied[] => removals.emptied.list(),
    emptiedSaid: (studies: Emptied[]): void => removals.emptied.said(studies),

    purgeSome: db.transaction((id: string, most: number, at: number) => {
      const { left, touched, emptied } = removals.purgeSome(id, most, at)
      return { left, ...decided(undefined, touched, wordsOf(emptied)) }
    }).immediate,

    /** When what it emptied is in the log. */
    endPurge: db.transaction((id: string): Decided<undefined> => decided(undefined, removals.endPurge(id), []))
      .immediate,

    /** Throws 'not-found' or 'bad-request'. */
    move: db.transaction((wish: MoveWish, id: string, newUID: string, { by, at }: Said) => {
      const decision = moves.planMove(wish, { id, at, by, newUID })
      const touched = applyDecision(decision)
      const StudyInstanceUID = decision.kind === 'move' ? decision.to : decision.StudyInstanceUID
      return decided({ id: decision.kind === 'move' ? id : '', StudyInstanceUID }, touched, [decision])
    }).immediate,

    /** Throws 'not-found', 'too-large' or 'bad-request'. */
    decidePatients: db.transaction((word: PatientWord, id: string, { by, at }: Said) => {
      const given = { id, at, by }
      const decision = word.same
        ? merges.planMerge(word, given)
        : merges.planApart(word.StudyInstanceUID, word.to, given)
      return decided({ id }, applyDecision(decision), [decision])
    }).immediate,

    moveBack: db.transaction((id: string, { by, at }: Said): Decided<object> => {
      const decision = merges.planUnmerge(id, at, by) ?? moves.planMoveBack(id, at, by)
      return decided({}, applyDecision(decision), [decision])
    }).immediate,

    /** Nothing where something of the study says that it has to stay. */
    evict: db.transaction((StudyInstanceUID: string, from: string[], at: number): Decided<{ bytes: number }> => {
      const planned = evictions.plan(StudyInstanceUID, from, at)
      if (!planned) return decided({ bytes: 0 }, [], [])
      evictions.doom(planned.contents)
      const touched = applyDecision(planned.decision)
      return decided({ bytes: planned.bytes }, touched, [planned.decision])
    }).immediate,
    used: (StudyInstanceUID: string, at: number): void => evictions.used(StudyInstanceUID, at),

    purging: (): string[] => inState.all('purging'),
    /** Deletions whose time in the bin was over at this moment. */
    due: (before: number): string[] => due.all(before),
    /** Files of a volume, behind one of them in their order, whose rows a purge has removed. */
    doomed: (volume: number, after: string, most: number): string[] => doomed.all(volume, after, most),
    forgetDoomed: db.transaction((volume: number, files: string[]) => {
      for (const file of files) forgetDoomed.run(volume, file)
    }).immediate,
    unreadNotes: (most: number): number[] => unreadNotes.all(most),
  }
}
