import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { decodeBase64 } from '../../shared/base64.ts'
import { encodingOf } from '../../shared/dicom/encoding.ts'
import { readInstanceHeader } from '../../shared/dicom/instanceHeader.ts'
import { readFileMeta } from '../../shared/dicom/part10.ts'
import { TS } from '../../shared/dicom/uids.ts'
import { type NewDataSet, writeDataSet } from '../../shared/dicom/writer.ts'
import { supplementalColours, toRGB } from '../../shared/viewing/colour.ts'
import { readProfile } from '../../shared/viewing/icc.ts'
import type { ImageAttributes } from '../../shared/viewing/image.ts'
import { ICC_PROFILES } from '../fixtures/iccProfiles.ts'
import { sharedFiles } from '../fixtures/sharedData.ts'

/** What Little CMS 2.14 makes of these colours: `transicc -t1 -s -i<profile> -o*sRGB`. */
const COLOURS = [
  [0, 0, 0],
  [16, 16, 16],
  [64, 64, 64],
  [128, 128, 128],
  [200, 200, 200],
  [255, 255, 255],
  [255, 0, 0],
  [0, 255, 0],
  [0, 0, 255],
  [230, 180, 210],
  [120, 60, 140],
  [37, 241, 205],
  [200, 150, 120],
  [90, 130, 70],
]
const LITTLE_CMS: Record<string, number[][]> = {
  adobe: [
    [0, 0, 0],
    [7.5, 7.5, 7.5],
    [61.8, 61.8, 61.8],
    [129, 129, 129.1],
    [201.3, 201.3, 201.3],
    [255, 255, 255],
    [255, 0, 0.1],
    [0, 255, 0],
    [0, 0, 255],
    [246.9, 181.5, 212.3],
    [136.9, 57.4, 143.6],
    [0, 241.4, 204.6],
    [217.2, 151.4, 119.3],
    [63.8, 131.1, 63.8],
  ],
  linear: [
    [0, 0, 0],
    [70.8, 70.9, 70.9],
    [137.2, 137.2, 137.2],
    [187.8, 187.8, 187.9],
    [229.1, 229.1, 229.1],
    [255, 255, 255],
    [255, 0, 0],
    [0, 255, 0.2],
    [0, 0, 255],
    [243.7, 218.7, 234.1],
    [182.5, 133.2, 195.6],
    [106.3, 248.7, 231.7],
    [229.1, 201.6, 182.5],
    [160.3, 189.2, 143],
  ],
  parametric: [
    [0, 3.3, 0],
    [19, 21.4, 0],
    [84.7, 72, 48],
    [150.5, 135.5, 124.4],
    [212.6, 204, 200.5],
    [255, 255, 255],
    [255, 3.4, 0],
    [0, 255, 0],
    [0, 3.2, 255],
    [251.3, 185.2, 211.8],
    [157, 68, 140.1],
    [0, 242.1, 204],
    [227.2, 156.7, 113.8],
    [94.9, 137.4, 49.9],
  ],
  sampled: [
    [0, 0, 0],
    [2.5, 39.5, 16],
    [46.1, 106.1, 76],
    [113.5, 165.9, 141.9],
    [192.7, 219.5, 208],
    [255, 255, 255],
    [255, 0, 0],
    [0, 255, 0.2],
    [0, 0, 255],
    [226.5, 205.5, 216.7],
    [104.9, 101.7, 153.4],
    [19, 246.3, 212.4],
    [192.7, 183.4, 134.1],
    [73, 167.6, 82.7],
  ],
  sRGB: [
    [0, 0, 0],
    [16, 16, 16],
    [64, 64, 64],
    [128, 128, 128],
    [200, 200, 200],
    [255, 255, 255],
    [255, 0, 0],
    [0, 255, 0.2],
    [0, 0, 255],
    [230, 180, 210],
    [120, 60, 140],
    [36.9, 241, 205],
    [200, 150, 120],
    [90, 130, 70],
  ],
  lut8: [
    [0, 0, 0],
    [45.8, 45.8, 45.8],
    [104.8, 102.5, 103.1],
    [163.6, 159.3, 162.4],
    [223.8, 213.4, 223.3],
    [255, 250.1, 255],
    [255, 97.8, 166.8],
    [40.4, 241.7, 95.7],
    [2.5, 113, 202.8],
    [246.4, 202.7, 235.3],
    [149.4, 117.9, 160.3],
    [45.8, 239.8, 197.3],
    [220.9, 177.8, 182.9],
    [137.1, 153.9, 127.3],
  ],
  lut16: [
    [0, 0, 0],
    [53.5, 53.4, 53.5],
    [113, 111.8, 113],
    [171.3, 166.7, 171.3],
    [227.3, 216.7, 227.4],
    [255, 250.1, 255],
    [255, 97.4, 166.4],
    [40.6, 241.8, 95.8],
    [4.2, 113.4, 203.2],
    [248.1, 207, 238.7],
    [158, 125.5, 168.3],
    [62, 240.8, 200.6],
    [225.5, 183.9, 189.3],
    [144.9, 161.4, 135.4],
  ],
  lutAToB: [
    [4.7, 2.8, 10],
    [33.5, 32.4, 36.5],
    [95.9, 94, 99.4],
    [155.8, 151.1, 159.7],
    [218.2, 207.2, 222.4],
    [255, 246.5, 255],
    [255, 94.5, 170],
    [47.9, 239.2, 100],
    [0, 113.4, 207.8],
    [242.4, 196.3, 235.8],
    [141.2, 110.2, 156.4],
    [25.3, 236.6, 197.4],
    [216.4, 170.3, 180.5],
    [129.9, 145.7, 124.1],
  ],
}
/** sRGB v4 ICC preference, whose way to Lab goes through tables. */
const PREFERENCE = [
  [29.3, 29.3, 29.3],
  [36, 36, 36],
  [71.1, 71.1, 71.1],
  [130.7, 130.7, 130.6],
  [200.8, 200.8, 200.8],
  [255, 255, 255],
  [255, 29.3, 29.3],
  [29.3, 255, 29.3],
  [29.4, 29.3, 255],
  [230.3, 181.2, 210.6],
  [123, 67.6, 142.2],
  [49.1, 241.2, 205.7],
  [200.8, 151.9, 123],
  [94.6, 132.6, 76.4],
]

function furthest(profile: Uint8Array, expected: number[][]): number {
  const transform = readProfile(profile)!.transform()
  const drawn = transform(Uint8Array.from(COLOURS.flat()))
  return Math.max(...expected.flat().map((value, i) => Math.abs(value - drawn[i]!)))
}

for (const [name, expected] of Object.entries(LITTLE_CMS)) {
  const profile = ICC_PROFILES[name as keyof typeof ICC_PROFILES]
  // Half a level is the rounding to whole ones; tables lie between the points of two grids.
  const most = name.startsWith('lut') ? 2 : 0.75
  test(`a profile's colours are those of Little CMS: ${name}`, () => {
    expect(furthest(profile, expected)).toBeLessThan(most)
  })
}

function header(values: NewDataSet): ImageAttributes {
  const syntax = TS.ExplicitVRLittleEndian
  const image: NewDataSet = { Rows: 1, Columns: 1, SamplesPerPixel: 3, PhotometricInterpretation: 'RGB', ...values }
  return readInstanceHeader(writeDataSet(image, encodingOf(syntax)), syntax).attributes
}

test('an object keeps the profile that changes its colours, and says when there is one it cannot apply', () => {
  const { adobe, sRGB, grey, lut16 } = ICC_PROFILES
  expect(decodeBase64(header({ ICCProfile: adobe }).ICCProfile!.data).subarray(0, adobe.length)).toEqual(
    Uint8Array.from(adobe),
  )
  expect(header({ ICCProfile: sRGB, ColorSpace: 'ADOBERGB' })).not.toHaveProperty('ColorSpace')
  expect(header({ ICCProfile: sRGB })).not.toHaveProperty('ICCProfile')
  expect(header({ ICCProfile: grey })).toMatchObject({ colourProfileUnapplied: true })
  expect(header({ ICCProfile: adobe.subarray(0, 300) })).toMatchObject({ colourProfileUnapplied: true })
  // Greys are P-values, whatever profile lies beside them.
  const monochrome = header({ SamplesPerPixel: 1, PhotometricInterpretation: 'MONOCHROME2', ICCProfile: grey })
  expect(monochrome).not.toHaveProperty('colourProfileUnapplied')
  const path = (profile: Uint8Array): NewDataSet => ({ ICCProfile: profile })
  expect(header({ OpticalPathSequence: [path(lut16), path(lut16)] })).toHaveProperty('ICCProfile')
  const two = header({ OpticalPathSequence: [path(lut16), path(adobe)] })
  expect(two).toMatchObject({ colourProfileUnapplied: true })
  expect(two).not.toHaveProperty('ICCProfile')
})

const frame = { rows: 1, columns: 2, samplesPerPixel: 3, planar: false, PhotometricInterpretation: 'RGB' }
const data = (profile: Buffer) => ({ data: profile.toString('base64') })

test('colours are drawn in sRGB: by profile, by the name of their space, through palettes', () => {
  const samples = Uint8Array.of(255, 0, 0, 200, 150, 120)
  const adobe = [...LITTLE_CMS.adobe![6]!, ...LITTLE_CMS.adobe![12]!].map(Math.round)
  expect([...toRGB({ ...frame, samples }, { ICCProfile: data(ICC_PROFILES.adobe) })]).toEqual(adobe)
  expect([...toRGB({ ...frame, samples }, { ColorSpace: 'ADOBERGB' })]).toEqual(adobe)
  expect(toRGB({ ...frame, samples }, { ColorSpace: 'SRGB' })).toEqual(samples)
  // The received samples are never changed.
  expect([...samples]).toEqual([255, 0, 0, 200, 150, 120])
  const entry = (value: number) => ({ entries: 1, first: 0, bits: 8, data: Buffer.from([value, 0]).toString('base64') })
  const palette = { red: entry(200), green: entry(150), blue: entry(120) }
  const attributes = { PaletteColorLookupTable: palette, ICCProfile: data(ICC_PROFILES.adobe) }
  const indexed = { ...frame, columns: 1, samplesPerPixel: 1, PhotometricInterpretation: 'PALETTE COLOR' }
  expect([...toRGB({ ...indexed, samples: Uint8Array.of(0) }, attributes)]).toEqual(adobe.slice(3))
  const grey = { ...attributes, PhotometricInterpretation: 'MONOCHROME2', PixelPresentation: 'MIXED' }
  expect([...supplementalColours(grey)!.colours]).toEqual(adobe.slice(3))
})

test('no damaged profile throws, or reads outside of itself', () => {
  let seed = 1
  const random = (below: number) => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0
    return (seed >>> 8) % below
  }
  let refused = 0
  for (const profile of Object.values(ICC_PROFILES)) {
    for (let round = 0; round < 300; round++) {
      const broken = Uint8Array.from(profile.subarray(0, round % 3 === 0 ? random(profile.length) : profile.length))
      for (let hits = 0; hits < 6; hits++)
        if (broken.length > 0) broken[random(Math.min(400, broken.length))] = random(256)
      const read = readProfile(broken)
      if (read === undefined) refused++
      else expect(typeof read.isSRGB).toBe('boolean')
    }
  }
  expect(refused).toBeGreaterThan(500)
})

const withProfile = sharedFiles().find(({ name }) => name.endsWith('seg_image_sm_control_labelmap_palette_color.dcm'))
test.runIf(withProfile)('a real profile of tables: sRGB v4 ICC preference', () => {
  const bytes = readFileSync(withProfile!.path)
  const meta = readFileMeta(bytes)!
  const { attributes } = readInstanceHeader(bytes.subarray(meta.dataSetOffset), meta.TransferSyntaxUID)
  expect(furthest(decodeBase64(attributes.ICCProfile!.data), PREFERENCE)).toBeLessThan(1.5)
})
