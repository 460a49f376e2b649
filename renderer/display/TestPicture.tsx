import { useEffect, useRef, useState } from 'react'
import { t } from '../i18n/index.ts'
import { Dialog } from '../ui/index.ts'
import { DisplayFacts } from './DisplayFacts.tsx'
import { drawTestPattern } from './testPattern.ts'

function paint(canvas: HTMLCanvasElement, width: number, height: number): void {
  canvas.width = width
  canvas.height = height
  const context = canvas.getContext('2d', { alpha: false })
  if (context === null) return
  const { grey } = drawTestPattern(width, height)
  const image = context.createImageData(width, height)
  const words = new Uint32Array(image.data.buffer)
  for (let index = 0; index < grey.length; index++) words[index] = 0xff000000 | (0x010101 * grey[index]!)
  context.putImageData(image, 0, 0)
}

/** A grey pattern over the whole window, a device pixel for each of its own, and what can be seen by it. */
export function TestPicture({ onClose }: { onClose: () => void }) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const [size, setSize] = useState('')
  useEffect(() => {
    const element = canvas.current
    if (element === null) return
    const observer = new ResizeObserver(([entry]) => {
      const box = entry?.devicePixelContentBoxSize[0]
      if (box === undefined || box.inlineSize === 0 || box.blockSize === 0) return
      paint(element, box.inlineSize, box.blockSize)
      setSize(`${box.inlineSize} × ${box.blockSize}`)
    })
    observer.observe(element, { box: 'device-pixel-content-box' })
    return () => observer.disconnect()
  }, [])
  return (
    <Dialog
      title="Test picture"
      className="test-picture"
      onClose={onClose}
      foot={
        <>
          <DisplayFacts />
          <p className="quiet">
            {t(
              'All 18 steps apart, their faint corners seen; 5 % in black and 95 % in white seen; bars of one pixel clear in the middle and in each corner; letters sharp; no band in the gradients. For looking only: it calibrates and certifies nothing. Drawn 1:1 in {{size}} pixels.',
              { size },
            )}
          </p>
        </>
      }
    >
      <canvas ref={canvas} data-testid="test-picture" aria-label={t('Grey test pattern')} />
    </Dialog>
  )
}
