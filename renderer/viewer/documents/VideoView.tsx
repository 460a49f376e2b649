import { useEffect, useMemo, useState } from 'react'
import { transferSyntax } from '../../../shared/dicom/uids.ts'
import { readVideo, type Video } from '../../../shared/viewing/documents/video.ts'
import { t } from '../../i18n/index.ts'
import type { StackEntry } from '../catalog.ts'
import type { ObjectAddress } from '../objects/readObject.ts'
import { readStoredObject } from '../objects/readObject.ts'
import { exportObject } from './exportObject.ts'
import { useRead } from './useObject.ts'
import { Waiting } from './Waiting.tsx'

interface Playable {
  video: Video | undefined
  /** What the browser says of it; true where it does not know such a kind of question. */
  canPlay: boolean
}

async function read(address: ObjectAddress, signal: AbortSignal): Promise<Playable> {
  const video = readVideo(await readStoredObject(address, signal))
  return { video, canPlay: video !== undefined && (await canPlay(video)) }
}

/** Hardware decoders (HEVC) tell by the codec's own profile and the size of the picture, which `canPlayType` is not asked. */
async function canPlay({ container, codec }: Video): Promise<boolean> {
  if (container !== 'mp4') return false
  // What does not say is tried.
  if (codec === undefined) return true
  const { name, width, height } = codec
  const video = { contentType: `video/mp4; codecs="${name}"`, width, height, bitrate: 8_000_000, framerate: 30 }
  const info = await navigator.mediaCapabilities.decodingInfo({ type: 'file', video }).catch(() => undefined)
  return info?.supported ?? document.createElement('video').canPlayType(video.contentType) !== ''
}

/** Why this browser will not play it; undefined where it may. */
function hindrance({ video, canPlay }: Playable, name: string): string | undefined {
  if (video === undefined) return t('no video stream in this object')
  const { container } = video
  if (container !== 'mp4') return t('a {{container}} ({{name}}), which browsers do not play', { container, name })
  return canPlay ? undefined : t('{{name}}, which is not built into this browser', { name })
}

/** A video in place, by the platform's own player. */
export function VideoView(props: { address: ObjectAddress; entry: StackEntry; onHeader: () => void }) {
  const { address, entry, onHeader } = props
  const loaded = useRead(address, read)
  const { name } = transferSyntax(entry.instance.TransferSyntaxUID)
  const playable = loaded.state === 'here' ? loaded.value : undefined
  const video = playable?.video
  const problem = useMemo(() => playable && hindrance(playable, name), [playable, name])
  const [source, setSource] = useState<string>()
  const [failed, setFailed] = useState(false)
  useEffect(() => {
    if (video === undefined || problem !== undefined) return
    const url = URL.createObjectURL(new Blob(video.fragments as Uint8Array<ArrayBuffer>[], { type: 'video/mp4' }))
    setSource(url)
    setFailed(false)
    return () => URL.revokeObjectURL(url)
  }, [video, problem])
  if (loaded.state !== 'here') return <Waiting loaded={loaded} />
  const why = failed ? t('{{name}}, damaged or of an odd kind', { name }) : problem
  if (why !== undefined) {
    return (
      <div className="document-note" role="status">
        <p>{t('This video cannot be played here.')}</p>
        <p className="quiet">{t('It is {{why}}. Exported, it opens in a player that has the codec.', { why })}</p>
        <div className="document-tools">
          <button type="button" onClick={onHeader}>
            {t('Tag browser')}
          </button>
          <button type="button" onClick={() => exportObject(address)}>
            {t('Export')}
          </button>
        </div>
      </div>
    )
  }
  return (
    <div className="video">
      {/* biome-ignore lint/a11y/useMediaCaption: a recording of an examination; nobody speaks in it for the reader. */}
      <video controls loop playsInline src={source} onError={() => source !== undefined && setFailed(true)} />
    </div>
  )
}
