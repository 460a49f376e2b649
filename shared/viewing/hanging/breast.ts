import type { View } from '../view.ts'

/** Towards which a row, or a column, of the picture runs: the first letter of Patient Orientation (PS3.3 C.7.6.1.1.1). */
function leading(PatientOrientation: string[] | undefined, at: 0 | 1): string {
  return PatientOrientation?.[at]?.[0] ?? ''
}

/**
 * How a mammogram is turned so that the chest wall is at `wall` of the pane, and the lateral side (CC, XCC) or the head (the
 * obliques and laterals) is on top (PS3.17 annex on mammography hanging). Unturned where Patient Orientation does not tell.
 */
export function uprightBreast(
  image: { PatientOrientation?: string[]; laterality?: string | undefined; view?: string | undefined },
  wall: 'left' | 'right',
): Pick<View, 'quarterTurns' | 'mirrored'> {
  const [across, down] = [leading(image.PatientOrientation, 0), leading(image.PatientOrientation, 1)]
  // Rows run away from the wall at the left, towards it at the right.
  const wanted = wall === 'left' ? 'A' : 'P'
  const turnAcross = (across === 'A' || across === 'P') && across !== wanted
  const fromAbove = /CC$|^CC|^XCC|^FB/.test(image.view ?? '')
  // Lateral on top: columns run to the other side of the body.
  const bottom = fromAbove ? (image.laterality === 'R' ? 'L' : image.laterality === 'L' ? 'R' : '') : 'F'
  const opposite: Record<string, string> = { L: 'R', R: 'L', F: 'H' }
  const turnDown = bottom !== '' && down !== '' && down === opposite[bottom]
  // Mirroring comes before turning: upside down alone is both.
  return { quarterTurns: turnDown ? 2 : 0, mirrored: turnAcross !== turnDown }
}

/**
 * The image column that belongs in the middle of a pane, so that the picture's edge lies at the pane's `wall`.
 * `width`: of the pane, in image columns.
 */
export function wallCentre(
  wall: 'left' | 'right',
  columns: number,
  width: number,
  { quarterTurns, mirrored }: Pick<View, 'quarterTurns' | 'mirrored'>,
): number {
  const isTurned = (quarterTurns === 2) !== mirrored
  const atRight = (wall === 'right') !== isTurned
  return atRight ? columns - width / 2 : width / 2
}
