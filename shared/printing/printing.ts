import { z } from 'zod'

/** (2010,0050) with width and height in mm, upright; PS3.3 §C.13.3 gives these terms. */
export const FILM_SIZES = {
  '8INX10IN': [203, 254],
  '8_5INX11IN': [216, 279],
  '10INX12IN': [254, 305],
  '10INX14IN': [254, 356],
  '11INX14IN': [279, 356],
  '11INX17IN': [279, 432],
  '14INX14IN': [356, 356],
  '14INX17IN': [356, 432],
  '24CMX24CM': [240, 240],
  '24CMX30CM': [240, 300],
  'A4': [210, 297],
  'A3': [297, 420],
} as const satisfies Record<string, readonly [number, number]>
export type FilmSize = keyof typeof FILM_SIZES

/** How one print is laid out: the same on each of its films. */
export const filmLayout = z.object({
  rows: z.int().min(1).max(8),
  columns: z.int().min(1).max(8),
  landscape: z.boolean(),
  copies: z.int().min(1).max(20),
})
export type FilmLayout = z.infer<typeof filmLayout>

/** The longer side of a picture that is sent; a film of 14 × 17 inches has some 4,000 lines. */
export const LONGEST_SIDE = 4096
/** Of one picture, all its samples, with room for a line below it; and of one part of it as it is handed over. */
export const MOST_LEVELS = 16_000_000
export const PART_LEVELS = 1_000_000

/** One picture of a film: 8-bit levels as displayed (grey, or R, G, B by pixel), row by row. */
export interface FilmPicture {
  Rows: number
  Columns: number
  SamplesPerPixel: 1 | 3
  pixels: Uint8Array
}

/** (2010,0010): columns before rows. */
export const displayFormat = ({ rows, columns }: Pick<FilmLayout, 'rows' | 'columns'>) => `STANDARD\\${columns},${rows}`

/** PS3.3 table C.13.9.1-1, those that people meet; the rest is told as the printer says it. */
const PRINTER_TROUBLES: Record<string, string> = {
  'BAD RECEIVE MGZ': 'its receive magazine cannot be used',
  'BAD SUPPLY MGZ': 'its supply magazine cannot be used',
  'CALIBRATING': 'it is being calibrated',
  'CALIBRATION ERR': 'its calibration failed',
  'CHECK CHEMISTRY': 'its chemicals need to be looked at',
  'CHECK SORTER': 'its sorter needs to be looked at',
  'CHEMICALS EMPTY': 'it has no chemicals left',
  'CHEMICALS LOW': 'its chemicals run low',
  'COVER OPEN': 'a cover is open',
  'ELEC DOWN': 'its electronics fail',
  'ELEC SW ERROR': 'its electronics or programs fail',
  'EMPTY 8X10': 'it has no 8 × 10 inch film left',
  'EMPTY 10X14': 'it has no 10 × 14 inch film left',
  'EMPTY 11X14': 'it has no 11 × 14 inch film left',
  'EMPTY 14X17': 'it has no 14 × 17 inch film left',
  'FILM JAM': 'a film is jammed',
  'FILM TRANSP ERR': 'its film transport fails',
  'FINISHER EMPTY': 'its finisher is empty',
  'FINISHER ERROR': 'its finisher fails',
  'FINISHER LOW': 'its finisher runs low',
  'LOW 8X10': 'its 8 × 10 inch film runs low',
  'LOW 10X14': 'its 10 × 14 inch film runs low',
  'LOW 11X14': 'its 11 × 14 inch film runs low',
  'LOW 14X17': 'its 14 × 17 inch film runs low',
  'NO RECEIVE MGZ': 'it has no receive magazine',
  'NO RIBBON': 'it has no ribbon',
  'NO SUPPLY MGZ': 'it has no supply magazine',
  'OFFLINE': 'it is switched offline',
  'PAPER JAM': 'paper is jammed',
  'PRINTER DOWN': 'it is down',
  'PRINTER INIT': 'it is still starting',
  'PRINTER OFFLINE': 'it is switched offline',
  'PROC DOWN': 'its processor is down',
  'RECEIVER FULL': 'its receive magazine is full',
  'REQ MED NOT INST': 'the wished medium is not in it',
  'RIBBON ERROR': 'its ribbon fails',
  'SUPPLY EMPTY': 'it has no film or paper left',
  'SUPPLY LOW': 'its film or paper runs low',
  'WARMING UP': 'it is warming up',
}

/** What a printer says of itself (2110,0020), in words; '' where it says nothing. */
export function printerTrouble(info: string): string {
  const said = info.trim()
  if (said === '' || said === 'NORMAL') return ''
  return PRINTER_TROUBLES[said] ?? `it says ${said}`
}

/** PS3.4 §H.4 and PS3.7 annex C: what a printer answers beside Success. A warning means that the request was carried out. */
const PRINT_STATUSES: Record<number, { warning?: true; words: string }> = {
  261: { words: 'it does not know one of the settings' },
  262: { words: 'it does not accept one of the settings (film size, medium, layout)' },
  263: { warning: true, words: 'it passed over a setting it does not know' },
  272: { words: 'it failed at this' },
  278: { warning: true, words: 'it does not have one of the settings and took another value' },
  279: { words: 'it does not accept how the request is named' },
  288: { words: 'it wants a setting that was not given' },
  531: { words: 'it has no room for more now' },
  46592: { warning: true, words: 'it keeps no memory free for a print' },
  46594: { warning: true, words: 'it found a film without images' },
  46595: { warning: true, words: 'it found a film without images' },
  46596: { warning: true, words: 'the image was larger than its place and was made smaller' },
  46597: { warning: true, words: 'the densities asked for are not within what it can do' },
  46601: { warning: true, words: 'the image was larger than its place and was cropped' },
  46602: { warning: true, words: 'the image was larger than its place and lost lines' },
  50688: { words: 'it found no film to print' },
  50689: { words: 'its queue is full' },
  50690: { words: 'its queue is full' },
  50691: { words: 'the image is larger than its place on the film' },
  50693: { words: 'it has not enough memory for the image' },
  50707: { words: 'the image is larger than its place on the film' },
  50710: { words: 'another film of it has not been printed yet' },
}

/** How a printer's answer is to be taken: 'done', or carried out or not with the reason in words. */
export function printAnswer(status: number): 'done' | { warning: boolean; words: string } {
  if (status === 0) return 'done'
  const row = PRINT_STATUSES[status]
  const code = `0x${status.toString(16).padStart(4, '0')}`
  // Of what the table lacks, PS3.7 §C.4: Bxxx are warnings.
  if (!row) return { warning: status >> 12 === 0xb, words: `it answered ${code}` }
  return { warning: row.warning === true, words: `${row.words} (${code})` }
}
