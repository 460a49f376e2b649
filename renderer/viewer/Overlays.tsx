import { memo } from 'react'
import type { SeriesSummary, StudySummary } from '../../shared/contract.ts'
import { edgeLetters, slicePosition } from '../../shared/viewing/geometry.ts'
import { frameAttributes, type ImageAttributes } from '../../shared/viewing/image.ts'
import { BY_HAND, scaleOf } from '../../shared/viewing/measure/scale.ts'
import { PALETTES } from '../../shared/viewing/palettes.ts'
import { isLying } from '../../shared/viewing/volume/curve.ts'
import { heard, inLanguage, msg, t, useLanguage } from '../i18n/index.ts'
import { countImages, describeDate, describeFlag, formatDate, formatTime, PersonName } from '../ui/index.ts'
import { useArriving } from './arriving.ts'
import { describeFrame, type SeriesStack, type StackEntry } from './catalog.ts'
import { LinkWords } from './compare/LinkWords.tsx'
import { countLoaded } from './frameLoader.ts'
import { FusionWords } from './fusion/FusionLayer.tsx'
import { measuredFrame, useCalibrations } from './marks/index.ts'
import { PointerValue } from './PointerValue.tsx'
import type { Pane } from './pane.ts'
import type { PaneState } from './paneState.ts'
import { useSaidOfFrames } from './SeriesStrip.tsx'
import { useReaderShutter } from './shutter.ts'
import { setMarks } from './strip.ts'
import { rangeWords, uptakeRefusal, uptakeUnit, useUptake } from './uptake.ts'
import { curvedNotes, curvedOf, curvedWords } from './volume/curved.ts'
import { OUTGROWN, useOutgrown } from './volume/outgrown.ts'
import { reformatNotes, reformatOf, reformatWords } from './volume/reformats.ts'
import { rangeToWindow } from './windows.ts'

const LOSSY = /^1\.2\.840\.10008\.1\.2\.4\.(5[013]|81|91|93|203|112)$/

/** What was done to the picture before it came here (PS3.3 C.7.6.1.1.5), and by its transfer syntax. */
function compressionMark(attributes: ImageAttributes, TransferSyntaxUID: string): string {
  const ratio = attributes.LossyImageCompressionRatio?.at(-1)
  if (attributes.LossyImageCompression === '01') return ratio ? `LOSSY ${ratio.toFixed(1)}:1` : 'LOSSY'
  return LOSSY.test(TransferSyntaxUID) ? 'LOSSY' : ''
}

/** Where a side is taken for granted by its shape alone, it stands in letters a reader cannot miss. */
const SIDED = new Set(['MG', 'CR', 'DX'])

/** How the screen's pixels stand to the image's. */
function zoomWords(zoom: number, nearest: boolean): string {
  if (Math.abs(zoom - 1) < 0.0005) return '1:1'
  const factor = `×${zoom >= 10 ? zoom.toFixed(1) : zoom.toFixed(2)}`
  if (zoom < 1) return t('minified {{factor}}', { factor })
  return nearest ? t('{{factor}} squares', { factor }) : t('interpolated {{factor}}', { factor })
}

const PLACE_WORDS = {
  gap: msg('slices are missing before this one'),
  duplicate: msg('another image has this place'),
  uneven: msg('uneven distance to the one before'),
} as const

/** What a reader must know before trusting the picture, in words; most important first. */
function trustMarks(
  state: PaneState,
  entry: StackEntry,
  attributes: ImageAttributes,
  series: SeriesSummary | undefined,
): string[] {
  const { stack, shown, index } = state
  if (stack === undefined) return []
  const { instance } = entry
  const loaded = countLoaded(stack.imageIds)
  const all = stack.imageIds.length
  const described = describeFrame(entry.imageId)
  const frame = measuredFrame(entry.imageId)
  const scale = frame && scaleOf(frame, [])
  const reformat = reformatOf(stack)
  const curved = curvedOf(stack)
  return [
    compressionMark(attributes, instance.TransferSyntaxUID),
    ...(series?.flags ?? []).map(describeFlag),
    scale?.unit === 'mm' ? '' : t('uncalibrated'),
    scale?.note === BY_HAND ? inLanguage(BY_HAND) : '',
    attributes.colourProfileUnapplied ? t('colour profile not applied') : '',
    ...(reformat ? reformatNotes(reformat, entry.imageId) : []),
    ...(curved ? curvedNotes(curved, shown ?? index) : []),
    !reformat && !curved && loaded < all ? t('loaded {{loaded}} of {{all}}', { loaded, all }) : '',
    described ? heard(uptakeRefusal(described)) : '',
  ].filter(Boolean)
}

function figure(value: number): string {
  return Math.abs(value) >= 100 || Number.isInteger(value) ? String(Math.round(value)) : value.toPrecision(3)
}

/** Part of the picture is not seen, by the reader's own will. */
function Covered({ pane, state }: { pane: Pane; state: PaneState }) {
  return useReaderShutter(pane, state) && <div className="mark">{t('shutter')}</div>
}

/** Whose picture it is. Apart from what each picture says anew: a notch of the wheel draws the words of several panes. */
const PatientCorner = memo(function PatientCorner({ study, another }: { study: StudySummary; another: boolean }) {
  useLanguage()
  return (
    <div className="corner top left">
      <div>
        <PersonName value={study.PatientName} lang={study.lang} />
      </div>
      <div className="id">
        {study.PatientID}
        {study.PatientSex !== '' && ` · ${study.PatientSex}`}
      </div>
      {study.PatientBirthDate !== '' && <div>* {formatDate(study.PatientBirthDate)}</div>}
      <div
        title={describeDate(study.StudyDate)}
        className={another ? 'another-study' : undefined}
        data-testid="study-date"
      >
        {another && '⚠ '}
        {formatDate(study.StudyDate)} {formatTime(study.StudyTime)}
      </div>
      <div>
        <bdi dir="auto" lang={study.lang || undefined}>
          {study.StudyDescription}
        </bdi>
      </div>
    </div>
  )
})

/** What it was made with. */
const MachineCorner = memo(function MachineCorner(props: {
  manifest: SeriesStack['manifest']
  KVP: number | undefined
  RepetitionTime: number | undefined
  EchoTime: number | undefined
  /** Side and projection. */
  view: string
}) {
  const { manifest, KVP, RepetitionTime, EchoTime, view } = props
  return (
    <div className="corner top right">
      <div>
        <bdi dir="auto">{manifest.InstitutionName}</bdi>
      </div>
      <div>{[manifest.Manufacturer, manifest.StationName].filter(Boolean).join(' · ')}</div>
      {KVP !== undefined && <div>{figure(KVP)} kV</div>}
      {RepetitionTime !== undefined && EchoTime !== undefined && (
        <div>
          TR {figure(RepetitionTime)} TE {figure(EchoTime)}
        </div>
      )}
      {view !== '' && (
        <div className="view-position" data-large={SIDED.has(manifest.Modality) ? '' : undefined}>
          {view}
        </div>
      )}
      {manifest.synthetic && <div className="synthetic">SYNTHETIC</div>}
    </div>
  )
})

function TrustMarks(props: {
  state: PaneState
  entry: StackEntry
  attributes: ImageAttributes
  series: SeriesSummary | undefined
}) {
  const { state, entry, attributes, series } = props
  const words = useSaidOfFrames(() => trustMarks(state, entry, attributes, series).join('\n'))
  return words.split('\n').map(
    mark =>
      mark !== '' && (
        <div className="mark" key={mark}>
          {mark}
        </div>
      ),
  )
}

/** The four corners and the edges of a pane. Every line belongs to the pixels on the screen; what is awaited says so. */
export function Overlays(props: {
  study: StudySummary
  series: SeriesSummary | undefined
  pane: Pane | undefined
  state: PaneState
  /** Not the study that was opened. */
  another: boolean
}) {
  const { study, series, pane, state, another } = props
  const { stack, shown, index, range, zoom, nearest, inverted, palette, loading, playing, transform } = state
  useCalibrations(study.StudyInstanceUID)
  const arriving = useArriving(series => stack !== undefined && series.has(stack.manifest.SeriesInstanceUID))
  useUptake()
  const outgrown = useOutgrown((reformatOf(stack) ?? curvedOf(stack))?.source)
  const entry = stack?.entries[shown ?? index]
  if (stack === undefined || entry === undefined) return null
  const { manifest } = stack
  const attributes = frameAttributes(manifest, entry.instance, entry.frame)
  const picture = shown !== undefined
  const letters = transform && edgeLetters(attributes, transform)
  const window = range && rangeToWindow(range, attributes.VOILUTFunction)
  const described = describeFrame(entry.imageId)
  const uptake = described && uptakeUnit(described)
  const position = slicePosition(attributes)
  const thickness = attributes.SliceThickness
  const reformat = reformatOf(stack)
  const curved = curvedOf(stack)
  const frames =
    entry.instance.NumberOfFrames > 1
      ? ` · ${t('frame {{number}}/{{all}}', { number: String(entry.frame), all: String(entry.instance.NumberOfFrames) })}`
      : ''
  return (
    <div className="overlays">
      <PatientCorner study={study} another={another} />
      <MachineCorner
        manifest={manifest}
        KVP={attributes.KVP}
        RepetitionTime={attributes.RepetitionTime}
        EchoTime={attributes.EchoTime}
        view={[attributes.ImageLaterality, attributes.ViewPosition].filter(Boolean).join(' ')}
      />
      <div className="corner bottom left">
        {pane !== undefined && <FusionWords pane={pane} state={state} />}
        <div>
          {manifest.SeriesNumber !== undefined && `${manifest.SeriesNumber} `}
          <bdi dir="auto">{manifest.SeriesDescription}</bdi>
          {stack.set.label !== '' && ` · ${stack.set.label}`}
        </div>
        {setMarks(stack.set).length > 0 && <div className="mark">⚠ {setMarks(stack.set).join(', ')}</div>}
        {entry.marks?.map(mark => (
          <div className="mark" key={mark}>
            {t(PLACE_WORDS[mark])}
          </div>
        ))}
        <div data-testid="image-number">
          {manifest.Modality} ·{' '}
          {picture
            ? t('image {{number}}/{{all}}', { number: String(shown + 1), all: String(stack.entries.length) })
            : countImages(stack.entries.length)}
          {picture && frames}
          {playing && <> · {t('cine')}</>}
          {arriving && (
            <span className="quiet" data-testid="arriving">
              {' '}
              · {t('arriving, {{images}} so far', { images: stack.entries.length })}
            </span>
          )}
        </div>
        {loading && shown !== index && (
          <div className="awaited">{t('loading {{number}}', { number: String(index + 1) })}</div>
        )}
        {picture && position !== '' && (
          <div>
            {position}
            {thickness !== undefined &&
              !reformat &&
              ` · ${t('{{thickness}} mm thick', { thickness: figure(thickness) })}`}
          </div>
        )}
        {pane !== undefined && <LinkWords pane={pane} />}
        {reformat && <div data-testid="reformat">{reformatWords(reformat)}</div>}
        {curved && picture && transform && (
          <div data-testid="curved">
            {curvedWords(curved, shown, transform).map(words => (
              <div key={words}>{words}</div>
            ))}
            {/* The two sides are on top and below. */}
            {isLying(transform) && <div>↓</div>}
          </div>
        )}
      </div>
      <div className="corner bottom right">
        {picture && (
          <>
            {pane !== undefined && <PointerValue pane={pane} />}
            {outgrown && <div className="mark">{t(OUTGROWN)}</div>}
            {pane !== undefined && <Covered pane={pane} state={state} />}
            <TrustMarks state={state} entry={entry} attributes={attributes} series={series} />
            {manifest.Modality === 'MG' && <div>{t('8-bit display')}</div>}
            {window && (
              <div data-testid="window">
                {uptake && range ? rangeWords(range, uptake) : `W ${figure(window.width)} L ${figure(window.center)}`}
                {attributes.VOILUTFunction === 'SIGMOID' && ` ${t('sigmoid')}`}
                {inverted && ` ${t('inverted')}`}
              </div>
            )}
            {palette !== 'grey' && (
              <div data-testid="colours">{heard(PALETTES.find(({ name }) => name === palette)?.words ?? '')}</div>
            )}
            <div data-testid="zoom">{zoomWords(zoom, nearest)}</div>
          </>
        )}
      </div>
      {letters !== undefined && (
        <>
          <div className="edge left" data-edge="left">
            {letters.left}
          </div>
          <div className="edge right" data-edge="right">
            {letters.right}
          </div>
          <div className="edge top" data-edge="top">
            {letters.top}
          </div>
          <div className="edge bottom" data-edge="bottom">
            {letters.bottom}
          </div>
        </>
      )}
    </div>
  )
}
