import { useEffect, useLayoutEffect, useRef, useState } from 'react'
import type { ImageAttributes } from '../../shared/viewing/image.ts'
import { type Overlay, overlayMask } from '../../shared/viewing/overlay.ts'
import { shutterGrey, shutterMask } from '../../shared/viewing/shutter.ts'
import { call } from '../client.ts'
import { describeFrame } from './catalog.ts'
import type { PaneState } from './pane.ts'

/** A dot of an overlay plane, and an outline that makes it visible on white: RGBA. */
const DOT = [230, 230, 230, 255]
const OUTLINE = [0, 0, 0, 160]

/** The planes of the frames looked at last. */
const known = new Map<string, Promise<Overlay[]>>()
const KEPT = 200

function planesOf(contentId: number, frame: number): Promise<Overlay[]> {
  const key = `${contentId}:${frame}`
  const here = known.get(key)
  if (here) return here
  const asked = call('instance.overlays', { contentId, frame }).then(({ overlays }) => overlays)
  known.set(key, asked)
  asked.catch(() => known.delete(key))
  for (const oldest of known.keys()) {
    if (known.size <= KEPT) break
    known.delete(oldest)
  }
  return asked
}

/** What lies between the picture and the marks: the image's own shutter, always, and its overlay planes, with the overlays. */
export function PlaneLayer({ state, overlays }: { state: PaneState; overlays: boolean }) {
  const { stack, shown, transform } = state
  const imageId = shown === undefined ? undefined : stack?.entries[shown]?.imageId
  const frame = imageId === undefined ? undefined : describeFrame(imageId)
  const planes = usePlanes(overlays && frame?.attributes.overlays ? frame : undefined)
  const canvas = useRef<HTMLCanvasElement>(null)
  const attributes = frame?.attributes
  const rows = attributes?.Rows ?? 0
  const columns = attributes?.Columns ?? 0
  const empty = attributes === undefined || transform === undefined || rows * columns === 0
  const hasPlanes = !empty && (attributes.ShutterShape !== undefined || planes.overlays.length > 0)

  useLayoutEffect(() => {
    const context = canvas.current?.getContext('2d')
    if (!context || attributes === undefined) return
    context.putImageData(new ImageData(planeImage(attributes, planes.overlays, rows, columns), columns), 0, 0)
  }, [attributes, planes, rows, columns])

  if (empty) return null
  const { a, b, c, d, e, f } = transform
  return (
    <>
      {hasPlanes && (
        <canvas
          className="planes"
          ref={canvas}
          width={columns}
          height={rows}
          style={{ transform: `matrix(${a}, ${b}, ${c}, ${d}, ${e}, ${f})` }}
        />
      )}
      {planes.failed && <div className="planes-failed">the overlay of this image could not be loaded</div>}
    </>
  )
}

const NONE: { overlays: Overlay[]; failed: boolean } = { overlays: [], failed: false }

function usePlanes(frame: { instance: { contentId: number }; frame: number } | undefined): typeof NONE {
  const contentId = frame?.instance.contentId
  const number = frame?.frame
  const [found, setFound] = useState({ ...NONE, contentId, number })
  useEffect(() => {
    if (contentId === undefined || number === undefined) return
    let current = true
    const tell = (answer: typeof NONE) => current && setFound({ ...answer, contentId, number })
    planesOf(contentId, number).then(
      overlays => tell({ overlays, failed: false }),
      () => tell({ overlays: [], failed: true }),
    )
    return () => {
      current = false
    }
  }, [contentId, number])
  // Never the planes of one image over another.
  return contentId !== undefined && found.contentId === contentId && found.number === number ? found : NONE
}

/** Shutter and planes as RGBA of the image's size; transparent where the picture shows. */
function planeImage(
  attributes: ImageAttributes,
  overlays: Overlay[],
  rows: number,
  columns: number,
): Uint8ClampedArray<ArrayBuffer> {
  const rgba = new Uint8ClampedArray(rows * columns * 4)
  const open = shutterMask(attributes, rows, columns)
  const grey = shutterGrey(attributes)
  if (open) for (let i = 0; i < open.length; i++) if (open[i] === 0) rgba.set([grey, grey, grey, 255], 4 * i)
  if (overlays.length === 0) return rgba
  const mask = overlayMask(overlays, rows, columns)
  for (let i = 0; i < mask.length; i++) {
    if (mask[i] === 0) continue
    for (const next of neighbours(i, columns, mask.length)) if (mask[next] === 0) rgba.set(OUTLINE, 4 * next)
  }
  for (let i = 0; i < mask.length; i++) if (mask[i] === 1) rgba.set(DOT, 4 * i)
  return rgba
}

function neighbours(at: number, columns: number, count: number): number[] {
  const column = at % columns
  const all = [at - columns, at + columns, column > 0 ? at - 1 : -1, column < columns - 1 ? at + 1 : -1]
  return all.filter(next => next >= 0 && next < count)
}
