interface Grid {
  rows: number
  columns: number
}

/** Layouts as they were chosen, by `placeOf`, the one chosen last behind. */
type ChosenLayouts = Readonly<Record<string, Grid>>

/**
 * A layout belongs to a modality, and to a window on a display: what fits a portrait display does not fit the one beside it.
 * `display`: '1920x1080', CSS pixels.
 */
export function placeOf(Modality: string, window: number, display: string): string {
  return `${Modality} ${window} ${display}`
}

/**
 * The layout that a window's studies of a modality open in. Where its display is known it is that one's alone, whatever the window
 * that asks stands on; undefined: none was chosen there. Of a display that is not known, the last that was chosen in this window.
 */
export function layoutAt(
  layouts: ChosenLayouts,
  Modality: string,
  window: number,
  display: string | undefined,
): Grid | undefined {
  if (display !== undefined) return layouts[placeOf(Modality, window, display)]
  const last = Object.keys(layouts).findLast(place => place.startsWith(`${Modality} ${window} `))
  return layouts[last ?? '']
}
