import { Edit, eraseFrom, paintOver } from '../../../shared/viewing/segmenting/edit.ts'
import { fillGap, gapsOf } from '../../../shared/viewing/segmenting/interpolate.ts'
import { fillHoles, removePieces } from '../../../shared/viewing/segmenting/islands.ts'
import { lockedNumbers } from '../../../shared/viewing/segmenting/segment.ts'
import { t } from '../../i18n/index.ts'
import { announce } from '../../ui/index.ts'
import { activePane } from '../session.ts'
import { commit, giveUp, refusalOf, working } from './hand.ts'
import { forgetKept } from './keeper.ts'
import { viewOf } from './place.ts'
import { changeHead, dropWork, useSegmenting, workInHand } from './segmentStore.ts'
import { awaySlices, type Work } from './work.ts'

/** What is done to all of the active segment; says so where it cannot be. */
function onActive(act: (work: Work, active: number) => void): void {
  const work = workInHand()
  const refused = work === undefined ? t('Nothing is drawn on these images') : refusalOf(work)
  if (work === undefined || refused !== undefined) announce(refused ?? '')
  else act(work, work.head.active)
}

function painting(work: Work, number: number): Edit {
  return new Edit(work.map, number, paintOver(lockedNumbers(work.head.segments)))
}

export function interpolateActive(): void {
  onActive((work, active) => {
    const gaps = gapsOf(work.map, active)
    if (gaps.length === 0) {
      announce('Draw the segment on two slices with others between them first')
      return
    }
    const edit = painting(work, active)
    void working(t('Interpolating'), async (_signal, breathe) => {
      try {
        for (const gap of gaps) {
          await breathe()
          fillGap(edit, gap)
        }
      } catch (thrown) {
        giveUp(work, edit)
        throw thrown
      }
      commit(work, edit, true)
    })
  })
}

export function fillHolesOfActive(): void {
  onActive((work, active) => {
    const edit = painting(work, active)
    fillHoles(edit)
    if (!commit(work, edit, false)) announce('The segment has no holes')
  })
}

/** Pieces of fewer voxels are specks. */
const SPECK = 20

export function removeIslands(kind: 'all but the largest' | 'specks'): void {
  onActive((work, active) => {
    const edit = new Edit(work.map, 0, eraseFrom(active))
    const removed = removePieces(edit, active, (voxels, place) => place === 0 || (kind === 'specks' && voxels >= SPECK))
    commit(work, edit, false)
    announce(removed === 0 ? t('The segment is in one piece') : t('{{count}} pieces removed', { count: removed }))
  })
}

/** The active segment of the slice in the active pane goes to the next one, too, and the pane with it. */
export function copyToNext(): void {
  onActive((work, active) => {
    const pane = activePane()
    const view = pane && viewOf(work, pane)
    if (pane === undefined || view === undefined || !('slice' in view)) {
      announce('This plane is cut through the images: segments are drawn on the images themselves')
      return
    }
    const next = view.slice + 1
    const from = work.map.slice(view.slice)
    if (from === undefined || !from.includes(active) || next >= work.entries.length) {
      announce(next >= work.entries.length ? 'This is the last image' : 'The segment is not drawn on this image')
      return
    }
    const edit = painting(work, active)
    edit.mask(
      next,
      Uint8Array.from(from, label => (label === active ? 1 : 0)),
    )
    commit(work, edit, false)
    pane.step(1)
  })
}

/** A segment goes with all its voxels. */
export function deleteSegment(work: Work, number: number): void {
  if (useSegmenting.getState().busy !== undefined) return
  if (work.away.size > 0) {
    const { absent } = awaySlices(work)
    announce(
      absent > 0
        ? 'Some of it may be on images that are not here: it can be deleted when they are'
        : 'Some of what is kept cannot be read, and may be of this segment: discard the segments instead',
    )
    return
  }
  const { segments, active } = work.head
  const edit = new Edit(work.map, 0, eraseFrom(number))
  removePieces(edit, number, () => false)
  commit(work, edit, false)
  const left = segments.filter(one => one.number !== number)
  // What is undone after this would be of a segment nobody knows.
  work.history.clear()
  changeHead(work, {
    segments: left,
    active: active === number ? (left[0]?.number ?? 0) : active,
    changed: true,
  })
}

/** What is drawn and not saved goes; what is saved stays in the study. */
export function discard(work: Work): void {
  useSegmenting.getState().busy?.abort.abort()
  forgetKept(work)
  dropWork(work)
}
