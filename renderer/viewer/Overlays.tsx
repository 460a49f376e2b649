import type { StudySummary } from '../../shared/contract.ts'
import { frameAttributes, type ImageAttributes } from '../../shared/viewing/image.ts'
import { describeDate, formatDate, formatTime, PersonName } from '../ui/index.ts'
import { edgeLetters, slicePosition } from './orientation.ts'
import type { PaneState } from './pane.ts'
import { rangeToWindow } from './windows.ts'

const LOSSY = /^1\.2\.840\.10008\.1\.2\.4\.(5[013]|81|91|93|203|112)$/

/** What was done to the picture before it came here (PS3.3 C.7.6.1.1.5), and by its transfer syntax. */
function compressionMark(attributes: ImageAttributes, TransferSyntaxUID: string): string {
  const ratio = attributes.LossyImageCompressionRatio?.at(-1)
  if (attributes.LossyImageCompression === '01') return ratio ? `LOSSY ${ratio.toFixed(1)}:1` : 'LOSSY'
  return LOSSY.test(TransferSyntaxUID) ? 'LOSSY' : ''
}

function figure(value: number): string {
  return Math.abs(value) >= 100 || Number.isInteger(value) ? String(Math.round(value)) : value.toPrecision(3)
}

/** The four corners and the edges of a pane. Every line belongs to the pixels on the screen; what is awaited says so. */
export function Overlays({ study, state }: { study: StudySummary; state: PaneState }) {
  const { stack, shown, index, range, zoom, loading, playing } = state
  const entry = stack?.entries[shown ?? index]
  if (stack === undefined || entry === undefined) return null
  const { manifest } = stack
  const attributes = frameAttributes(manifest, entry.instance, entry.frame)
  const picture = shown !== undefined
  const letters = picture ? edgeLetters(attributes.ImageOrientationPatient, attributes.PatientOrientation) : undefined
  const window = range && rangeToWindow(range, attributes.VOILUTFunction)
  const position = slicePosition(attributes.ImagePositionPatient, attributes.ImageOrientationPatient)
  const thickness = attributes.SliceThickness
  const frames = entry.instance.NumberOfFrames > 1 ? ` · frame ${entry.frame}/${entry.instance.NumberOfFrames}` : ''
  return (
    <div className="overlays">
      <div className="corner top left">
        <div>
          <PersonName value={study.PatientName} lang={study.lang} />
        </div>
        <div className="id">
          {study.PatientID}
          {study.PatientSex !== '' && ` · ${study.PatientSex}`}
        </div>
        {study.PatientBirthDate !== '' && <div>* {formatDate(study.PatientBirthDate)}</div>}
        <div title={describeDate(study.StudyDate)}>
          {formatDate(study.StudyDate)} {formatTime(study.StudyTime)}
        </div>
        <div>
          <bdi dir="auto" lang={study.lang || undefined}>
            {study.StudyDescription}
          </bdi>
        </div>
      </div>
      <div className="corner top right">
        <div>
          <bdi dir="auto">{manifest.InstitutionName}</bdi>
        </div>
        <div>{[manifest.Manufacturer, manifest.StationName].filter(Boolean).join(' · ')}</div>
        {attributes.KVP !== undefined && <div>{figure(attributes.KVP)} kV</div>}
        {attributes.RepetitionTime !== undefined && attributes.EchoTime !== undefined && (
          <div>
            TR {figure(attributes.RepetitionTime)} TE {figure(attributes.EchoTime)}
          </div>
        )}
        {(attributes.ImageLaterality || attributes.ViewPosition) && (
          <div className="view-position">
            {[attributes.ImageLaterality, attributes.ViewPosition].filter(Boolean).join(' ')}
          </div>
        )}
        {manifest.synthetic && <div className="synthetic">SYNTHETIC</div>}
      </div>
      <div className="corner bottom left">
        <div>
          {manifest.SeriesNumber !== undefined && `${manifest.SeriesNumber} `}
          <bdi dir="auto">{manifest.SeriesDescription}</bdi>
        </div>
        <div data-testid="image-number">
          {manifest.Modality} ·{' '}
          {picture ? `image ${shown + 1}/${stack.entries.length}` : `${stack.entries.length} images`}
          {picture && frames}
          {playing && ' · cine'}
        </div>
        {loading && shown !== index && <div className="awaited">loading {index + 1}</div>}
        {picture && position !== '' && (
          <div>
            {position}
            {thickness !== undefined && ` · ${figure(thickness)} mm thick`}
          </div>
        )}
      </div>
      <div className="corner bottom right">
        {picture && (
          <>
            <div className="mark">{compressionMark(attributes, entry.instance.TransferSyntaxUID)}</div>
            {window && (
              <div data-testid="window">
                W {figure(window.width)} L {figure(window.center)}
                {attributes.VOILUTFunction === 'SIGMOID' && ' sigmoid'}
              </div>
            )}
            <div>×{zoom >= 10 ? zoom.toFixed(1) : zoom.toFixed(2)}</div>
          </>
        )}
      </div>
      {letters !== undefined && (
        <>
          <div className="edge left">{letters.left}</div>
          <div className="edge right">{letters.right}</div>
          <div className="edge top">{letters.top}</div>
          <div className="edge bottom">{letters.bottom}</div>
        </>
      )}
    </div>
  )
}
