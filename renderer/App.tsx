import { type ComponentType, useCallback, useEffect, useRef, useState } from 'react'
import type { StudySummary } from '../shared/contract.ts'
import { Activity, followStation, replaceJob, StatusLine, useStation } from './activity/index.ts'
import { BinRoom } from './bin/index.ts'
import { CentralDialogs, followSync, showRefused } from './central/index.ts'
import { call } from './client.ts'
import { TestPicture } from './display/index.ts'
import { ExportDialogs } from './exporting/index.ts'
import { followHangingRules } from './hanging/index.ts'
import { Help } from './help/index.ts'
import { t, useLanguage } from './i18n/index.ts'
import { ImportDialog } from './importing/index.ts'
import {
  ACTIONS,
  actionOf,
  type EverywhereId,
  followKeys,
  isOfField,
  KeySheet,
  keyOf,
  Palette,
  type PaletteItem,
  useShownKey,
} from './keys/index.ts'
import { NetworkDialogs } from './network/index.ts'
import { followOtherWindows, tellOtherWindows, type Walk, walkInFirstWindow, windowNumber } from './otherWindows.ts'
import { paletteItems } from './paletteItems.ts'
import { afterPicture, awaitPicture } from './pictureFirst.ts'
import { showsStudy } from './presence.ts'
import {
  followAskBefore,
  followSaveOnRead,
  saveMarked,
  savesAtReading,
  UnseenQuestion,
  useAskBefore,
} from './reading/index.ts'
import { followSelfTest, SelfTest } from './selftest/index.ts'
import { followAppearance, Settings, type SettingsPage, toggleContrast } from './settings/index.ts'
import { announce, announceFailure, Notice, stepTextSize } from './ui/index.ts'
import {
  freshRow,
  listedRows,
  type ReadingPlace,
  readingList,
  reload,
  setReading,
  toggled,
  useReadingPlace,
  Worklist,
} from './worklist/index.ts'

/** The viewer's code is most of the program: fetched right after the worklist is painted (not beside its code: the list came later), and kept. */
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
/** Heard over an open dialog, too. */
const OVER_DIALOGS: readonly EverywhereId[] = ['palette', 'help', 'high-contrast']

type DialogId =
  | 'import'
  | 'settings'
  | 'storage'
  | 'network'
  | 'central'
  | 'test-picture'
  | 'self-test'
  | 'keys'
  | 'help'

const FIRST_PAGE = { settings: 'Keys', storage: 'Storage', network: 'Network', central: 'Central' } as const

/** Reading ahead is a favour: what fails here is asked again, and told, on opening. */
async function preload(StudyInstanceUID: string): Promise<void> {
  const viewer = await viewerRoom()
  await viewer.preloadStudy(StudyInstanceUID).catch(() => {})
}

async function preloadNext(): Promise<void> {
  await afterPicture()
  const next = await readingList.peek().catch(() => undefined)
  if (next === undefined) return
  const viewer = await viewerRoom()
  await viewer.readAhead(next.StudyInstanceUID).catch(() => {})
}

/** A study that is about to be marked as read, and what of it was not seen. */
interface Unread {
  study: StudySummary
  words: string
}

/**
 * Says the open study read, or unread again when it is (`toggle`). Where images of it were not seen, `ask` may take it over and
 * answers true; else that is said with it. Resolves with whether it was taken over.
 */
async function markCurrent(
  toggle: boolean,
  show: (study: StudySummary) => void,
  ask?: (unread: Unread) => void,
): Promise<boolean> {
  const open = readingList.current()
  if (open === undefined) return false
  // What was looked at is taken down before the next study is opened.
  const looked = loadedViewer?.unseenOfStudy(open.StudyInstanceUID).catch(() => undefined)
  // Before anything is waited for: the next study is opened meanwhile, here and in other windows.
  if (!toggle) saveMarked(open.StudyInstanceUID)
  await afterPicture()
  try {
    const study = await freshRow(open.id)
    if (study === undefined) return false
    const status = toggle ? toggled(study) : 'read'
    if (toggle && status === 'read') saveMarked(study.StudyInstanceUID)
    const unseen = status === 'read' ? await looked : undefined
    if (unseen === undefined || unseen.StudyInstanceUID !== study.StudyInstanceUID) {
      await setReading(study, status)
      return false
    }
    if (ask !== undefined) {
      ask({ study, words: unseen.words })
      return true
    }
    await setReading(study, status, {
      words: unseen.words,
      offer: { name: t('Show them'), run: () => show(study) },
    })
  } catch (thrown) {
    announceFailure(t('It could not be marked.'), thrown)
  }
  return false
}

/** What the first window showed last: what it showed before is not opened here any more, however late its row comes. */
let followed = 0

/** In another window than the first: what that one shows is opened here, too; nothing where it shows nothing, or that cannot be had. */
async function follow(StudyInstanceUID: string, open: (study: StudySummary) => void): Promise<void> {
  const mine = ++followed
  const close = async () => {
    const viewer = await viewerRoom()
    if (mine !== followed) return
    viewer.closeStudy()
    showsStudy('')
  }
  if (StudyInstanceUID === '') return close()
  try {
    const { study } = await call('study.get', { StudyInstanceUID })
    if (mine === followed) open(study)
  } catch (thrown) {
    if (mine !== followed) return
    // Never one patient here beside another one there.
    await close()
    announceFailure('The study could not be opened here.', thrown)
  }
}

/** The next study is drawn in this room alone. */
function ReadingRoom({
  viewer: Viewer,
  ...props
}: Omit<ViewerProps, 'place'> & { viewer: ComponentType<ViewerProps> }) {
  return <Viewer {...props} place={useReadingPlace()} />
}

export function App() {
  const [room, setRoom] = useState<'worklist' | 'viewer'>(windowNumber() === 1 ? 'worklist' : 'viewer')
  const [activity, setActivity] = useState(false)
  /** What lies over the rooms. */
  const [dialog, setDialog] = useState<DialogId>()
  const [page, setPage] = useState<SettingsPage>()
  const [palette, setPalette] = useState<PaletteItem[]>()
  // Whatever is drawn is drawn anew in another language.
  useLanguage()
  const [Viewer, setViewer] = useState<ComponentType<ViewerProps>>()
  const status = useStation(station => station.status)
  const [question, setQuestion] = useState<Unread & { then: () => void }>()

  /** What can be found stands in what is drawn: the keys are listened to once. */
  const openPalette = useRef<() => void>(undefined)

  useEffect(followStation, [])
  useEffect(followSync, [])
  useEffect(followAskBefore, [])
  useEffect(followSaveOnRead, [])
  useEffect(() => savesAtReading(study => void viewerRoom().then(viewer => viewer.saveAtReading(study))), [])
  useEffect(followHangingRules, [])
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
  useEffect(followAppearance, [])
  useEffect(() => (room === 'worklist' && Viewer !== undefined ? followSelfTest() : undefined), [room, Viewer])
  const onEverywhere = useCallback((id: EverywhereId) => {
    if (id === 'activity') setActivity(open => !open)
    else if (id === 'refused') showRefused()
    else if (id === 'palette') openPalette.current?.()
    else if (id === 'high-contrast') toggleContrast()
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
    const listenOver = (event: KeyboardEvent) => {
      const { target } = event
      if (!(target instanceof Element) || target.closest('dialog') === null || target.closest('[data-takes-keys]'))
        return
      const id = actionOf(keyOf(event), OVER_DIALOGS)
      if (id === undefined || target.closest('.palette') !== null) return
      event.preventDefault()
      event.stopPropagation()
      onEverywhere(id)
    }
    window.addEventListener('keydown', listen)
    // A dialog keeps what is pressed in it to itself.
    window.addEventListener('keydown', listenOver, true)
    return () => {
      window.removeEventListener('keydown', listen)
      window.removeEventListener('keydown', listenOver, true)
    }
  }, [onEverywhere])

  const show = useCallback(async (study: StudySummary, startTime: number, onLeft?: () => void) => {
    const viewer = loadedViewer ?? (await viewerRoom())
    viewer.markOpen(startTime)
    setRoom('viewer')
    tellOtherWindows(study.StudyInstanceUID)
    const painted = viewer.openStudy(study.StudyInstanceUID, onLeft)
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
      if (walkInFirstWindow(direction)) return
      const startTime = performance.now()
      try {
        const step = await readingList[direction]()
        if (step === undefined)
          announce(direction === 'next' ? t('This is the last of the list') : t('This is the first of the list'))
        else await show(step.study, startTime, step.take)
      } catch (thrown) {
        announceFailure(t('The next study could not be found.'), thrown)
      }
    },
    [show],
  )
  const next = useCallback(() => void walk('next'), [walk])
  const previous = useCallback(() => void walk('previous'), [walk])
  /** Of a study that was left since, too. */
  const showUnseen = useCallback(
    async (study: StudySummary) => {
      if (readingList.current()?.id !== study.id) {
        readingList.start(study)
        await show(study, performance.now())
      } else {
        setRoom('viewer')
      }
      loadedViewer?.goToNextUnseen()
    },
    [show],
  )
  const offerUnseen = useCallback((study: StudySummary) => void showUnseen(study), [showUnseen])
  const markRead = useCallback(
    async (toggle: boolean, then: () => void | Promise<void>) => {
      const { askBefore } = useAskBefore.getState()
      // What is said of this study waits for the next one's picture.
      const isNextHere = toggle || askBefore ? () => {} : awaitPicture()
      const ask = askBefore ? (unread: Unread) => setQuestion({ ...unread, then }) : undefined
      const marked = markCurrent(toggle, offerUnseen, ask)
      // Nobody waits for the mark: were it refused, the notice says so. A question is waited for.
      if (ask === undefined || !(await marked)) await then()
      isNextHere()
    },
    [offerUnseen],
  )
  // With its question open the key is the question's own answer: not another question.
  const readAndNext = useCallback(() => {
    if (question === undefined && !walkInFirstWindow('read-and-next')) void markRead(false, () => walk('next'))
  }, [markRead, walk, question])
  const toggleRead = useCallback(() => void markRead(true, () => {}), [markRead])
  const answer = (mark: boolean) => {
    setQuestion(undefined)
    if (question === undefined) return
    if (!mark) {
      void showUnseen(question.study)
      return
    }
    void setReading(question.study, 'read')
    question.then()
  }
  const back = useCallback(() => {
    if (walkInFirstWindow('back')) return
    tellOtherWindows('')
    setRoom('worklist')
    showsStudy('')
  }, [])
  const onWalk = useRef<(asked: Walk) => void>(undefined)
  onWalk.current = asked => {
    if (asked === 'back') back()
    else if (asked === 'read-and-next') readAndNext()
    else void walk(asked)
  }
  // Once: leaving, in the first window, closes the others.
  useEffect(
    () =>
      followOtherWindows(
        StudyInstanceUID => void follow(StudyInstanceUID, open),
        asked => onWalk.current?.(asked),
      ),
    [open],
  )
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
  const closeDialog = useCallback(() => {
    setDialog(undefined)
    setPage(undefined)
  }, [])
  const closePalette = useCallback(() => setPalette(undefined), [])
  const undoKey = useShownKey(room === 'viewer' ? 'mark-undo' : 'list-undo')
  const closeActivity = useCallback(() => setActivity(false), [])
  const showStorage = useCallback(() => setDialog('storage'), [])
  const showNetwork = useCallback(() => setDialog('network'), [])
  const showCentral = useCallback(() => setDialog('central'), [])
  const openActivity = useCallback(() => setActivity(true), [])

  openPalette.current = () => {
    const nothingOver = (run: () => void) => () => {
      closeDialog()
      run()
    }
    const outside = {
      onBack: back,
      onNext: next,
      onPrevious: previous,
      onReadAndNext: readAndNext,
      onToggleRead: toggleRead,
      onEverywhere,
    }
    const items = paletteItems(room === 'viewer' ? loadedViewer?.viewerActions(outside) : undefined, {
      onEverywhere,
      onPage: one => {
        setPage(one)
        setDialog('settings')
      },
      onOpen: open,
      onWorklist: back,
    })
    setPalette(items.map(item => ({ ...item, run: nothingOver(item.run) })))
  }

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
        <ReadingRoom
          viewer={Viewer}
          visible={room === 'viewer'}
          onBack={back}
          onNext={next}
          onPrevious={previous}
          onReadAndNext={readAndNext}
          onToggleRead={toggleRead}
          onEverywhere={onEverywhere}
          onShowArrivals={showArrivals}
          onOpen={open}
        />
      )}
      {activity && (
        <Activity onClose={closeActivity} onStorage={showStorage} onCentral={showCentral} listed={listedRows} />
      )}
      {dialog === 'import' && <ImportDialog onClose={closeDialog} />}
      {(dialog === 'settings' || dialog === 'storage' || dialog === 'network' || dialog === 'central') && (
        <Settings
          key={page}
          first={page ?? FIRST_PAGE[dialog]}
          onTestPicture={() => setDialog('test-picture')}
          onSelfTest={() => setDialog('self-test')}
          onClose={closeDialog}
        />
      )}
      {question !== undefined && (
        <UnseenQuestion
          words={question.words}
          onMark={() => answer(true)}
          onShow={() => answer(false)}
          onClose={() => {
            setQuestion(undefined)
            announce(t('Not marked as read'))
          }}
        />
      )}
      <CentralDialogs onSettings={showCentral} />
      <ExportDialogs onStarted={openActivity} />
      <NetworkDialogs onNodes={showNetwork} onStarted={openActivity} />
      {dialog === 'test-picture' && <TestPicture onClose={closeDialog} />}
      {dialog === 'self-test' && <SelfTest onClose={closeDialog} />}
      {dialog === 'keys' && (
        <KeySheet
          room={room}
          names={room === 'viewer' ? loadedViewer?.actionNames() : undefined}
          onSettings={() => setDialog('settings')}
          onHelp={() => setDialog('help')}
          onClose={closeDialog}
        />
      )}
      {dialog === 'help' && <Help room={room} onClose={closeDialog} />}
      {palette !== undefined && <Palette items={palette} onClose={closePalette} />}
      <BinRoom />
      <StatusLine onClick={() => setActivity(value => !value)} />
      <Notice undoKey={undoKey} />
    </>
  )
}
