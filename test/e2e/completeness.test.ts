import path from 'node:path'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { COMMAND, DATA_SET_FOLLOWS } from '../../electron/station/wire/dimse.ts'
import { openAssociation } from '../../electron/station/wire/scu.ts'
import { encodingOf } from '../../shared/dicom/encoding.ts'
import { TS } from '../../shared/dicom/uids.ts'
import { writeDataSet } from '../../shared/dicom/writer.ts'
import { sendBytes } from '../fakes/byteSender.ts'
import { launchChromium, openWorkstation, type PageTrouble } from '../fixtures/chromium.ts'
import { REPOSITORY, type RunningStation, startStation } from '../fixtures/station.ts'
import { CT_IMAGE, ctSlice } from '../store/objects.ts'

const STEP = '1.2.840.10008.3.1.2.3.3'
const JUDGED = { timeout: 60_000 }

/** A modality says that it made four images, sends three, and the fourth later. */
let station: RunningStation
let browser: Browser
let context: BrowserContext
let page: Page
let trouble: PageTrouble

beforeAll(async () => {
  station = await startStation({ config: { judgeAfterSeconds: 2 } })
  await tellStep()
  await send(1, 2, 3)
  browser = await launchChromium()
  ;({ context, page, trouble } = await openWorkstation(browser, station.url))
})
afterAll(async () => {
  await browser?.close()
  await station?.stop()
})

const shot = (name: string) => page.screenshot({ path: path.join(REPOSITORY, 'out/screenshots', `${name}.png`) })
const mark = (words: RegExp) => page.locator('[data-study]').first().getByRole('img', { name: words })

test('the worklist says that an image is missing, and why; so does the viewer', async () => {
  await mark(/^1 missing .*CT1 names 4 objects; 1 of them is not here/).waitFor(JUDGED)
  await shot('worklist-missing')
  await page.locator('[data-study]').first().dblclick()
  await page.locator('.viewer-head').getByText('1 missing').waitFor()
  await shot('viewer-missing')
})

test('when the image comes, both say that all is here, proved', async () => {
  await send(4)
  await page.locator('.viewer-head').getByText('complete', { exact: true }).waitFor(JUDGED)
  await page.keyboard.press('Backspace')
  await mark(/^Complete, proved/).waitFor()
  await shot('worklist-proved')
  expect(trouble.found).toEqual([])
  await context.close()
})

async function send(...numbers: number[]): Promise<void> {
  const objects = numbers.map(number => {
    const { SOPInstanceUID, bytes } = ctSlice(number)
    return { SOPClassUID: CT_IMAGE, SOPInstanceUID, TransferSyntaxUID: TS.ExplicitVRLittleEndian, dataSet: bytes }
  })
  const sent = await sendBytes(objects, { port: station.dimsePort })
  expect(sent.every(({ status }) => status === 0)).toBe(true)
}

async function tellStep(): Promise<void> {
  const syntax = TS.ExplicitVRLittleEndian
  const scu = await openAssociation({
    host: '127.0.0.1',
    port: station.dimsePort,
    callingAET: 'CT1',
    calledAET: station.aet,
    contexts: [{ abstractSyntax: STEP, transferSyntaxes: [syntax] }],
  })
  const begun = {
    PerformedProcedureStepStatus: 'IN PROGRESS',
    ScheduledStepAttributesSequence: [{ StudyInstanceUID: '2.25.1000.1' }],
  }
  const done = {
    PerformedProcedureStepStatus: 'COMPLETED',
    PerformedSeriesSequence: [
      {
        SeriesInstanceUID: '2.25.1000.1.1',
        ReferencedImageSequence: [1, 2, 3, 4].map(number => ({
          ReferencedSOPClassUID: CT_IMAGE,
          ReferencedSOPInstanceUID: ctSlice(number).SOPInstanceUID,
        })),
      },
    ],
  }
  const both = { CommandDataSetType: DATA_SET_FOLLOWS }
  const create = {
    ...both,
    CommandField: COMMAND.nCreateRQ,
    AffectedSOPClassUID: STEP,
    AffectedSOPInstanceUID: '2.25.77',
  }
  const set = { ...both, CommandField: COMMAND.nSetRQ, RequestedSOPClassUID: STEP, RequestedSOPInstanceUID: '2.25.77' }
  expect((await scu.ask(1, create, writeDataSet(begun, encodingOf(syntax)))).Status).toBe(0)
  expect((await scu.ask(1, set, writeDataSet(done, encodingOf(syntax)))).Status).toBe(0)
  await scu.release()
}
