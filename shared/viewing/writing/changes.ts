import type { Calibration, Draft, KeyImage, Mark } from '../draft.ts'
import { keyImageId } from '../draft.ts'
import type { Point } from '../measure/scale.ts'
import { isReformatUid } from '../volume/reformatUid.ts'
import { thousandth } from './readMeasurements.ts'

/** What a draft holds that can be saved: a plane that was made here is no image an object could name. */
export function savable(draft: Draft): { marks: Mark[]; left: number } {
  const marks = draft.marks.filter(({ SOPInstanceUID }) => !isReformatUid(SOPInstanceUID))
  return { marks, left: draft.marks.length - marks.length }
}

/** As it comes back from a saved object (text without spaces at its end): two marks that differ by less than that are the same. */
function written({ kind, SOPInstanceUID, frame, points, closed, locked, label, text }: Mark): string {
  const rounded = (point: Point) => point.map(value => thousandth(Math.fround(value)))
  const place = label ? rounded(label) : null
  return JSON.stringify([kind, SOPInstanceUID, frame, points.map(rounded), !!closed, !!locked, place, text.trimEnd()])
}

function differing(one: ReadonlyMap<string, string>, other: ReadonlyMap<string, string>): number {
  const ids = new Set([...one.keys(), ...other.keys()])
  return [...ids].filter(id => one.get(id) !== other.get(id)).length
}

export interface Changes {
  /** Marks and calibrations: the report's. */
  marks: number
  keyImages: number
}

/** How many things of a draft are not as they were saved. `absent`: marks that no version could hold now, for their images are not here. */
export function changesSince(
  draft: Draft,
  report: { marks: readonly Mark[]; calibrations: Record<string, Calibration> } | undefined,
  keyImages: readonly KeyImage[],
  absent: ReadonlySet<string> = new Set(),
): Changes {
  const byId = (marks: readonly Mark[]) =>
    new Map(marks.filter(({ id }) => !absent.has(id)).map(mark => [mark.id, written(mark)]))
  const bySet = (all: Record<string, Calibration>) =>
    new Map(Object.entries(all).map(([set, { unit, drawn, mm }]) => [set, `${unit} ${drawn} ${mm}`]))
  const byImage = (all: readonly KeyImage[]) => new Map(all.map(image => [keyImageId(image), '']))
  return {
    marks:
      differing(byId(savable(draft).marks), byId(report?.marks ?? [])) +
      differing(bySet(draft.calibrations), bySet(report?.calibrations ?? {})),
    keyImages: differing(byImage(draft.keyImages), byImage(keyImages)),
  }
}
