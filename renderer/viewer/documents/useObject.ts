import { useEffect, useState } from 'react'
import type { DataSet } from '../../../shared/dicom/reader.ts'
import { whyOf } from '../../i18n/index.ts'
import type { ObjectAddress } from '../objects/readObject.ts'
import { readObject } from '../objects/readObject.ts'

export type Loaded<T> = { state: 'reading' } | { state: 'here'; value: T } | { state: 'failed'; words: string }

/** Shared, so that nobody renders again for it. */
const READING = { state: 'reading' } as const

/** What `read` makes of an object, once it is here; a new address forgets the one before. `read` is a stable function. */
export function useRead<T>(
  address: ObjectAddress,
  read: (address: ObjectAddress, signal: AbortSignal) => Promise<T>,
): Loaded<T> {
  const { StudyInstanceUID, SeriesInstanceUID, SOPInstanceUID } = address
  const [loaded, setLoaded] = useState<Loaded<T>>(READING)
  useEffect(() => {
    const aborting = new AbortController()
    setLoaded(READING)
    read({ StudyInstanceUID, SeriesInstanceUID, SOPInstanceUID }, aborting.signal).then(
      value => aborting.signal.aborted || setLoaded({ state: 'here', value }),
      (thrown: unknown) => {
        if (aborting.signal.aborted) return
        setLoaded({ state: 'failed', words: whyOf(thrown) })
      },
    )
    return () => aborting.abort()
  }, [StudyInstanceUID, SeriesInstanceUID, SOPInstanceUID, read])
  return loaded
}

/** Reads an object and makes something of it. For a constant at a module's top: each call gives another function. */
export function reading<T>(make: (dataSet: DataSet) => T): (address: ObjectAddress, signal: AbortSignal) => Promise<T> {
  return async (address, signal) => make(await readObject(address, signal))
}
