import type { PatientFacts, SetFacts } from '../../../shared/viewing/hanging/facts.ts'
import { judgeProtocols, stageRefusal, type Verdict } from '../../../shared/viewing/hanging/match.ts'
import { type Placed, placeStage } from '../../../shared/viewing/hanging/place.ts'
import { SHIPPED, setHangingRules, useHangingRules } from '../../hanging/index.ts'
import { heard, t } from '../../i18n/index.ts'
import { windowNumber, windowsHere } from '../../otherWindows.ts'
import { announce } from '../../ui/index.ts'
import { layOut, paneAt, putBeside, remember, type Session, showSeries, useSession } from '../session.ts'
import type { Assignment } from '../strip.ts'
import { sourceSetId } from '../volume/reformats.ts'
import { patientFacts } from './facts.ts'
import { byRule, type Hung, isByRule, noteLinked, useHanging } from './hangingState.ts'
import { assignmentFor, judge, plan } from './opening.ts'
import { countUses, usesSoFar } from './readersHand.ts'

/** What is known of the patient now. */
export function patientNow(session: Session = useSession.getState()): PatientFacts | undefined {
  const { study, series, stacks, others, beside } = session
  if (study === undefined) return undefined
  const known = others.length > 0 ? others : useHanging.getState().others
  return patientFacts({ study, series, stacks }, known, uid => beside.get(uid)?.series, windowsHere())
}

/** All protocols as they fit the open study now, best first. */
export function verdictsNow(): Verdict[] {
  const patient = patientNow()
  return patient === undefined ? [] : judgeProtocols(useHangingRules.getState().protocols, SHIPPED, patient)
}

/** The layout is as it was hung, and of the same study. */
function isOurs(hung: Hung, { study, layout }: Session): boolean {
  return study?.StudyInstanceUID === hung.StudyInstanceUID && layout === hung.layout
}

/** By pane what hangs there, whoever hung it. */
function hangingNow(hung: Hung, { assigned }: Session, patient: PatientFacts): Array<SetFacts | undefined> {
  const sets = [patient.current, ...(patient.priors ?? [])].flatMap(study => study.sets ?? [])
  const { panes } = hung.verdict.protocol.stages[hung.stage]!
  return panes.map((_, at) => {
    const one = assigned[at]
    if (one === undefined) return undefined
    const id = sourceSetId(one.id)
    return (
      sets.find(set => set.id === id) ??
      sets.find(set => set.SeriesInstanceUID === one.SeriesInstanceUID) ??
      hung.panes[at] ??
      unknownSet(one)
    )
  })
}

/** What a reader hung of a study that no rule asks about: nothing is known of it but that its pane is taken. */
function unknownSet({ StudyInstanceUID, SeriesInstanceUID, id }: Assignment): SetFacts {
  return {
    StudyInstanceUID,
    SeriesInstanceUID,
    id,
    Modality: '',
    words: [],
    regions: [],
    kind: 'other',
    images: 0,
    several: false,
    known: true,
    plane: undefined,
    laterality: undefined,
    view: undefined,
    imageType: undefined,
    thickness: undefined,
    contrast: undefined,
  }
}

/** The reader's uses of the viewer when the stage was hung. */
let usesBefore = 0

/** Panes that were waiting get what has come; a stage that turns out not to be filled gives way to the next best. */
function reconsider(): void {
  const { hung, shown } = useHanging.getState()
  // Each series that is laid out asks: mostly nothing waits.
  if (hung === undefined || hung.panes.every(set => set !== undefined)) return
  const session = useSession.getState()
  const patient = patientNow(session)
  if (patient === undefined || !isOurs(hung, session)) return
  const stage = hung.verdict.protocol.stages[hung.stage]!
  const fixed = hangingNow(hung, session, patient)
  const placed = placeStage(stage, patient, fixed)
  const refusal = stageRefusal(stage, placed)
  // Under the reader's hand what is lacking is said in its pane, and nothing else changes.
  const isTouched =
    usesSoFar() > usesBefore ||
    fixed.some((set, at) => set && set.SeriesInstanceUID !== hung.panes[at]?.SeriesInstanceUID)
  if (refusal !== undefined && !isTouched) {
    giveWay(hung, refusal, patient)
    return
  }
  // What the reader hung in a pane that waited has no look by rule.
  const hangs = (one: Placed, at: number) => (one.kind === 'hang' && fixed[at] === undefined ? one.set : undefined)
  const panes = placed.map((one, at) => hung.panes[at] ?? hangs(one, at))
  const because = placed.map(
    (one, at) => hung.because[at] || (one.kind === 'hang' ? one.because : one.kind === 'none' ? one.words : ''),
  )
  if (JSON.stringify(because) !== JSON.stringify(hung.because)) {
    useHanging.setState({ hung: { ...hung, panes, because } })
  }
  for (const [at, one] of placed.entries()) {
    if (one.kind === 'hang' && fixed[at] === undefined) hangIn(at, one.set, hung)
    if (one.kind === 'none' && fixed[at] === undefined) say(at, one.words)
  }
  if (shown) askFor(placed)
}

const asked = new Set<string>()

/** What panes wait for, each once; what failed is asked for again with the next that comes. */
function askFor(placed: readonly Placed[]): void {
  const { stacks } = useSession.getState()
  for (const one of placed) {
    if (one.kind !== 'wait' || one.study === '') continue
    const { study: StudyInstanceUID, series: SeriesInstanceUID } = one
    const name = `${StudyInstanceUID} ${SeriesInstanceUID}`
    if (asked.has(name) || (SeriesInstanceUID !== undefined && stacks.has(SeriesInstanceUID))) continue
    asked.add(name)
    const again = () => void asked.delete(name)
    if (SeriesInstanceUID === undefined) putBeside(StudyInstanceUID, again)
    else layOut({ StudyInstanceUID, SeriesInstanceUID }).catch(again)
  }
}

function hangIn(at: number, set: SetFacts, hung: Hung): void {
  byRule(() =>
    useSession.setState(({ assigned }) => {
      const next = [...assigned]
      next[at] = assignmentFor(set, hung, at)
      return { assigned: next }
    }),
  )
  void showSeries(at)
}

function say(at: number, words: string): void {
  const { problems } = useSession.getState()
  if (problems[at] === words) return
  const next = [...problems]
  next[at] = words
  useSession.setState({ problems: next })
}

/** What cannot be filled after all is said in a line; what hangs already stays where the next best has it, too. */
function giveWay(hung: Hung, refusal: string, patient: PatientFacts): void {
  const next = judge(patient).find(one => one.refusal === '')
  const name = `${hung.verdict.protocol.name}: ${hung.verdict.protocol.stages[hung.stage]?.name}`
  announce(t('{{name}} cannot be hung. {{why}}', { name, why: heard(refusal) }))
  if (next !== undefined) {
    hangStage(next, next.stages[0]!)
    return
  }
  // As without protocols.
  const { assigned } = useSession.getState()
  const first = assigned.find(one => one !== undefined)
  useHanging.setState({ hung: undefined })
  byRule(() => useSession.setState({ layout: { rows: 1, columns: 1 }, oneUp: undefined, assigned: [first], active: 0 }))
  void showSeries(0)
}

/** Hangs a stage of a protocol as a whole. What the reader set in a display set stays with it. */
function hangStage(verdict: Verdict, at: number): void {
  const patient = patientNow()
  const stage = verdict.protocol.stages[at]
  if (patient === undefined || stage === undefined) return
  const placed = placeStage(stage, patient)
  const { hung, session } = plan(patient.current.StudyInstanceUID, verdict, at, placed)
  asked.clear()
  const before = useSession.getState().assigned
  const count = session.layout.rows * session.layout.columns
  const problems = Array.from({ length: count }, (_, index) => {
    const one = placed[index]
    return one?.kind === 'none' ? one.words : undefined
  })
  for (let index = 0; index < count; index++) {
    const pane = paneAt(index)
    if (pane === undefined) continue
    remember(pane)
    if (session.assigned[index] === undefined) pane.close()
  }
  useHanging.setState({ hung, shown: true, open: undefined })
  byRule(() => useSession.setState({ ...session, problems, oneUp: undefined, popup: undefined }))
  for (let index = 0; index < count; index++) {
    // Those that are mounted now show theirs by themselves.
    if (session.assigned[index] !== undefined && (before[index] !== undefined || paneAt(index))) void showSeries(index)
  }
  reconsider()
}

/** A stage as the reader chooses it: another window than the first has it again with the next such study. */
export function chooseStage(verdict: Verdict, at: number): void {
  hangStage(verdict, at)
  if (windowNumber() === 1) return
  void setHangingRules({ windows: { [`${verdict.protocol.id} ${windowNumber()}`]: at } })
}

/** The stage after or before; of a study that hangs otherwise, the best protocol's first. */
export function stepStage(delta: 1 | -1): void {
  const { hung } = useHanging.getState()
  const session = useSession.getState()
  const verdicts = verdictsNow()
  const verdict = verdicts.find(({ protocol }) => protocol.id === hung?.verdict.protocol.id) ?? verdicts[0]
  if (verdict === undefined || verdict.stages.length === 0) {
    announce(session.study === undefined ? 'No study is open' : 'No hanging protocol is for this study')
    return
  }
  const place = hung === undefined || hung.StudyInstanceUID !== session.study?.StudyInstanceUID
  const here = place ? -1 : verdict.stages.indexOf(hung.stage)
  const away = hung !== undefined && !isOurs(hung, session)
  // A layout that the reader changed goes back to the stage it came from first.
  const next = place ? 0 : away ? here : here + delta
  const at = verdict.stages[next]
  if (at === undefined) announce(delta > 0 ? 'This is the last stage' : 'This is the first stage')
  else chooseStage(verdict, at)
}

/** Hangs what late series and priors bring. Returns what ends it. */
export function followHanging(): () => void {
  let due = false
  const soon = () => {
    if (due) return
    due = true
    // Once for what one answer changes.
    setTimeout(() => {
      due = false
      reconsider()
    })
  }
  const stops = [
    countUses(),
    useSession.subscribe((now, before) => {
      if (now.linked !== before.linked && now.study === before.study && !isByRule()) noteLinked(now.linked)
      if (now.study !== before.study && now.study === undefined) asked.clear()
      if (now.stacks !== before.stacks || now.beside !== before.beside || now.others !== before.others) soon()
    }),
    useHanging.subscribe((now, before) => {
      // A stage is hung with a layout of its own.
      if (now.hung?.layout !== before.hung?.layout) usesBefore = usesSoFar()
      if (now.shown && !before.shown) soon()
    }),
  ]
  return () => {
    for (const stop of stops) stop()
  }
}
