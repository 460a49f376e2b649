import { type ComponentType, useCallback, useEffect, useState } from 'react'
import type { StudySummary } from '../shared/contract.ts'
import { Activity, followStation, replaceJob, StatusLine, useStation } from './activity/index.ts'
import { BinRoom } from './bin/index.ts'
import { CentralDialogs, followSync, showRefused } from './central/index.ts'
import { call } from './client.ts'
import { TestPicture } from './display/index.ts'
import { ImportDialog } from './importing/index.ts'
import {
  ACTIONS,
  actionOf,
  type EverywhereId,
  followKeys,
  isOfField,
  KeySheet,
  keyOf,
  useShownKey,
} from './keys/index.ts'
import { NetworkDialogs } from './network/index.ts'
import { showsStudy } from './presence.ts'
import { followSelfTest, SelfTest } from './selftest/index.ts'
import { Settings } from './settings/index.ts'
import { announce, announceFailure, Notice, stepTextSize } from './ui/index.ts'
import {
  freshRow,
  type ReadingPlace,
  readingList,
  reload,
  setReading,
  toggled,
  useReadingPlace,
  Worklist,
} from './worklist/index.ts'

/** The viewer's code is most of the program: fetched right after the worklist is painted, and kept. */
const viewerRoom = () => import('./viewer/index.ts')

/** Once it is here, opening a study waits for no promise. */
let loadedViewer: Awaited<ReturnType<typeof viewerRoom>> | undefined

interface ViewerProps {
  visible: boolean
  onBack: () => void
  /** The study after and before in the list as it stood when the first one was opened. */
  onNext: () => void
  onPrevious: () => void
  /** This one is read, on to the next. */
  onReadAndNext: () => void
  /** Read, or unread again. */
  onToggleRead: () => void
  /** Import, Activity, settings: what is heard in every room. */
  onEverywhere: (id: EverywhereId) => void
  /** The pill of what has arrived since: to the worklist, from its top. */
  onShowArrivals: () => void
  /** A study of the strip (a prior) as the study that is read. */
  onOpen: (study: StudySummary) => void
  place: ReadingPlace | undefined
}

const EVERYWHERE = ACTIONS.filter(row => row.room === 'everywhere').map(row => row.id as EverywhereId)

type DialogId = 'import' | 'settings' | 'storage' | 'network' | 'central' | 'test-picture' | 'self-test' | 'keys'

const FIRST_PAGE = { settings: 'Keys', storage: 'Storage', network: 'Network', central: 'Central' } as const

/** Reading ahead is a favour: what fails here is asked again, and told, on opening. */
async function preload(StudyInstanceUID: string): Promise<void> {
  const viewer = await viewerRoom()
  await viewer.preloadStudy(StudyInstanceUID).catch(() => {})
}

async function preloadNext(): Promise<void> {
  const next = await readingList.peek().catch(() => undefined)
  if (next !== undefined) await preload(next.StudyInstanceUID)
}

/** Says the open study read, or unread again when it is (`toggle`). */
async function markCurrent(toggle: boolean): Promise<void> {
  const open = readingList.current()
  if (open === undefined) return
  try {
    const study = await freshRow(open.id)
    if (study !== undefined) await setReading(study, toggle ? toggled(study) : 'read')
  } catch (thrown) {
    announceFailure('It could not be marked.', thrown)
  }
}

export function App() {
  const [room, setRoom] = useState<'worklist' | 'viewer'>('worklist')
  const [activity, setActivity] = useState(false)
  /** What lies over the rooms. */
  const [dialog, setDialog] = useState<DialogId>()
  const [Viewer, setViewer] = useState<ComponentType<ViewerProps>>()
  const status = useStation(station => station.status)
  const place = useReadingPlace()

  useEffect(followStation, [])
  useEffect(followSync, [])
  useEffect(() => {
    const frame = requestAnimationFrame(async () => {
      const viewer = await viewerRoom()
      loadedViewer = viewer
      viewer.installProbe()
      setViewer(() => viewer.Viewer)
    })
    return () => cancelAnimationFrame(frame)
  }, [])
  useEffect(followKeys, [])
  useEffect(() => (room === 'worklist' && Viewer !== undefined ? followSelfTest() : undefined), [room, Viewer])
  const onEverywhere = useCallback((id: EverywhereId) => {
    if (id === 'activity') setActivity(open => !open)
    else if (id === 'refused') showRefused()
    else if (id === 'text-larger' || id === 'text-smaller') stepTextSize(id === 'text-larger' ? 1 : -1)
    else setDialog(id)
  }, [])
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      const key = keyOf(event)
      if (event.defaultPrevented || isOfField(event.target, key)) return
      const id = actionOf(key, EVERYWHERE)
      if (id === undefined) return
      event.preventDefault()
      onEverywhere(id)
    }
    window.addEventListener('keydown', listen)
    return () => window.removeEventListener('keydown', listen)
  }, [onEverywhere])

  const show = useCallback(async (study: StudySummary, startTime: number) => {
    const viewer = loadedViewer ?? (await viewerRoom())
    viewer.markOpen(startTime)
    setRoom('viewer')
    const painted = viewer.openStudy(study.StudyInstanceUID)
    showsStudy(study.StudyInstanceUID)
    if (!(await painted)) return
    viewer.markPainted()
    void preloadNext()
  }, [])
  const open = useCallback(
    (study: StudySummary, startTime = performance.now()) => {
      readingList.start(study)
      void show(study, startTime)
    },
    [show],
  )
  const walk = useCallback(
    async (direction: 'next' | 'previous') => {
      const startTime = performance.now()
      try {
        const study = await readingList[direction]()
        if (study === undefined)
          announce(direction === 'next' ? 'This is the last of the list' : 'This is the first of the list')
        else await show(study, startTime)
      } catch (thrown) {
        announceFailure('The next study could not be found.', thrown)
      }
    },
    [show],
  )
  const next = useCallback(() => void walk('next'), [walk])
  const previous = useCallback(() => void walk('previous'), [walk])
  const readAndNext = useCallback(() => {
    // Nobody waits for the mark: were it refused, the notice says so.
    void markCurrent(false)
    void walk('next')
  }, [walk])
  const toggleRead = useCallback(() => void markCurrent(true), [])
  const back = useCallback(() => {
    setRoom('worklist')
    showsStudy('')
  }, [])
  const showArrivals = useCallback(() => {
    back()
    void reload()
  }, [back])
  const loadSamples = useCallback(async () => {
    setActivity(true)
    try {
      replaceJob(await call('samples.load', {}))
    } catch {
      // Refused or unreachable: Activity and the status line tell which.
    }
  }, [])
  const preloadRow = useCallback((uid: string) => void preload(uid), [])
  const closeDialog = useCallback(() => setDialog(undefined), [])
  const undoKey = useShownKey(room === 'viewer' ? 'mark-undo' : 'list-undo')
  const closeActivity = useCallback(() => setActivity(false), [])
  const showStorage = useCallback(() => setDialog('storage'), [])
  const showNetwork = useCallback(() => setDialog('network'), [])
  const showCentral = useCallback(() => setDialog('central'), [])
  const openActivity = useCallback(() => setActivity(true), [])

  return (
    <>
      <Worklist
        visible={room === 'worklist'}
        status={status}
        onOpen={open}
        onPreload={preloadRow}
        onEverywhere={onEverywhere}
        onSamples={() => void loadSamples()}
      />
      {Viewer !== undefined && (
        <Viewer
          visible={room === 'viewer'}
          onBack={back}
          onNext={next}
          onPrevious={previous}
          onReadAndNext={readAndNext}
          onToggleRead={toggleRead}
          onEverywhere={onEverywhere}
          onShowArrivals={showArrivals}
          onOpen={open}
          place={place}
        />
      )}
      {activity && <Activity onClose={closeActivity} onStorage={showStorage} onCentral={showCentral} />}
      {dialog === 'import' && <ImportDialog onClose={closeDialog} />}
      {(dialog === 'settings' || dialog === 'storage' || dialog === 'network' || dialog === 'central') && (
        <Settings
          first={FIRST_PAGE[dialog]}
          onTestPicture={() => setDialog('test-picture')}
          onSelfTest={() => setDialog('self-test')}
          onClose={closeDialog}
        />
      )}
      <CentralDialogs onSettings={showCentral} />
      <NetworkDialogs onNodes={showNetwork} onStarted={openActivity} />
      {dialog === 'test-picture' && <TestPicture onClose={closeDialog} />}
      {dialog === 'self-test' && <SelfTest onClose={closeDialog} />}
      {dialog === 'keys' && (
        <KeySheet
          room={room}
          names={room === 'viewer' ? loadedViewer?.actionNames() : undefined}
          onSettings={() => setDialog('settings')}
          onClose={closeDialog}
        />
      )}
      <BinRoom />
      <StatusLine onClick={() => setActivity(value => !value)} />
      <Notice undoKey={undoKey} />
    </>
  )
}
