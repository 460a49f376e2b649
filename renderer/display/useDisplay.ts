import { useEffect, useState } from 'react'

export interface DisplayState {
  /** The whole display, CSS pixels. */
  width: number
  height: number
  /** Device pixels for one of CSS: what the system, and a browser's zoom, scale by. */
  ratio: number
  /** Bits of a pixel's colour, as the system tells them. */
  colorDepth: number
}

function read(): DisplayState {
  const { width, height, colorDepth } = window.screen
  return { width, height, ratio: window.devicePixelRatio, colorDepth }
}

/** The display this window is on; another after it was moved or scaled. */
export function useDisplay(): DisplayState {
  const [display, setDisplay] = useState(read)
  useEffect(() => {
    const change = () => setDisplay(read())
    const resolution = matchMedia(`(resolution: ${display.ratio}dppx)`)
    window.addEventListener('resize', change)
    resolution.addEventListener('change', change)
    return () => {
      window.removeEventListener('resize', change)
      resolution.removeEventListener('change', change)
    }
  }, [display.ratio])
  return display
}
