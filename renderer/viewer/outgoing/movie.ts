import { t } from '../../i18n/index.ts'
import type { Pane } from '../pane.ts'
import { composePane, type PictureParts } from './compose.ts'
import { eachImage, frameTimeOf, pictureElement } from './pictures.ts'

/** Said where a browser makes no film at all. */
export class NoEncoderError extends Error {
  constructor() {
    super(t('This browser encodes no video (H.264, VP9 or AV1).'))
    this.name = 'NoEncoderError'
  }
}

/**
 * What a pane shows as a film (MP4), image by image at the images' own pace, as it is seen. The codec is the first that this browser can
 * encode in this size: H.264, which everything plays, then VP9, then AV1. Rejects with NoEncoderError, or the signal's reason.
 */
export async function movieOf(
  pane: Pane,
  parts: PictureParts,
  signal: AbortSignal,
  onProgress: (done: number, total: number) => void,
): Promise<{ file: Blob; codec: string; seconds: number }> {
  // Fetched when the first film is made.
  const media = await import('mediabunny')
  const element = pictureElement(pane)
  const first = await composePane(element, parts)
  const film = document.createElement('canvas')
  // H.264 takes even sizes only.
  film.width = first.width - (first.width % 2)
  film.height = first.height - (first.height % 2)
  const context = film.getContext('2d', { alpha: false })
  if (context === null) throw new Error(t('This browser has no canvas.'))
  const size = { width: film.width, height: film.height }
  const codec = await media.getFirstEncodableVideoCodec(['avc', 'vp9', 'av1'], size)
  if (codec === null) throw new NoEncoderError()
  const target = new media.BufferTarget()
  const output = new media.Output({ format: new media.Mp4OutputFormat({ fastStart: 'in-memory' }), target })
  const source = new media.CanvasSource(film, { codec, bitrate: media.QUALITY_VERY_HIGH })
  output.addVideoTrack(source)
  await output.start()
  let seconds = 0
  let done = 0
  const places = Array.from({ length: pane.stack?.entries.length ?? 0 }, (_, index) => index)
  try {
    await eachImage(pane, places, signal, async index => {
      context.drawImage(await composePane(element, parts), 0, 0)
      const duration = frameTimeOf(pane, index) / 1000
      await source.add(seconds, duration)
      seconds += duration
      done += 1
      onProgress(done, places.length)
    })
    await output.finalize()
  } catch (error) {
    await output.cancel().catch(() => {})
    throw error
  }
  if (target.buffer === null || done === 0) throw new Error(t('No image of it could be shown.'))
  return { file: new Blob([target.buffer], { type: 'video/mp4' }), codec, seconds }
}
