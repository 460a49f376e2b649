import { execFile } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import type { DataSet } from '../../shared/dicom/reader.ts'
import type { NewDataSet } from '../../shared/dicom/writer.ts'
import { FindPeer, type Root } from '../fakes/findPeer.ts'
import { below, createRandom, oneOf, type Random } from '../faults/random.ts'
import { CT_IMAGE, ctSlice, type TestObject, temporaryFolder } from '../store/objects.ts'
import { openFindDoor } from './findHarness.ts'
import { part10 } from './harness.ts'

const QUERIES = 400
const CLASSES = [CT_IMAGE, '1.2.840.10008.5.1.4.1.1.4', '1.2.840.10008.5.1.4.1.1.88.11'] as const
const NAMES = [
  'Müller^Anna-Lena',
  'MULLER^Anna',
  'Mueller^Anna^Maria^Dr',
  'Doe',
  'Doe^Jane',
  'Doe^John^^^Jr',
  'Yamada^Tarou=山田^太郎=やまだ^たろう',
  'Hong^Gildong=洪^吉洞=홍^길동',
  "O'Brien^Seán",
  'Großmann^Zoë',
  'Люкceмбypг',
  'van der Berg^Piet',
] as const
const TIMES = ['101500', '1015', '101530.25', '235959', '000000', '', '12'] as const
const DESCRIPTIONS = ['CT Thorax', 'ct thorax', 'MR [KNEE] left', 'Schädel nativ', 'a*b', ''] as const
const MODALITIES = ['CT', 'MR', 'SR', 'SEG'] as const
const PARTS = ['CHEST', 'KNEE', 'HEAD', ''] as const

/** Patients with studies, series and images, each attribute the same wherever it is of the same study or series. */
function population(random: Random): { objects: TestObject[]; values: NewDataSet[] } {
  const objects: TestObject[] = []
  const values: NewDataSet[] = []
  let study = 0
  for (let patient = 0; patient < 20; patient++) {
    const person = {
      SpecificCharacterSet: 'ISO_IR 192',
      PatientName: oneOf(random, NAMES),
      PatientID: `P${patient % 7}-${patient}`,
      PatientBirthDate: oneOf(random, ['19500101', '19630715', '', '20010229']),
      PatientSex: oneOf(random, ['M', 'F', 'O', '']),
    }
    for (let visits = 1 + below(random, 3); visits > 0; visits--) {
      study += 1
      const visit = {
        ...person,
        StudyDate: oneOf(random, ['20250102', '20250103', '20250228', '20241231', '']),
        StudyTime: oneOf(random, TIMES),
        AccessionNumber: oneOf(random, ['', `A${study}`, `A[${study}]`, `0${study}`]),
        StudyID: String(study % 5),
        StudyDescription: oneOf(random, DESCRIPTIONS),
        ReferringPhysicianName: oneOf(random, ['', 'Weiß^Jörg', 'weiss^jorg', 'Doe^Jane']),
      }
      for (let series = 1 + below(random, 3); series > 0; series--) {
        const stack = {
          ...visit,
          SOPClassUID: oneOf(random, CLASSES),
          Modality: oneOf(random, MODALITIES),
          SeriesNumber: series * 100,
          SeriesDescription: oneOf(random, DESCRIPTIONS),
          BodyPartExamined: oneOf(random, PARTS),
          SeriesDate: visit.StudyDate,
          SeriesTime: oneOf(random, TIMES),
        }
        for (let image = 1 + below(random, 2); image > 0; image--) {
          const object = ctSlice(image, stack, { study, series, size: 4 })
          objects.push(object)
          values.push({
            ...stack,
            SOPInstanceUID: object.SOPInstanceUID,
            InstanceNumber: image,
            ...uidsOf(study, series),
          })
        }
      }
    }
  }
  return { objects, values }
}

const uidsOf = (study: number, series: number) => ({
  StudyInstanceUID: `2.25.1000.${study}`,
  SeriesInstanceUID: `2.25.1000.${study}.${series}`,
})

const KEYS = {
  PATIENT: ['PatientName', 'PatientID', 'PatientBirthDate', 'PatientSex'],
  STUDY: [
    'StudyInstanceUID',
    'StudyDate',
    'StudyTime',
    'AccessionNumber',
    'StudyID',
    'StudyDescription',
    'ReferringPhysicianName',
    'ModalitiesInStudy',
    'SOPClassesInStudy',
  ],
  SERIES: [
    'SeriesInstanceUID',
    'Modality',
    'SeriesNumber',
    'SeriesDescription',
    'BodyPartExamined',
    'SeriesDate',
    'SeriesTime',
  ],
  IMAGE: ['SOPInstanceUID', 'SOPClassUID', 'InstanceNumber'],
} as const
const LEVELS = ['PATIENT', 'STUDY', 'SERIES', 'IMAGE'] as const
const ASKED = {
  PATIENT: ['NumberOfPatientRelatedStudies', 'NumberOfPatientRelatedSeries', 'NumberOfPatientRelatedInstances'],
  STUDY: ['ModalitiesInStudy', 'SOPClassesInStudy', 'NumberOfStudyRelatedSeries', 'NumberOfStudyRelatedInstances'],
  SERIES: ['NumberOfSeriesRelatedInstances'],
  IMAGE: [],
} as const
const TEXTS = { PatientName: 0, PatientSex: 0, StudyDescription: 1 }

interface Query {
  root: Root
  level: (typeof LEVELS)[number]
  keys: Record<string, string>
  combined: boolean
  fuzzy: boolean
}

/** Every kind of matching, at values that are there, nearly there and not there. */
function queryOf(random: Random, values: NewDataSet[]): Query {
  const level = oneOf(random, LEVELS)
  const allowed = LEVELS.slice(0, LEVELS.indexOf(level) + 1).flatMap(each => [...KEYS[each]])
  const someone = values[below(random, values.length)] ?? {}
  const keys: Record<string, string> = {}
  for (let count = below(random, 4); count >= 0; count--) {
    const keyword = oneOf(random, allowed as [string, ...string[]])
    const own =
      keyword === 'ModalitiesInStudy'
        ? someone.Modality
        : keyword === 'SOPClassesInStudy'
          ? someone.SOPClassUID
          : someone[keyword]
    keys[keyword] = wanted(random, keyword, String(own ?? ''), values)
  }
  if (random() < 0.1) {
    keys.StudyDate = oneOf(random, ['20250102-20250103', '20241231-', '-20250102', '20250102-20250228'])
    keys.StudyTime = oneOf(random, ['101500-', '-1015', '12-235959', '1016-1200'])
  }
  return {
    root: level === 'PATIENT' || random() < 0.5 ? 'PATIENT' : 'STUDY',
    level,
    keys,
    combined: random() < 0.5,
    fuzzy: random() < 0.2,
  }
}

function wanted(random: Random, keyword: string, own: string, values: NewDataSet[]): string {
  const other = () => String(values[below(random, values.length)]?.[keyword] ?? '')
  if (/UID|Classes/.test(keyword)) return oneOf(random, [own, own, `${own}\\${other() || '1.2.3'}`, '', '1.2.3'])
  if (/Date$/.test(keyword))
    return oneOf(random, [own, `${own}-`, `-${own}`, '20250101-20250131', '20250102-20250102', ''])
  if (/Time$/.test(keyword)) return oneOf(random, [own, '10-11', '1015-101530.3', '-1200', '120000-', '101530', ''])
  if (/Number$/.test(keyword) && keyword !== 'AccessionNumber') return oneOf(random, [own, '1', '100', '7', ''])
  if (keyword === 'ModalitiesInStudy') return oneOf(random, [own, 'CT\\SEG', 'S*', '?R', 'XX', ''])
  const at = below(random, own.length + 1)
  return oneOf(random, [
    own,
    own.toUpperCase(),
    `${own.slice(0, at)}*`,
    `*${own.slice(at)}`,
    `*${own.slice(at, at + 3)}*`,
    `${own.slice(0, at)}?${own.slice(at + 1)}`,
    `${own}^*`,
    '*',
    '',
    'nobody',
  ])
}

/** What the oracle says of a match, out of a response. */
function told(dataSet: DataSet, level: Query['level']): object {
  const unique = {
    PATIENT: 'PatientID',
    STUDY: 'StudyInstanceUID',
    SERIES: 'SeriesInstanceUID',
    IMAGE: 'SOPInstanceUID',
  }[level]
  const counts = ASKED[level].map(keyword => [
    keyword,
    keyword.startsWith('Number') ? dataSet.number(keyword) : dataSet.strings(keyword).sort(),
  ])
  const texts = Object.entries(TEXTS).filter(([, from]) => from <= LEVELS.indexOf(level))
  return {
    [unique]: dataSet.string(unique),
    ...Object.fromEntries(counts),
    ...Object.fromEntries(texts.map(([keyword]) => [keyword, dataSet.string(keyword)])),
  }
}

test(`${QUERIES} queries find what PS3.4 C.2.2.2, written down in another language, finds in the files`, async () => {
  const random = createRandom(20261122)
  const { objects, values } = population(random)
  const folder = temporaryFolder()
  mkdirSync(join(folder, 'files'))
  for (const [number, object] of objects.entries()) {
    const { SOPClassUID = CT_IMAGE } = values[number] ?? {}
    const file = part10({ ...object, SOPClassUID: String(SOPClassUID), dataSet: object.bytes })
    writeFileSync(join(folder, 'files', String(number).padStart(5, '0')), file)
  }
  const queries = Array.from({ length: QUERIES }, () => queryOf(random, values))
  writeFileSync(join(folder, 'queries.json'), JSON.stringify(queries))
  const script = join(import.meta.dirname, 'findOracle.py')
  const { stdout } = await promisify(execFile)(
    '/usr/bin/python3',
    [script, join(folder, 'files'), join(folder, 'queries.json')],
    {
      maxBuffer: 2 ** 28,
    },
  )
  const expected: Array<Array<Record<string, unknown>>> = JSON.parse(stdout)

  const { port } = await openFindDoor(objects)
  const peers = new Map<string, FindPeer>()
  let found = 0
  for (const [number, { root, level, keys, combined, fuzzy }] of queries.entries()) {
    const options = [1, Number(combined), Number(fuzzy)]
    const peer = peers.get(String(options)) ?? (await FindPeer.open(port, { options }))
    peers.set(String(options), peer)
    const unasked = Object.keys(TEXTS).concat(ASKED[level])
    const identifier = { ...Object.fromEntries(unasked.map(keyword => [keyword, ''])), ...keys }
    const answer = await peer.ask(root, {
      SpecificCharacterSet: 'ISO_IR 192',
      QueryRetrieveLevel: level,
      ...identifier,
    })
    expect(answer.statuses.at(-1), answer.comment).toBe(0)
    const mine = answer.found.map(dataSet => told(dataSet, level)).sort(byText)
    expect(mine, `query ${number}: ${JSON.stringify(queries[number])}`).toEqual(expected[number]?.sort(byText))
    found += mine.length
  }
  // The queries are worth something: many find something and many do not find all.
  expect(expected.filter(one => one.length > 0).length).toBeGreaterThan(QUERIES / 4)
  expect(expected.filter(one => one.length === 0).length).toBeGreaterThan(QUERIES / 20)
  expect(found).toBeGreaterThan(QUERIES)
}, 120_000)

function byText(a: object, b: object): number {
  return JSON.stringify(a) < JSON.stringify(b) ? -1 : 1
}
