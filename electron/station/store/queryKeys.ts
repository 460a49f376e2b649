import { isSeen } from './visibility.ts'

/** From the top; each has the attributes of those above it. */
export const QUERY_LEVELS = ['patient', 'study', 'series', 'instance'] as const
export type QueryLevel = (typeof QUERY_LEVELS)[number]

/** How an attribute is matched (PS3.4 §C.2.2.2). */
export type Matcher = 'text' | 'uid' | 'date' | 'time' | 'integer' | 'patientName' | 'name' | 'modalities' | 'classes'

export interface QueryKey {
  level: QueryLevel
  /** Its value, over the tables `study`, `series`, `instance` and `content`. Of a list: JSON. */
  sql: string
  /** How the condition is made, over `sql` unless it is another thing altogether. Absent: it is only returned. */
  matcher?: Matcher
  list?: true
  /** Of a sequence: the texts of its items that are known. Its value is JSON, a list of items. */
  items?: readonly string[]
  /** It costs a query of its own: returned only where it is asked for by name. */
  dear?: true
}

/** What is stored of an image without a picture says nothing of frames. */
const FRAMES = `iif(instance.NumberOfFrames = 0 OR (content.unshowable IS NOT NULL AND content.attributes ->> 'Rows' IS NULL),
  NULL, instance.NumberOfFrames)`

/** What its first image says of the order is said of the series. */
const REQUESTS = `(SELECT content.attributes -> 'RequestAttributesSequence' FROM instance AS first
  JOIN content ON content.id = first.shown WHERE first.series = series.id AND ${isSeen('first')} ORDER BY first.id LIMIT 1)`

const ofPatient = (what: string) =>
  `(SELECT ${what} FROM study AS other WHERE other.patient = study.patient AND ${isSeen('other')})`

function keys(
  level: QueryLevel,
  table: string,
  matchers: Record<string, Matcher>,
  others: Record<string, Omit<QueryKey, 'level'>> = {},
): Array<[string, QueryKey]> {
  return [
    ...Object.entries(matchers).map(([keyword, matcher]): [string, QueryKey] => [
      keyword,
      { level, sql: `${table}.${keyword}`, matcher },
    ]),
    ...Object.entries(others).map(([keyword, key]): [string, QueryKey] => [keyword, { level, ...key }]),
  ]
}

/** Every attribute that C-FIND and QIDO-RS know, by its keyword (PS3.4 §C.6, PS3.18 §10.6). */
export const QUERY_KEYS: ReadonlyMap<string, QueryKey> = new Map([
  ...keys(
    'patient',
    'study',
    {
      PatientName: 'patientName',
      PatientID: 'text',
      IssuerOfPatientID: 'text',
      PatientBirthDate: 'date',
      PatientSex: 'text',
    },
    {
      NumberOfPatientRelatedStudies: { sql: ofPatient('count(*)'), matcher: 'integer', dear: true },
      NumberOfPatientRelatedSeries: {
        sql: ofPatient('sum(NumberOfStudyRelatedSeries)'),
        matcher: 'integer',
        dear: true,
      },
      NumberOfPatientRelatedInstances: {
        sql: ofPatient('sum(NumberOfStudyRelatedInstances)'),
        matcher: 'integer',
        dear: true,
      },
    },
  ),
  ...keys(
    'study',
    'study',
    {
      StudyInstanceUID: 'uid',
      StudyDate: 'date',
      StudyTime: 'time',
      AccessionNumber: 'text',
      StudyID: 'text',
      StudyDescription: 'text',
      ReferringPhysicianName: 'name',
      PatientAge: 'text',
      InstitutionName: 'text',
      NumberOfStudyRelatedSeries: 'integer',
      NumberOfStudyRelatedInstances: 'integer',
    },
    {
      // Also of a series or an image: whole studies leave, and come back whole.
      InstanceAvailability: { sql: `iif(study.away > 0, 'NEARLINE', 'ONLINE')` },
      ModalitiesInStudy: { sql: 'study.ModalitiesInStudy', matcher: 'modalities', list: true },
      SOPClassesInStudy: {
        sql: `(SELECT json_group_array(DISTINCT SOPClassUID) FROM series AS every JOIN instance AS each ON each.series = every.id
          WHERE every.study = study.id AND ${isSeen('each')})`,
        matcher: 'classes',
        list: true,
        dear: true,
      },
    },
  ),
  ...keys(
    'series',
    'series',
    {
      SeriesInstanceUID: 'uid',
      Modality: 'text',
      SeriesNumber: 'integer',
      SeriesDescription: 'text',
      BodyPartExamined: 'text',
      SeriesDate: 'date',
      SeriesTime: 'time',
      StationName: 'text',
      Manufacturer: 'text',
      NumberOfSeriesRelatedInstances: 'integer',
    },
    {
      RequestAttributesSequence: {
        sql: REQUESTS,
        items: ['ScheduledProcedureStepID', 'RequestedProcedureID'],
        dear: true,
      },
    },
  ),
  ...keys(
    'instance',
    'instance',
    { SOPInstanceUID: 'uid', SOPClassUID: 'uid', InstanceNumber: 'integer' },
    {
      AvailableTransferSyntaxUID: { sql: 'content.TransferSyntaxUID', matcher: 'uid' },
      NumberOfFrames: { sql: FRAMES, matcher: 'integer' },
      Rows: { sql: `content.attributes ->> 'Rows'`, matcher: 'integer' },
      Columns: { sql: `content.attributes ->> 'Columns'`, matcher: 'integer' },
      BitsAllocated: { sql: `content.attributes ->> 'BitsAllocated'`, matcher: 'integer' },
    },
  ),
])

/** Whether the attribute is one of this level or of those above it. */
export function isAtOrAbove(key: QueryKey, level: QueryLevel): boolean {
  return QUERY_LEVELS.indexOf(key.level) <= QUERY_LEVELS.indexOf(level)
}

/** The attributes that a query of this level can return; of them those that it can match on, and sequences with the texts they have. */
export function queryKeys(level: QueryLevel): {
  returned: ReadonlySet<string>
  matched: ReadonlySet<string>
  sequences: ReadonlyMap<string, readonly string[]>
} {
  const all = [...QUERY_KEYS].filter(([, key]) => isAtOrAbove(key, level))
  return {
    returned: new Set(all.map(([keyword]) => keyword)),
    matched: new Set(all.filter(([, key]) => key.matcher).map(([keyword]) => keyword)),
    sequences: new Map(all.flatMap(([keyword, { items }]) => (items ? [[keyword, items] as const] : []))),
  }
}
