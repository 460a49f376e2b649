import type { SeriesSummary } from '../../../shared/contract.ts'
import { bestSeries, type SeriesTraits } from '../../../shared/viewing/compare/matchSeries.ts'
import { readingRank } from '../../../shared/viewing/seriesOrder.ts'
import { t } from '../../i18n/index.ts'
import { studyContents } from '../../series/index.ts'
import { announceFailure } from '../../ui/index.ts'
import { describeFrame, type SeriesStack } from '../catalog.ts'
import { activePane, assignSeries, leaveSetAt, setActive, setLayout, studyOnScreen, useSession } from '../session.ts'
import { openStacks } from '../stacks.ts'
import { sourceSetId } from '../volume/reformats.ts'

/** Read to find the best; the rest of a study of hundreds of series is not. */
const MOST_SERIES = 40

function traitsOf(stack: SeriesStack): SeriesTraits & { stack: SeriesStack } {
  const { manifest, set, imageIds } = stack
  const attributes = describeFrame(imageIds[0] ?? '')?.attributes ?? {}
  return {
    stack,
    Modality: manifest.Modality,
    description: [manifest.SeriesDescription, set.label].filter(Boolean).join(' '),
    BodyPartExamined: manifest.BodyPartExamined ?? '',
    normal: set.normal,
    spacing: set.spacing,
    thickness: attributes.SliceThickness,
    frames: imageIds.length,
    kind: set.kind,
  }
}

/** The series of a study that shows most the same as what hangs in the active pane; its first one where nothing does. */
async function bestOf(StudyInstanceUID: string, wanted: SeriesStack | undefined): Promise<SeriesStack | undefined> {
  const { series } = await studyContents(StudyInstanceUID)
  const like = (one: SeriesSummary) => (one.Modality === wanted?.manifest.Modality ? 0 : 1)
  const candidates = series
    .filter(one => one.hasImages)
    .sort((a, b) => like(a) - like(b) || readingRank(a) - readingRank(b))
    .slice(0, MOST_SERIES)
  const stacks: SeriesStack[] = []
  for (const { SeriesInstanceUID } of candidates) {
    // One that cannot be read does not hide the others.
    const laidOut = await openStacks(StudyInstanceUID, SeriesInstanceUID).catch(() => [])
    stacks.push(...laidOut.filter(({ imageIds }) => imageIds.length > 0))
  }
  if (wanted === undefined) return stacks[0]
  return bestSeries(traitsOf(wanted), stacks.map(traitsOf))?.stack ?? stacks[0]
}

/** What the active pane shows, a reformat by what it is made of. */
function shownSource(): SeriesStack | undefined {
  const stack = activePane()?.stack
  if (stack?.sourceIds === undefined) return stack
  const laidOut = useSession.getState().stacks.get(stack.manifest.SeriesInstanceUID) ?? []
  return laidOut.find(({ set }) => set.id === sourceSetId(stack.set.id)) ?? stack
}

/**
 * Hangs the best matching series of a prior beside the active pane, which stays the active one. One pane becomes two; of several
 * the one on the right is taken, in the last column the one on the left.
 */
export async function openPrior(StudyInstanceUID: string): Promise<void> {
  const { study } = useSession.getState()
  try {
    const wanted = shownSource()
    const best = await bestOf(StudyInstanceUID, wanted)
    if (useSession.getState().study?.StudyInstanceUID !== study?.StudyInstanceUID) return
    if (best === undefined) {
      announceFailure('Nothing to compare.', t('There is no picture in this study.'))
      return
    }
    const { SeriesInstanceUID } = best.manifest
    const assignment = { StudyInstanceUID, SeriesInstanceUID, id: best.set.id }
    startAlike(best, wanted)
    // As it is by now: reading takes a moment, and the reader may have gone to another pane or layout.
    const { layout, assigned, active } = useSession.getState()
    if (layout.rows * layout.columns === 1) {
      const next = [...assigned]
      next[1] = assignment
      useSession.setState({ assigned: next })
      setLayout({ rows: 1, columns: 2 })
    } else {
      const last = active % layout.columns === layout.columns - 1
      // In one column the pane below, or above.
      const beside =
        layout.columns === 1 ? (active + 1 < layout.rows ? active + 1 : active - 1) : active + (last ? -1 : 1)
      useSession.setState({ oneUp: undefined })
      assignSeries(assignment, beside)
      setActive(active)
    }
  } catch (thrown) {
    announceFailure('The study could not be opened beside this one.', thrown)
  }
}

/** The first time it is hung it starts at the same part of the stack; where both share a frame of reference, at the same place. */
function startAlike(best: SeriesStack, wanted: SeriesStack | undefined): void {
  const pane = activePane()
  if (pane === undefined || pane.stack !== wanted || wanted === undefined) return
  const frame = (stack: SeriesStack) => describeFrame(stack.imageIds[0] ?? '')?.attributes.FrameOfReferenceUID
  const isKnown = studyOnScreen(useSession.getState(), best.manifest.StudyInstanceUID) !== undefined
  if (isKnown || frame(best) === frame(wanted)) return
  const part = pane.state.getState().index / Math.max(1, wanted.entries.length - 1)
  const index = Math.round(part * (best.entries.length - 1))
  leaveSetAt(best.set.id, { index, view: { inverted: false, quarterTurns: 0, mirrored: false } })
}
