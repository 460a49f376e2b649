import { readdirSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { inflateRawSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { decodeFrame } from '../../electron/station/work/decode/decodeFrame.ts'
import { transferSyntax } from '../../shared/dicom/uids.ts'
import { isColour, toRGB } from '../../shared/viewing/colour.ts'
import { storedValues } from '../../shared/viewing/samples.ts'
import { PHANTOM_CASES, type PhantomCase } from '../../shared/viewing/selftest/cases.ts'
import { COLUMNS, colourAt, modalityAt, ROWS } from '../../shared/viewing/selftest/phantom.ts'
import { readPhantomFile } from '../../shared/viewing/selftest/phantomFile.ts'
import { makePhantoms } from '../fixtures/selftestPhantoms.ts'
import { REPOSITORY } from '../fixtures/station.ts'
import { temporaryFolder } from './withWork.ts'

/** What ships for the self-test is what its script makes, and that is the phantom: another's decoder says so. */
const SHIPPED = path.join(REPOSITORY, 'resources/selftest')

/** Modality values, or red, green and blue by turns, as the station decodes a file. */
async function decoded(folder: string, { name, TransferSyntaxUID }: PhantomCase): Promise<number[]> {
  const file = new Uint8Array(readFileSync(path.join(folder, `${name}.dcm`)))
  const read = await readPhantomFile(file, async bytes => new Uint8Array(inflateRawSync(bytes)))
  expect(read.TransferSyntaxUID, name).toBe(TransferSyntaxUID)
  const { attributes } = read.header
  const { encapsulated } = transferSyntax(TransferSyntaxUID)
  const frame = await decodeFrame({ bytes: read.frame, TransferSyntaxUID, attributes, encapsulated, bitOffset: 0 })
  if (frame === undefined) throw new Error(`${name} is not decoded`)
  if (isColour(frame)) return Array.from(toRGB(frame, attributes))
  const { RescaleSlope = 1, RescaleIntercept = 0 } = attributes
  return Array.from(storedValues(frame.samples, attributes).samples, value => value * RescaleSlope + RescaleIntercept)
}

function formula({ kind }: PhantomCase): number[] {
  return Array.from({ length: ROWS * COLUMNS }, (_, place) => {
    const at = [place % COLUMNS, Math.floor(place / COLUMNS)] as const
    return kind === 'colour' ? [...colourAt(...at)] : [modalityAt(kind, ...at)]
  }).flat()
}

test('the shipped phantoms are the formula, within the tolerance that is said of them, and small', async () => {
  for (const one of PHANTOM_CASES) {
    const [got, wanted] = [await decoded(SHIPPED, one), formula(one)]
    expect(got.length, one.name).toBe(wanted.length)
    const worst = got.reduce((most, value, i) => Math.max(most, Math.abs(value - wanted[i]!)), 0)
    expect(worst, one.name).toBeLessThanOrEqual(one.tolerance)
  }
  const files = readdirSync(SHIPPED).filter(name => name.endsWith('.dcm'))
  expect(files.sort()).toEqual(PHANTOM_CASES.map(({ name }) => `${name}.dcm`).sort())
  expect(files.reduce((sum, name) => sum + statSync(path.join(SHIPPED, name)).size, 0)).toBeLessThan(1e6)
})

test('the shipped phantoms are what their script makes, value by value', async () => {
  const folder = await temporaryFolder()
  await makePhantoms(folder)
  for (const one of PHANTOM_CASES) {
    expect(await decoded(SHIPPED, one), one.name).toEqual(await decoded(folder, one))
  }
})
