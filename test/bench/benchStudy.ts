import { sendBytes } from '../fakes/byteSender.ts'
import type { ExpectedPicture } from '../fixtures/picture.ts'
import type { RunningStation } from '../fixtures/station.ts'
import type { BenchImage } from './ctStudies.ts'
import { expectedImage } from './presented.ts'

/** The slices' own, overwritten in place. */
const DESCRIPTION = 'CT chest and abdomen'

/** A study on the station, and the picture each of its series opens with. */
export interface BenchStudy {
  /** Its description: what tells OHIF's rows apart. */
  title: string
  StudyInstanceUID: string
  /** Of its first series. */
  slices: number
  expected: ExpectedPicture
  /** By series, in their order. */
  firsts: ExpectedPicture[]
}

/** Sends the series of one study; `also` gets the same objects. */
export async function bringStudy(
  station: RunningStation,
  number: number,
  series: BenchImage[][],
  also?: { port: number; calledAET: string },
): Promise<BenchStudy> {
  const title = `CT bench ${String(number).padStart(3, '0')}`
  const firsts: ExpectedPicture[] = []
  for (const images of series) {
    for (const { dataSet } of images) {
      const bytes = Buffer.from(dataSet.buffer, dataSet.byteOffset, dataSet.length)
      bytes.write(title.padEnd(DESCRIPTION.length), bytes.indexOf(DESCRIPTION, 0, 'latin1'), 'latin1')
    }
    await sendBytes(images, { port: station.dimsePort, associations: 4 })
    if (also !== undefined) await sendBytes(images, { ...also, associations: 4 })
    const [{ StudyInstanceUID, SeriesInstanceUID }] = images as [BenchImage]
    const manifest = await station.call('series.open', { StudyInstanceUID, SeriesInstanceUID })
    const first = images.find(image => image.SOPInstanceUID === manifest.instances[0]?.SOPInstanceUID)
    if (!first) throw new Error('the manifest does not begin with an image that was sent')
    firsts.push(expectedImage(manifest, first))
  }
  const [[image]] = series as [[BenchImage]]
  const [expected] = firsts as [ExpectedPicture]
  return { title, StudyInstanceUID: image.StudyInstanceUID, slices: series[0]!.length, expected, firsts }
}
