/** One frame's place in a display set. */
export interface DisplaySetFrame {
  /** Index into the manifest's `instances`. */
  instance: number
  /** 1-based. */
  frame: number
  /** mm along the set's normal; absent where the frame has no place in the patient. */
  position?: number
  /** 'duplicate': another frame of the set has the same place (and phase); 'gap': slices are missing before this one; 'uneven': its distance to the one before differs. */
  marks?: Array<'duplicate' | 'gap' | 'uneven'>
}

/** Frames that are read as one stack: a series, or a part of one (split by orientation, matrix, spacing, echo, …). */
export interface DisplaySet {
  /** Stable while the series' images do not change: Series Instance UID, then `#` and what sets it apart; the bare UID when the series is one set. */
  id: string
  SeriesInstanceUID: string
  /**
   * 'stack': images to read, also single ones. 'cine': a clip, or one place through time. 'localizer': scouts. 'secondary': screen
   * saves and pictures of reports. 'slide': the levels of a microscopic slide, whose frames are tiles. 'other': what has no picture.
   */
  kind: 'stack' | 'localizer' | 'cine' | 'secondary' | 'slide' | 'other'
  /** What sets it apart within its series, for a person: 'sagittal', 'b 800', 'echo 2'; '' when the series is one set, or this is its plain stack. */
  label: string
  /** In display order. Empty for a set whose instances have no picture (they are in `pictureless`). */
  frames: DisplaySetFrame[]
  /**
   * Indices of instances without a picture: reports, plans, damaged pixels. Never within a stack: they are the last set, of kind
   * 'other'. Of a slide: its instances, the one with the most tiles first.
   */
  pictureless: number[]
  /** Unit normal (LPS) when all frames are parallel and placed. */
  normal?: [number, number, number]
  /** mm between neighbours along the normal when even, gaps apart. */
  spacing?: number
  /** How many slices are missing, how many are there too often, and whether some stand unevenly: what the marks add up to. */
  missing: number
  duplicated: number
  uneven: boolean
}
