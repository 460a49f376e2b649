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

async function read(address: ObjectAddress, signal: AbortSignal): Promise<Video | undefined> {
  return readVideo(await readStoredObject(address, signal))
}

/** Why this browser will not play it; undefined where it may. */
function hindrance({ container }: Video, name: string): string | undefined {
  if (container !== 'mp4') return t('a {{container}} ({{name}}), which browsers do not play', { container, name })
  const codec = /HEVC/.test(name) ? 'video/mp4; codecs="hvc1.1.6.L123.B0"' : 'video/mp4; codecs="avc1.640029"'
  if (document.createElement('video').canPlayType(codec) === '')
    return t('{{name}}, which is not built into this browser', { name })
  return undefined
}

/** A video in place, by the platform's own player. */
export function VideoView({ address, entry }: { address: ObjectAddress; entry: StackEntry }) {
  const loaded = useRead(address, read)
  const video = loaded.state === 'here' ? loaded.value : undefined
  const { name } = transferSyntax(entry.instance.TransferSyntaxUID)
  const problem = useMemo(() => video && hindrance(video, name), [video, name])
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
  const why =
    video === undefined
      ? t('no video stream in this object')
      : failed
        ? t('{{name}}, damaged or of an odd kind', { name })
        : problem
  if (why !== undefined) {
    return (
      <div className="document-note" role="status">
        <p>{t('This video cannot be played here.')}</p>
        <p className="quiet">{t('It is {{why}}. Exported, it opens in a player that has the codec.', { why })}</p>
        <button type="button" onClick={() => exportObject(address)}>
          {t('Export')}
        </button>
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
