import { firstDiagnostic } from '../../shared/viewing/seriesOrder.ts'
import { onStudiesChanged, patientStudies, studyContents } from '../series/index.ts'
import { startEngine } from './engine.ts'
import { isLoaded, needFrame } from './frameLoader.ts'
import { openByRule } from './hanging/opening.ts'
import { readDraftAhead } from './marks/arrangement.ts'
import { oncePerStep } from './oncePerStep.ts'
import { expectSeen } from './seen/keeper.ts'
import { openStacks } from './stacks.ts'

/** Of a study's priors, those that are compared with first. */
const PRIORS = 2

/** The images of what is hung first of the study, in reading order; none where it has no picture. */
async function firstStack(StudyInstanceUID: string): Promise<string[]> {
  const { study, series } = await studyContents(StudyInstanceUID)
  startEngine()
  const { assigned, active } = (await openByRule(study, series))?.session ?? { assigned: [], active: 0 }
  const first = assigned[active]
  const { SeriesInstanceUID } = first ?? firstDiagnostic(series) ?? {}
  if (SeriesInstanceUID === undefined) return []
  const stacks = await openStacks(StudyInstanceUID, SeriesInstanceUID)
  return (stacks.find(({ set }) => set.id === first?.id) ?? stacks[0])?.imageIds ?? []
}

/** What opening a study will need first: its list of series, the first one's manifest and first image. Rejects like `call`. */
export async function preloadStudy(StudyInstanceUID: string): Promise<void> {
  const [imageId] = await firstStack(StudyInstanceUID)
  if (imageId !== undefined) await needFrame(imageId)
}

/** The study that is read ahead, and how often it is read anew while studies change. */
let next: string | undefined
/** Its images, once all that opening it asks for is known. */
let known: string[][] | undefined
const AGAIN_MS = 1000

/** The study that came whole for an opening that has not come yet; undefined while anything of it is on its way. */
export function studyAhead(): string | undefined {
  return known?.flat().every(isLoaded) ? next : undefined
}

const readAgain = oncePerStep(
  AGAIN_MS,
  async StudyInstanceUID => {
    if (StudyInstanceUID === next) await preloadStudy(StudyInstanceUID)
  },
  // It is asked for again, and told, on opening.
  () => {},
)

// What has changed of it, or of its patient, is forgotten; all else costs nothing to ask for.
onStudiesChanged(() => {
  if (next !== undefined) readAgain(next)
})

/**
 * What is worth having when the study that is open is here: all of the next one's first series, then that of its priors. Told to
 * `found` as it is known, until that answers that it is overtaken (false). What archives alone have is not fetched ahead. Rejects like
 * `call`.
 */
export async function stacksAhead(StudyInstanceUID: string, found: (imageIds: string[][]) => boolean): Promise<void> {
  next = StudyInstanceUID
  known = undefined
  await preloadStudy(StudyInstanceUID)
  await readDraftAhead(StudyInstanceUID)
  expectSeen(StudyInstanceUID)
  const { study } = await studyContents(StudyInstanceUID)
  const ahead = study.away > 0 ? [] : [await firstStack(StudyInstanceUID)]
  if (!found([...ahead])) return
  const studies = await patientStudies(StudyInstanceUID)
  for (const prior of studies.filter(one => one.away === 0).slice(0, PRIORS)) {
    ahead.push(await firstStack(prior.StudyInstanceUID))
    if (!found([...ahead])) return
  }
  if (next === StudyInstanceUID) known = ahead
}
