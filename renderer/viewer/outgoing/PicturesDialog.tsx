import { useEffect, useRef, useState } from 'react'
import { risksOf } from '../../../shared/deidentify/risks.ts'
import { frameAttributes } from '../../../shared/viewing/image.ts'
import { t, whyOf } from '../../i18n/index.ts'
import { announce, Dialog, save } from '../../ui/index.ts'
import type { Pane } from '../pane.ts'
import { activePane } from '../session.ts'
import type { PictureParts } from './compose.ts'
import { movieOf } from './movie.ts'
import { fileOf, type PictureFormat, pictureOf, pixelsOf, seenPanes } from './pictures.ts'

type What = 'pane' | 'panes' | 'pixels' | 'movie'

/** The desktop shell asks for a place first: freed at once, there would be nothing to save. */
const KEPT_MS = 10 * 60_000

function saveBlob(blob: Blob, name: string): void {
  const address = URL.createObjectURL(blob)
  save(address, name)
  setTimeout(() => URL.revokeObjectURL(address), KEPT_MS)
}

/** Words are often burned into images of its kind. */
export function mayNameInPixels(pane: Pane | undefined): boolean {
  const { entry, stack } = pane ?? {}
  if (entry === undefined || stack === undefined) return false
  const { manifest } = stack
  const { instance, frame } = entry
  const risks = risksOf({
    SOPClassUID: instance.SOPClassUID,
    TransferSyntaxUID: instance.TransferSyntaxUID,
    Modality: manifest.Modality,
    BurnedInAnnotation: '',
    ImageType: frameAttributes(manifest, instance, frame).ImageType ?? [],
  })
  return risks.length > 0
}

/** What is seen as a picture, a film or on the clipboard. A file's name says no patient. */
export function PicturesDialog({ onClose }: { onClose: () => void }) {
  const [what, setWhat] = useState<What>('pane')
  const [format, setFormat] = useState<PictureFormat>('png')
  const [parts, setParts] = useState<PictureParts>({ overlays: true, identity: false })
  const [progress, setProgress] = useState<{ done: number; total: number }>()
  const [error, setError] = useState('')
  const running = useRef<AbortController>(undefined)
  // Closed from elsewhere, too: another study is opened.
  useEffect(() => () => running.current?.abort(), [])
  const pane = activePane()
  const several = seenPanes().length > 1
  const images = pane?.stack?.entries.length ?? 0
  const close = () => {
    running.current?.abort()
    onClose()
  }
  const attempt = async (act: () => Promise<void>) => {
    setError('')
    try {
      await act()
    } catch (thrown) {
      if (running.current?.signal.aborted) return
      setError(whyOf(thrown))
    }
    setProgress(undefined)
  }
  const canvasOf = async (shown: Pane) => {
    if (what === 'pixels') return pixelsOf(shown)
    return pictureOf(what === 'panes' ? seenPanes() : [shown], parts)
  }
  const keep = (shown: Pane) =>
    attempt(async () => {
      if (what === 'movie') {
        const abort = new AbortController()
        running.current = abort
        setProgress({ done: 0, total: images })
        const { file, codec, seconds } = await movieOf(shown, parts, abort.signal, (done, total) =>
          setProgress({ done, total }),
        )
        saveBlob(file, 'images.mp4')
        announce(
          t('A film of {{seconds}} s was made ({{codec}})', {
            seconds: seconds.toFixed(1),
            codec: codec === 'avc' ? 'H.264' : codec.toUpperCase(),
          }),
        )
      } else {
        saveBlob(await fileOf(await canvasOf(shown), format), `image.${format === 'jpeg' ? 'jpg' : 'png'}`)
      }
      onClose()
    })
  const copy = (shown: Pane) =>
    attempt(async () => {
      // The picture is promised at once: a browser asks that the press and the copying be one.
      const png = canvasOf(shown).then(canvas => fileOf(canvas, 'png'))
      await navigator.clipboard.write([new ClipboardItem({ 'image/png': png })])
      announce('Copied')
      onClose()
    })
  const choice = (value: What, words: string, disabled = false) => (
    <label>
      <input
        type="radio"
        name="what"
        {...(value === 'pane' && { 'data-first-focus': '' })}
        disabled={disabled || progress !== undefined}
        checked={what === value}
        onChange={() => setWhat(value)}
      />
      {words}
    </label>
  )
  const shown = pane?.state.getState().shown === undefined ? undefined : pane
  return (
    <Dialog
      title={t('Export pictures')}
      className="out-dialog"
      onClose={close}
      foot={
        <>
          <button type="button" onClick={close}>
            {t('Cancel')}
          </button>
          <button
            type="button"
            disabled={shown === undefined || what === 'movie' || progress !== undefined}
            onClick={() => shown && void copy(shown)}
          >
            {t('Copy')}
          </button>
          <button
            type="button"
            disabled={shown === undefined || progress !== undefined}
            onClick={() => shown && void keep(shown)}
          >
            {t('Save')}
          </button>
        </>
      }
    >
      <div className="out-choice" role="radiogroup" aria-label={t('What')}>
        {choice('pane', t('This pane, as it is seen'))}
        {choice('panes', t('All panes, as they hang'), !several)}
        {choice('pixels', t('This image alone, pixel for pixel'))}
        {choice('movie', t('A film of the {{number}} images of this pane (MP4)', { number: images }), images < 2)}
      </div>
      {(what === 'pane' || what === 'panes' || what === 'movie') && (
        <div className="out-choice">
          <label>
            <input
              type="checkbox"
              checked={parts.overlays}
              onChange={event => setParts({ ...parts, overlays: event.target.checked })}
            />
            {t('With the words at its corners and edges')}
          </label>
          <label>
            <input
              type="checkbox"
              disabled={!parts.overlays}
              checked={parts.identity && parts.overlays}
              onChange={event => setParts({ ...parts, identity: event.target.checked })}
            />
            {t('With the patient’s name and the institution')}
          </label>
        </div>
      )}
      {what !== 'movie' && (
        <label className="out-line">
          {t('Format')}
          <select value={format} onChange={event => setFormat(event.target.value as PictureFormat)}>
            <option value="png">{t('PNG, without loss')}</option>
            <option value="jpeg">{t('JPEG, smaller')}</option>
          </select>
        </label>
      )}
      {parts.identity && parts.overlays && what !== 'pixels' && (
        <div className="attention">{t('⚠ The patient’s name is written into the picture for good.')}</div>
      )}
      {mayNameInPixels(pane) && (
        <div className="attention">
          {t('⚠ Images of this kind often have a name in their own pixels: look before you give it away.')}
        </div>
      )}
      {progress !== undefined && (
        <progress
          max={progress.total}
          value={progress.done}
          aria-label={t('{{done}} of {{total}} images', { done: progress.done, total: progress.total })}
        />
      )}
      {error !== '' && (
        <div className="failure selectable" role="alert">
          {error}
        </div>
      )}
    </Dialog>
  )
}
