import type { Change, Store, StoreReader } from '../../electron/station/store/index.ts'

export interface FakeStore extends Store {
  /** Moves `seq` on by one a change and tells the listeners, as a commit does. */
  touch(...StudyInstanceUIDs: string[]): void
}

/** A store that holds nothing: a test gives the reads it is about, any other fails it by name. */
export function createFakeStore(read: Partial<StoreReader> = {}): FakeStore {
  const listeners = new Set<(changes: Change[]) => void>()
  const settings = new Map<string, Record<string, unknown>>()
  const missing = (name: string) => () => Promise.reject(new Error(`the test gave no ${name}`))
  let seq = 0
  return {
    read: {
      listStudies: missing('listStudies'),
      orderStudies: missing('orderStudies'),
      getStudies: missing('getStudies'),
      countStudies: missing('countStudies'),
      patientStudies: missing('patientStudies'),
      getDraft: missing('getDraft'),
      getSegments: missing('getSegments'),
      getReports: missing('getReports'),
      studiesOfOrder: missing('studiesOfOrder'),
      getSeen: missing('getSeen'),
      getStudy: missing('getStudy'),
      getManifest: missing('getManifest'),
      retained: async () => ({ studies: [], next: null }),
      evicted: async () => null,
      evictedTotal: async () => ({ images: 0, bytes: 0 }),
      evictedOf: async () => [],
      find: missing('find'),
      findRows: missing('findRows'),
      qido: missing('qido'),
      locate: missing('locate'),
      referencedCopies: missing('referencedCopies'),
      unjudgedStudies: async () => [],
      completenessFacts: missing('completenessFacts'),
      lacking: missing('lacking'),
      retrievable: missing('retrievable'),
      retrievableForms: missing('retrievableForms'),
      locateContent: missing('locateContent'),
      locateFrames: missing('locateFrames'),
      volumeUse: async () => [],
      onlyOn: missing('onlyOn'),
      counts: async () => ({ studies: 0, series: 0, instances: 0, bytes: 0 }),
      damagedCopies: async () => 0,
      listPeers: async () => [],
      getSettings: async user => settings.get(user) ?? {},
      unreadGroups: async () => [],
      pendingWork: async () => [],
      getThumbnail: async () => null,
      listRemovals: async () => [],
      listMoves: async () => [],
      patientProposals: async () => [],
      subjectOf: async () => undefined,
      patientOf: async () => '',
      studiesOf: async () => [],
      knownInstances: async () => [],
      ...read,
    },
    beginReceive() {
      throw new Error('nothing is received here')
    },
    get seq() {
      return seq
    },
    epoch: 1,
    onProblem: () => () => {},
    onChanges(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    async setSetting(user, key, value) {
      settings.set(user, { ...settings.get(user), [key]: value })
    },
    setReading: missing('setReading'),
    setKept: missing('setKept'),
    setOpened: missing('setOpened'),
    evict: missing('evict'),
    used: async () => {},
    setPriority: missing('setPriority'),
    putDraft: missing('putDraft'),
    putSegments: missing('putSegments'),
    decideReport: missing('decideReport'),
    addSeen: missing('addSeen'),
    remove: missing('remove'),
    restore: missing('restore'),
    purge: missing('purge'),
    move: missing('move'),
    moveBack: missing('moveBack'),
    decidePatients: missing('decidePatients'),
    senderSays: missing('senderSays'),
    commitments: {
      accept: missing('accept'),
      due: async () => [],
      get: missing('get'),
      find: async () => null,
      verify: missing('verify'),
      over: missing('over'),
      postpone: missing('postpone'),
    },
    results: {
      setTargets: async () => {},
      send: missing('results.send'),
      waitingFor: async () => [],
      due: async () => undefined,
      hurry: async () => {},
      list: async () => [],
      over: missing('results.over'),
      postpone: missing('results.postpone'),
      again: missing('results.again'),
    },
    notices: {
      take: missing('take'),
      due: async () => [],
      forwarded: missing('forwarded'),
      postpone: missing('postpone'),
    },
    outbox: {
      setDestinations: missing('setDestinations'),
      lease: missing('lease'),
      nextDue: async () => null,
      settle: missing('settle'),
      async releaseLeases() {},
      counts: async () => [],
      theirs: async () => [],
      lost: async () => [],
      unproved: async () => ({ waiting: [], refused: [], lost: [] }),
      prioritise: missing('prioritise'),
      retry: missing('retry'),
      deadLetters: async () => [],
      study: async () => ({ custody: [], events: [] }),
      test: missing('test'),
      toAudit: async () => [],
      audited: missing('audited'),
      onWaiting: () => () => {},
    },
    finishWork: missing('finishWork'),
    writable: true,
    backlog: { bytes: 0, objects: 0 },
    reserveBytes: 0,
    receiving: { bytes: 0, most: 0 },
    received: { stored: 0, duplicate: 0, revision: 0, conflict: 0 },
    space: { free: 1e12, total: 2e12, level: 'ok' },
    volumes: async () => ({ volumes: [], landing: { images: 0, bytes: 0 }, onlyHere: 0 }),
    drainVolume: missing('drainVolume'),
    keepVolume: missing('keepVolume'),
    async settleAll() {},
    needsRepair: false,
    repair: missing('repair'),
    health: async () => ({ damagedCopies: 0, scrubbedBytes: 0, backupAgeSeconds: undefined }),
    async close() {},
    touch(...StudyInstanceUIDs) {
      const changes = StudyInstanceUIDs.map(StudyInstanceUID => ({
        seq: ++seq,
        kind: 'study' as const,
        StudyInstanceUID,
      }))
      for (const listener of listeners) listener(changes)
    },
  }
}
