import type { StoredObject } from '../../store/index.ts'

/** PS3.10 §8.2 and 8.5: at most 8 levels of at most 8 characters of A–Z, 0–9 and _; files have no extension. */
export interface FileNames {
  /** The names of an object's file from the folder of the DICOMDIR down: patient, study, series, file, each counted where it stands. */
  next(patient: string, object: Pick<StoredObject, 'StudyInstanceUID' | 'SeriesInstanceUID'>): string[]
}

export function mediaNames(): FileNames {
  const counts = new Map<string, number>()
  const known = new Map<string, string>()
  const count = (above: string, prefix: string) => {
    const number = counts.get(`${above} ${prefix}`) ?? 0
    counts.set(`${above} ${prefix}`, number + 1)
    return `${prefix}${String(number).padStart(6, '0')}`
  }
  const nameOf = (above: string, prefix: string, key: string) => {
    const own = `${above} ${prefix} ${key}`
    const name = known.get(own) ?? count(above, prefix)
    known.set(own, name)
    return name
  }
  return {
    next(patient, { StudyInstanceUID, SeriesInstanceUID }) {
      const who = nameOf('', 'PA', patient)
      const study = nameOf(who, 'ST', StudyInstanceUID)
      const series = nameOf(`${who}/${study}`, 'SE', SeriesInstanceUID)
      return ['DICOM', who, study, series, count(`${who}/${study}/${series}`, 'IM')]
    },
  }
}
