/** Colours in place of greys: the well-known palettes of PS3.6 Annex B, and the two that need no table. */
export type PaletteName = 'grey' | 'inverted' | 'hot-iron' | 'pet-20'

export const PALETTES: ReadonlyArray<{ name: PaletteName; words: string }> = [
  { name: 'grey', words: 'Grey' },
  { name: 'inverted', words: 'Grey, inverted' },
  { name: 'hot-iron', words: 'Hot iron' },
  { name: 'pet-20', words: 'PET 20 step' },
]

/** The next one in turn, of those that are told apart from a grey picture where `overGrey`. */
export function nextPalette(name: PaletteName, overGrey = false): PaletteName {
  const names = PALETTES.map(palette => palette.name).filter(one => !overGrey || one !== 'inverted')
  return names[(names.indexOf(name) + 1) % names.length]!
}

/** PS3.6 B.1.4: where each of the 20 steps begins, and its colour. */
const PET_20: ReadonlyArray<[first: number, red: number, green: number, blue: number]> = [
  [0, 0, 0, 0],
  [13, 96, 0, 80],
  [26, 48, 48, 80],
  [39, 48, 48, 112],
  [51, 80, 80, 128],
  [64, 96, 96, 176],
  [77, 112, 112, 192],
  [90, 128, 128, 224],
  [102, 48, 96, 48],
  [115, 48, 144, 48],
  [128, 80, 192, 80],
  [141, 64, 224, 64],
  [153, 224, 224, 80],
  [166, 208, 208, 96],
  [179, 208, 176, 64],
  [192, 208, 144, 0],
  [204, 192, 96, 0],
  [217, 176, 48, 0],
  [230, 255, 0, 0],
  [243, 255, 255, 255],
]

function colourAt(name: PaletteName, grey: number): [number, number, number] {
  if (name === 'grey') return [grey, grey, grey]
  if (name === 'inverted') return [255 - grey, 255 - grey, 255 - grey]
  if (name === 'hot-iron') {
    // PS3.6 B.1.1: red climbs to the middle, green from there to the end, blue over the last quarter; the last is white.
    const climb = (from: number, by: number) => Math.max(0, Math.min(255, (grey - from) * by))
    return grey === 255 ? [255, 255, 255] : [climb(0, 2), climb(128, 2), climb(191, 4)]
  }
  const [, ...colour] = PET_20.findLast(([first]) => first <= grey)!
  return colour
}

const made = new Map<PaletteName, Uint8Array>()

/** Red, green, blue by turns for the 256 levels of grey. */
export function paletteColours(name: PaletteName): Uint8Array {
  let colours = made.get(name)
  if (colours === undefined) {
    colours = new Uint8Array(3 * 256)
    for (let grey = 0; grey < 256; grey++) colours.set(colourAt(name, grey), 3 * grey)
    made.set(name, colours)
  }
  return colours
}
