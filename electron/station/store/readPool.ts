import { IsocenterError } from '../../../shared/errors.ts'
import type { Thread } from '../base/thread.ts'
import type { StoreReader } from './index.ts'
import type { ReaderApi } from './reader.ts'

/** Each call goes to the reader with the least to do; `used` hears of each, `failed` of those that were in vain. */
export function createReaderCall(
  readers: Array<Thread<ReaderApi>>,
  used: () => void,
  failed: (error: unknown) => void,
): Thread<ReaderApi>['call'] {
  const open = readers.map(() => 0)
  return async (name, ...args) => {
    const index = open.indexOf(Math.min(...open))
    const reader = readers[index]
    if (!reader) throw new IsocenterError('internal', 'no reader')
    open[index] = (open[index] ?? 0) + 1
    used()
    try {
      return await reader.call(name, ...args)
    } catch (error) {
      failed(error)
      throw error
    } finally {
      open[index] = (open[index] ?? 1) - 1
    }
  }
}

export function createReads(call: Thread<ReaderApi>['call']): StoreReader {
  return {
    listStudies: query => call('listStudies', query),
    orderStudies: query => call('orderStudies', query),
    getStudies: ids => call('getStudies', ids),
    countStudies: filter => call('countStudies', filter),
    patientStudies: uid => call('patientStudies', uid),
    getDraft: (uid, user) => call('getDraft', uid, user),
    getSegments: (uid, user, after) => call('getSegments', uid, user, after),
    studiesOfOrder: (accession, patient, uid) => call('studiesOfOrder', accession, patient, uid),
    getReports: uid => call('getReports', uid),
    getSeen: (uid, user) => call('getSeen', uid, user),
    getStudy: uid => call('getStudy', uid),
    getManifest: (study, series) => call('getManifest', study, series),
    retained: (after, from) => call('retained', after, from),
    evicted: contentId => call('evicted', contentId),
    evictedTotal: () => call('evictedTotal'),
    evictedOf: (uid, limit) => call('evictedOf', uid, limit),
    find: query => call('find', query),
    findRows: (level, returned, numbers) => call('findRows', level, returned, numbers),
    qido: (query, base) => call('qido', query, base),
    locate: (uids, limit) => call('locate', uids, limit),
    retrievable: (keys, limit, after) => call('retrievable', keys, limit, after),
    retrievableForms: (keys, limit, after) => call('retrievableForms', keys, limit, after),
    locateContent: contentId => call('locateContent', contentId),
    locateFrames: wanted => call('locateFrames', wanted),
    referencedCopies: uids => call('referencedCopies', uids),
    unjudgedStudies: (now, quietMs, limit) => call('unjudgedStudies', now, quietMs, limit),
    completenessFacts: uid => call('completenessFacts', uid),
    lacking: uid => call('lacking', uid),
    volumeUse: () => call('volumeUse'),
    onlyOn: (volume, after, limit) => call('onlyOn', volume, after, limit),
    counts: () => call('counts'),
    damagedCopies: () => call('damagedCopies'),
    listPeers: () => call('listPeers'),
    getSettings: user => call('getSettings', user),
    unreadGroups: (study, series) => call('unreadGroups', study, series),
    pendingWork: limit => call('pendingWork', limit),
    getThumbnail: contentId => call('getThumbnail', contentId),
    listRemovals: limit => call('listRemovals', limit),
    listMoves: limit => call('listMoves', limit),
    patientProposals: (uid, limit) => call('patientProposals', uid, limit),
    subjectOf: id => call('subjectOf', id),
    patientOf: uid => call('patientOf', uid),
    studiesOf: contentIds => call('studiesOf', contentIds),
    knownInstances: uids => call('knownInstances', uids),
  }
}
