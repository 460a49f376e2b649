import { Lock, LockOpen, Trash2, X } from 'lucide-react'
import { useEffect, useReducer } from 'react'
import { type KeyImage, keyImageId, type Mark } from '../../../shared/viewing/draft.ts'
import { isCurvedUid, readReformatUid } from '../../../shared/viewing/volume/reformatUid.ts'
import { heard, inLanguage, t } from '../../i18n/index.ts'
import { useShownKey } from '../../keys/index.ts'
import { IconButton } from '../../ui/index.ts'
import type { SeriesStack } from '../catalog.ts'
import { KeyObjectRows } from '../documents/index.ts'
import { SavedLine } from '../saving/index.ts'
import { assignSeries, leaveSetAt, livePanes, setActive, useSession } from '../session.ts'
import { lookAt } from '../slides/lookAt.ts'
import { isOfSlide, markOnSlide, onSlides, openSlide, slideEntry } from '../slides/openSlides.ts'
import { hangReformat } from '../volume/mpr.ts'
import { draftOf } from './drafts.ts'
import { linesOf } from './figures.ts'
import { deleteMark, markName, toggleLock } from './markActions.ts'
import { useMarks } from './marksStore.ts'

type Place = Pick<Mark, 'SeriesInstanceUID' | 'SOPInstanceUID' | 'frame'>

function isMark(place: Place | Mark): place is Mark {
  return 'points' in place
}

/** Where a frame hangs among the display sets that are laid out; undefined while its series has not been read. */
export function findFrame({
  SeriesInstanceUID,
  SOPInstanceUID,
  frame,
}: Place): { stack: SeriesStack; index: number } | undefined {
  const made = livePanes().flatMap(({ stack }) => (stack?.sourceIds ? [stack] : []))
  for (const stack of [...(useSession.getState().stacks.get(SeriesInstanceUID) ?? []), ...made]) {
    const index = stack.entries.findIndex(
      entry => entry.instance.SOPInstanceUID === SOPInstanceUID && entry.frame === frame,
    )
    if (index !== -1) return { stack, index }
    // A slide is one place, whichever of its levels a mark names.
    if (isOfSlide(stack, SOPInstanceUID)) return { stack, index: 0 }
  }
  return undefined
}

/** Which display set a calibration is of, as far as its series has been read. */
function setWords(displaySet: string): string {
  const stacks = [...useSession.getState().stacks.values()].flat()
  const stack = stacks.find(one => one.set.id === displaySet)
  if (stack === undefined) return ''
  const { SeriesNumber, SeriesDescription } = stack.manifest
  return [
    SeriesNumber === undefined ? '' : t('series {{number}}', { number: String(SeriesNumber) }),
    SeriesDescription,
    heard(stack.set.label),
  ]
    .filter(Boolean)
    .join(' · ')
}

/** Brings a frame on the screen: in a pane that shows its display set, else in the active one. */
export function jumpTo(StudyInstanceUID: string, place: Place | Mark): void {
  const { SeriesInstanceUID } = place
  const found = findFrame(place)
  if (found === undefined) {
    if (hangReformat(StudyInstanceUID, place)) return
    assignSeries({ StudyInstanceUID, SeriesInstanceUID, id: SeriesInstanceUID })
    return
  }
  const { stack, index } = found
  if (stack.set.kind === 'slide' && isMark(place)) {
    openSlide(stack).then(
      ({ entry }) => lookAt(stack.set.id, (markOnSlide(entry.imageId, place) ?? place).points),
      // Its pane says why it cannot be opened.
      () => {},
    )
  }
  const pane = livePanes().find(one => one.stack?.set.id === stack.set.id)
  if (pane !== undefined) {
    const at = Number(pane.id.replace('pane-', ''))
    pane.goTo(index)
    setActive(at)
    // Behind the one pane it would not be seen.
    if (useSession.getState().oneUp !== undefined) useSession.setState({ oneUp: at })
    return
  }
  const view = draftOf(StudyInstanceUID).draft.views[stack.set.id]
  leaveSetAt(stack.set.id, { index, view: view ?? { inverted: false, quarterTurns: 0, mirrored: false } })
  assignSeries({ StudyInstanceUID, SeriesInstanceUID, id: stack.set.id })
}

function placeWords(place: Place): string {
  const found = findFrame(place)
  if (isCurvedUid(place.SOPInstanceUID)) return t('curved reformat, not kept')
  const made = readReformatUid(place.SOPInstanceUID)
  if (made !== undefined) return t('{{name}} reformat', { name: heard(made.name) })
  if (found === undefined) return ''
  const { SeriesNumber } = found.stack.manifest
  const image = found.stack.set.kind === 'slide' ? t('slide') : t('image {{number}}', { number: found.index + 1 })
  return SeriesNumber === undefined ? image : `${t('series {{number}}', { number: String(SeriesNumber) })} ${image}`
}

/** The image a mark is measured on, and the mark as it lies there: of a slide the largest level, once its headers are here. */
export function measuredMark(mark: Mark): { imageId: string | undefined; drawn: Mark } {
  const { stack, index = 0 } = findFrame(mark) ?? {}
  if (stack?.set.kind !== 'slide') return { imageId: stack?.entries[index]?.imageId, drawn: mark }
  const entry = slideEntry(stack)
  return { imageId: entry?.imageId, drawn: (entry && markOnSlide(entry.imageId, mark)) ?? mark }
}

function markWords(mark: Mark): string {
  const { imageId, drawn } = measuredMark(mark)
  return [markName(mark.kind), ...(imageId === undefined ? [] : linesOf(drawn, imageId))].join(' · ')
}

/** Marks, key images and calibrations of the study in the active pane, each mark a way to its image. */
export function MarksList() {
  const selected = useMarks(state => state.selected)
  const keys = {
    list: useShownKey('mark-list'),
    remove: useShownKey('mark-delete'),
    lock: useShownKey('mark-lock'),
    length: useShownKey('mark-length') ?? markName('length'),
    ellipse: useShownKey('mark-ellipse') ?? markName('ellipse'),
    image: useShownKey('key-image') ?? 'Key image',
  }
  const study = useSession(
    ({ assigned, active, study }) => assigned[active]?.StudyInstanceUID ?? study?.StudyInstanceUID,
  )
  const [, redraw] = useReducer((count: number) => count + 1, 0)
  useEffect(() => (study === undefined ? undefined : draftOf(study).state.subscribe(redraw)), [study])
  useEffect(() => onSlides(redraw), [])
  useEffect(() => {
    const marked = study === undefined ? [] : draftOf(study).draft.marks.map(findFrame)
    const slides = new Set(marked.flatMap(found => (found?.stack.set.kind === 'slide' ? [found.stack] : [])))
    // Their figures stand in the list once their headers are here; a pane says why they are not.
    for (const stack of slides) openSlide(stack).catch(() => {})
  }, [study])
  if (study === undefined) return null
  const keeper = draftOf(study)
  const { draft, trouble } = keeper.state.getState()
  const { marks, keyImages } = draft
  const calibrations = Object.entries(draft.calibrations)
  const goToKey = (image: KeyImage) => jumpTo(study, image)
  return (
    <aside className="marks-list" aria-label={t('Marks and key images')}>
      <header>
        <span className="words">{t('Marks and key images')}</span>
        <span className="spring" />
        <IconButton
          icon={X}
          name="Close the list"
          shortcut={keys.list}
          onClick={() => useMarks.setState({ listed: false })}
        />
      </header>
      {trouble !== undefined && (
        <p className="attention" role="status">
          {t('Not kept yet: {{trouble}}', { trouble: inLanguage(trouble) })}
        </p>
      )}
      <SavedLine study={study} />
      {marks.length + keyImages.length + calibrations.length === 0 && (
        <p className="quiet">
          {t(
            'Nothing marked yet. {{length}} measures a length, {{ellipse}} an ellipse; {{image}} makes the image on the screen a key image.',
            { length: keys.length ?? '', ellipse: keys.ellipse ?? '', image: keys.image ?? '' },
          )}
        </p>
      )}
      {calibrations.map(([displaySet, before]) => (
        <div className="marks-row" key={displaySet}>
          <div className="marks-said">
            <span className="words">{t('Calibrated · line of {{mm}} mm', { mm: before.mm })}</span>
            <span className="quiet words">{setWords(displaySet)}</span>
          </div>
          <IconButton
            icon={Trash2}
            name="Take the calibration back"
            onClick={() => keeper.edit([{ displaySet, calibration: { before } }])}
          />
        </div>
      ))}
      <KeyObjectRows study={study} />
      {keyImages.map(image => (
        <div className="marks-row" key={keyImageId(image)}>
          <button type="button" onClick={() => goToKey(image)} title={t('Show this image')}>
            <span className="words">{t('★ Key image')}</span>
            <span className="quiet">{placeWords(image)}</span>
          </button>
          <IconButton icon={Trash2} name="Remove" onClick={() => keeper.edit([{ keyImage: { before: image } }])} />
        </div>
      ))}
      {marks.map(mark => (
        <div className="marks-row" key={mark.id} data-selected={mark.id === selected ? '' : undefined}>
          <button
            type="button"
            title={t('Show this mark')}
            onClick={() => {
              useMarks.setState({ selected: mark.id, hidden: false })
              jumpTo(study, mark)
            }}
          >
            <span className="words">{markWords(mark)}</span>
            <span className="quiet">{placeWords(mark)}</span>
          </button>
          <IconButton
            icon={mark.locked ? Lock : LockOpen}
            name={mark.locked ? 'Unlock' : 'Lock'}
            shortcut={keys.lock}
            onClick={() => toggleLock(keeper, mark.id)}
          />
          <IconButton
            icon={Trash2}
            name="Delete"
            shortcut={keys.remove}
            disabled={mark.locked === true}
            onClick={() => deleteMark(keeper, mark.id)}
          />
        </div>
      ))}
    </aside>
  )
}
