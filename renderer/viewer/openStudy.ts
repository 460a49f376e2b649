import type { SeriesSummary, StudySummary } from '../../shared/contract.ts'
import { firstDiagnostic } from '../../shared/viewing/seriesOrder.ts'
import { whyOf } from '../i18n/index.ts'
import { windowNumber } from '../otherWindows.ts'
import { afterPicture, awaitPicture } from '../pictureFirst.ts'
import { patientStudies, studyContents, studyThumbnails } from '../series/index.ts'
import { stopStream } from './frameLoader.ts'
import { clearFurther, setAfterStudy } from './further.ts'
import { openFreely } from './hanging/freeLayout.ts'
import { linkedByReader, useHanging } from './hanging/hangingState.ts'
import { type ByRule, openByRule, othersForRule } from './hanging/opening.ts'
import { usesSoFar } from './hanging/readersHand.ts'
import { openAsSaved } from './hanging/savedLayout.ts'
import { isHungOtherwise, keptHanging } from './marks/arrangement.ts'
import { stacksAhead } from './readAhead.ts'
import { holdChanges } from './refreshStudy.ts'
import { expectSeen } from './seen/keeper.ts'
import {
  CLOSED,
  livePanes,
  paneAt,
  paneShowing,
  putBeside,
  readFurther,
  readOn,
  remember,
  type Session,
  showSeries,
  useSession,
} from './session.ts'
import { hideCrosshair, notePatient } from './space.ts'

/** The newest opening: what an older one still brings is not shown. */
let opening = 0

/** How a study will be hung: all that has to be known before anything of it is drawn. */
interface Plan {
  study: StudySummary
  series: SeriesSummary[]
  hung: Partial<Pick<Session, 'layout' | 'assigned' | 'active' | 'linked'>>
  /** Studies whose series hang with it as it was left. */
  beside: string[]
  byRule: { hung: Awaited<ReturnType<typeof openByRule>>; isShown: boolean }
  /** Hung by a draft that was read some time ago. */
  isAhead: boolean
}

async function planStudy(StudyInstanceUID: string): Promise<Plan> {
  const contents = studyContents(StudyInstanceUID)
  // Beside the draft, not after it: each is a way to the station and back before the first picture.
  const others = contents.then(({ study }) => othersForRule(study))
  // Told by the contents themselves.
  others.catch(() => {})
  const isFirst = windowNumber() === 1
  const [{ study, series }, kept] = await Promise.all([
    contents,
    // Another window than the first has a layout of its own.
    isFirst ? keptHanging(StudyInstanceUID) : undefined,
  ])
  const first = firstDiagnostic(series)
  const own = kept?.hanging ?? (isFirst ? await openAsSaved(StudyInstanceUID, series) : undefined)
  const ruled = own === undefined ? await openByRule(study, series, others) : undefined
  const free: Omit<ByRule, 'linked'> | undefined =
    own === undefined && ruled === undefined ? openFreely(StudyInstanceUID, series) : undefined
  const plain = first && [{ StudyInstanceUID, SeriesInstanceUID: first.SeriesInstanceUID, id: first.SeriesInstanceUID }]
  const beside = own?.assigned.flatMap(one => (one && one.StudyInstanceUID !== StudyInstanceUID ? [one] : [])) ?? []
  return {
    study,
    series,
    hung: { linked: linkedByReader(), ...(own ?? ruled?.session ?? free ?? { assigned: plain ?? [] }) },
    beside: beside.map(one => one.StudyInstanceUID),
    byRule: { hung: ruled, isShown: first !== undefined },
    isAhead: kept?.isAhead ?? false,
  }
}

/** Nothing of a study stays, on the screen or with those who follow the session. */
function leaveStudy(): void {
  for (const pane of livePanes()) {
    remember(pane)
    pane.close()
  }
  useSession.setState(CLOSED)
}

/** No study is on the screen any more. */
export function closeStudy(): void {
  opening++
  stopStream()
  clearFurther()
  hideCrosshair()
  leaveStudy()
}

/**
 * What is known within so many ms takes the place of the study before in one drawing; else that one goes first. A reader waits as long
 * for any key, and the former patient never stands there while the next one is fetched.
 */
const AT_ONCE_MS = 80

/** A study stands before the reader: not in a room that is only just being shown. */
function isReading(): boolean {
  return useSession.getState().study !== undefined && document.querySelector('.viewer[data-visible]') !== null
}

async function isKnownAtOnce(plan: Promise<Plan>): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<boolean>(resolve => {
    timer = setTimeout(resolve, AT_ONCE_MS, false)
  })
  const known = await Promise.race([plan.then(() => true), late]).catch(() => false)
  clearTimeout(timer)
  return known
}

/**
 * Opens a study in the first layout. Resolves when its first image is on the screen (true), or another study was opened meanwhile.
 * `onLeft`: the one before is not on the screen any more, or no longer when whatever is changed now is drawn.
 */
export async function openStudy(StudyInstanceUID: string, onLeft: () => void = () => {}): Promise<boolean> {
  const mine = ++opening
  const pictureIsHere = awaitPicture()
  holdChanges(StudyInstanceUID)
  stopStream()
  clearFurther()
  expectSeen(StudyInstanceUID)
  hideCrosshair()
  let hasLeft = false
  const leave = () => {
    if (hasLeft) return
    hasLeft = true
    leaveStudy()
    onLeft()
  }
  try {
    const plan = planStudy(StudyInstanceUID)
    if (!isReading() || !(await isKnownAtOnce(plan))) {
      if (mine === opening) leave()
    }
    const known = await plan
    if (mine !== opening) return false
    // Both in one turn: whoever follows the session sees that none is open, then this one; drawn is only the latter.
    leave()
    const uses = usesSoFar()
    await hang(known)
    if (mine !== opening) return false
    void afterFirst(known, uses)
  } catch (thrown) {
    if (mine === opening) {
      leave()
      useSession.setState({ error: whyOf(thrown) })
    }
  } finally {
    if (mine === opening) void presented().then(pictureIsHere)
    else pictureIsHere()
  }
  return mine === opening
}

/** In the turn it is called everything is hung that need not be waited for; resolves when the first picture is drawn. */
function hang({ study, series, hung, beside, byRule }: Plan): Promise<void> {
  notePatient(study)
  useHanging.setState({ hung: byRule.hung?.hung, others: byRule.hung?.others, shown: false, open: undefined })
  useSession.setState({ study, series, ...hung })
  for (const other of beside) putBeside(other)
  const { assigned, active, layout } = useSession.getState()
  const first = Math.max(0, assigned[active] === undefined ? assigned.findIndex(one => one !== undefined) : active)
  const shown = byRule.isShown ? firstShown(first) : Promise.resolve()
  // Panes that stay where they are; those that are mounted now show theirs by themselves.
  for (let index = 0; index < layout.rows * layout.columns; index++) {
    if ((index !== first || !byRule.isShown) && paneAt(index) !== undefined) void showSeries(index)
  }
  return shown
}

/** The picture of pane `index`, which may only be mounted for what it was just given. */
async function firstShown(index: number): Promise<void> {
  if (paneAt(index) !== undefined) return showSeries(index)
  await new Promise(resolve => setTimeout(resolve))
  return paneShowing(index) ?? showSeries(index)
}

/** What was drawn is presented when the next frame of the display begins. */
function presented(): Promise<void> {
  return new Promise(resolve => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(resolve))))
}

/** What waits for the first picture. Its failures are told where they matter: in the pane that asks for them again. */
async function afterFirst({ study: { StudyInstanceUID }, series, isAhead }: Plan, uses: number): Promise<void> {
  const mine = opening
  await afterPicture()
  if (mine !== opening) return
  useHanging.setState({ shown: true })
  void studyThumbnails(StudyInstanceUID).then(thumbnails => {
    if (mine === opening) useSession.setState({ thumbnails })
  })
  if (isAhead) void hangAsLeft(StudyInstanceUID, uses)
  await readOn(StudyInstanceUID, series).catch(() => {})
  if (mine === opening) await readOthers()
}

/**
 * Where its reader has left it otherwise on another workstation since it was read ahead, it is hung once more; not under his hand:
 * when he has done anything here since it was hung (he had made `uses` then), be it before the first picture, it stays.
 */
async function hangAsLeft(StudyInstanceUID: string, uses: number): Promise<void> {
  const mine = opening
  const isOtherwise = await isHungOtherwise(StudyInstanceUID)
  if (isOtherwise && mine === opening && uses === usesSoFar()) await openStudy(StudyInstanceUID)
}

/** The patient's other studies, as the store has them now. */
export async function readOthers(): Promise<void> {
  const mine = opening
  const { study } = useSession.getState()
  if (study === undefined) return
  const others = await patientStudies(study.StudyInstanceUID).catch(() => undefined)
  if (mine === opening && others !== undefined) useSession.setState({ others })
}

/** The study that will probably be opened next: read, with its priors, behind all of this one. Rejects like `call`. */
export async function readAhead(StudyInstanceUID: string): Promise<void> {
  const mine = opening
  await afterPicture()
  await stacksAhead(StudyInstanceUID, imageIds => {
    // Another one was opened meanwhile: what comes after that is not this.
    if (mine !== opening) return false
    setAfterStudy(imageIds)
    readFurther()
    return true
  })
}
