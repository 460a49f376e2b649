import { useLayoutEffect, useRef } from 'react'
import type { ImageAttributes } from '../../shared/viewing/image.ts'
import { paintHidden, shutterGrey, shutterMask } from '../../shared/viewing/shutter.ts'
import type { Matrix } from '../../shared/viewing/view.ts'
import { describeFrame } from './catalog.ts'
import type { Pane } from './pane.ts'
import type { PaneState } from './paneState.ts'
import { useReaderShutter } from './shutter.ts'

/** A display shutter over a picture of these attributes. */
export function ShutterCanvas(props: { shutter: ImageAttributes; attributes: ImageAttributes; transform: Matrix }) {
  const { shutter, attributes, transform } = props
  const { Rows = 0, Columns = 0 } = attributes
  const canvas = useRef<HTMLCanvasElement>(null)
  useLayoutEffect(() => {
    const context = canvas.current?.getContext('2d')
    const open = shutterMask(shutter, Rows, Columns)
    if (!context || !open) return
    const rgba = new Uint8ClampedArray(Rows * Columns * 4)
    paintHidden(rgba, open, shutterGrey(shutter))
    context.putImageData(new ImageData(rgba, Columns), 0, 0)
  }, [shutter, Rows, Columns])
  if (shutter.ShutterShape === undefined || Rows * Columns === 0) return null
  const { a, b, c, d, e, f } = transform
  return (
    <canvas
      className="planes shutter"
      ref={canvas}
      width={Columns}
      height={Rows}
      style={{ transform: `matrix(${a}, ${b}, ${c}, ${d}, ${e}, ${f})` }}
    />
  )
}

/** What the reader has covered of the picture in a pane. */
export function ReaderShutter({ pane, state }: { pane: Pane; state: PaneState }) {
  const shutter = useReaderShutter(pane, state)
  const { stack, shown, transform } = state
  const attributes = describeFrame(stack?.entries[shown ?? -1]?.imageId ?? '')?.attributes
  if (shutter === undefined || attributes === undefined || transform === undefined) return null
  return <ShutterCanvas shutter={shutter} attributes={attributes} transform={transform} />
}
