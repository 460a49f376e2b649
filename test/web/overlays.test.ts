import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { FileHandles } from '../../electron/station/store/fileHandles.ts'
import { openStore } from '../../electron/station/store/openStore.ts'
import { FrameReader } from '../../electron/station/web/frameReader.ts'
import { instanceOverlays } from '../../electron/station/web/overlays.ts'
import type { NewDataSet } from '../../shared/dicom/writer.ts'
import { overlayMask, withEmbeddedBits } from '../../shared/viewing/overlay.ts'
import { dataSetBytes, smallCT } from '../fixtures/oddFiles.ts'
import { silentLog } from './counter.ts'

/** The overlays of a stored image as 4 × 4 dots. */
async function dotsOf(changes: NewDataSet): Promise<string[]> {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'isocenter-overlays-'))
  const store = await openStore({ dataDir, log: silentLog })
  const files = new FileHandles(contentId => store.read.locateContent(contentId))
  onTestFinished(async () => {
    files.close()
    await store.close()
    await rm(dataDir, { recursive: true, force: true })
  })
  const origin = { door: 'import', sourceAET: '', sendingAET: '', receivingAET: '', address: '' } as const
  const TransferSyntaxUID = '1.2.840.10008.1.2.1'
  const receive = store.beginReceive({ origin, SOPClassUID: '', SOPInstanceUID: '', TransferSyntaxUID })
  await receive.write(dataSetBytes(smallCT(changes)))
  await receive.commit()
  const { instances, common } = await store.read.getManifest('2.25.1001', '2.25.1002')
  expect({ ...common, ...instances[0]!.attributes }.overlays).toBe(true)
  const told = await instanceOverlays(store.read, new FrameReader(files), instances[0]!.contentId, 1)
  const mask = overlayMask(
    withEmbeddedBits(told, changes.PixelData instanceof Uint16Array ? changes.PixelData : new Uint16Array(16)),
    4,
    4,
  )
  return [0, 4, 8, 12].map(row => mask.slice(row, row + 4).join(''))
}

const plane = { OverlayRows: 2, OverlayColumns: 4, OverlayOrigin: [2, 1], OverlayType: 'G' }

test('an overlay of its own data', async () => {
  const own = { ...plane, OverlayBitsAllocated: 1, OverlayBitPosition: 0, OverlayData: Uint8Array.of(0b0110_1001, 0) }
  expect(await dotsOf(own)).toEqual(['0000', '1001', '0110', '0000'])
})

test('of an overlay in the unused bits of the pixels it is told which they are', async () => {
  const PixelData = Uint16Array.from({ length: 16 }, (_, i) => (i % 3 === 0 ? 0x1000 : 0) + i)
  const embedded = { ...plane, OverlayRows: 4, OverlayOrigin: [1, 1], OverlayBitsAllocated: 16, OverlayBitPosition: 12 }
  expect(await dotsOf({ ...embedded, PixelData })).toEqual(['1001', '0010', '0100', '1001'])
})
