import { describe, expect, test } from 'vitest'
import { comparePatients, isTemporary, type Likeness, type PatientFacts } from '../../shared/samePatient.ts'

const patient = (text: string): PatientFacts => {
  const [
    PatientName = '',
    PatientID = '',
    IssuerOfPatientID = '',
    PatientBirthDate = '',
    PatientSex = '',
    AccessionNumber = '',
  ] = text.split('|')
  return { PatientName, PatientID, IssuerOfPatientID, PatientBirthDate, PatientSex, AccessionNumber }
}

/** Name | ID | issuer | birth date | sex | accession number. */
const PAIRS: Array<[what: string, a: string, b: string, likeness: Likeness, reason?: string]> = [
  [
    'leading zeros',
    'Müller^Jörg|00123||19610203|M|',
    'MUELLER^JOERG|123||19610203|M|',
    'likely',
    'same ID but for zeros or letter case',
  ],
  ['ß and ss', 'Groß^Ida|7|A|19610203|F|', 'GROSS^IDA|07|A|19610203|F|', 'likely'],
  [
    'no issuer on one side',
    'Berg^Bea|77|KH1|19800101|F|',
    'Berg^Bea|77||19800101|F|',
    'likely',
    'same ID, one without issuer',
  ],
  ['a marriage', 'Berg^Bea|0077||19800101|F|', 'Adler^Bea|77||19800101|F|', 'likely', 'other name'],
  [
    'the parts turned round',
    'Jean^Pierre|1201||19800101|M|',
    'Pierre^Jean|1305||19800101|M|',
    'possible',
    'same name, its parts in another order',
  ],
  [
    'kanji in one, all groups in the other',
    'Yamada^Tarou=山田^太郎=やまだ^たろう|12||19700101|M|',
    '山田^太郎|31||19700101|M|',
    'possible',
    'same name',
  ],
  ['katakana and hiragana', 'ヤマダ^タロウ|12||19700101|M|', 'やまだ^たろう|31||19700101|M|', 'possible'],
  ['homophones', 'Sato^Hiroshi=佐藤^博|12||19700101|M|', 'Sato^Hiroshi=佐藤^浩|31||19700101|M|', 'none'],
  ['two scripts say nothing of each other', '山田^太郎|12||19700101|M|', 'Yamada^Tarou|31||19700101|M|', 'none'],
  [
    'only name and birth date',
    'Meier^Hans|11||19500505|M|',
    'MEIER^HANS|22||19500505|M|',
    'possible',
    'nothing but name and birth date: the IDs differ',
  ],
  [
    'only name and birth date, no ID',
    'Meier^Hans|||19500505|M|',
    'MEIER^HANS|22||19500505|M|',
    'possible',
    'nothing but name and birth date: one has no ID',
  ],
  ['a common name alone', 'Meier^Hans|11||||', 'Meier^Hans|22||||', 'none'],
  ['twins', 'Maier^Anna|500||20200202|F|', 'Maier^Anne|501||20200202|F|', 'none'],
  [
    'twins of whom only the initial is known',
    'Maier^A|500||20200202|F|',
    'Maier^A|501||20200202|F|',
    'possible',
    'nothing but name and birth date: the IDs differ',
  ],
  ['twins of one examination order', 'Maier^Anna|500||20200202|F|ACC9', 'Maier^Anne|501||20200202|F|ACC9', 'none'],
  [
    'an emergency with the order of a patient',
    'UNKNOWN|NOTFALL-17||||ACC1',
    'Berg^Bea|77||19800101|F|ACC1',
    'likely',
    'one is a temporary patient',
  ],
  [
    'an emergency with a birth date',
    'TRAUMA^XX|TRAUMA3||19800101|F|',
    'Berg^Bea|77||19800101|F|',
    'possible',
    'nothing but birth date and sex',
  ],
  ['an emergency of the other sex', 'NOTFALL^17|NOTFALL-17||19800101|M|ACC1', 'Berg^Bea|77||19800101|F|ACC1', 'none'],
  ['two emergencies', 'DOE^JOHN|EMERG-1||19000101|M|', 'DOE^JOHN|EMERG-2||19000101|M|', 'none'],
  ['one ID, two birth dates', 'Berg^Bea|77||19800101|F|', 'Berg^Bea|77||19550101|F|', 'apart', 'other birth date'],
  ['one ID, two sexes', 'Berg^Bea|77||19800101|F|', 'Berg^Ben|77||19800101|M|', 'apart', 'other sex'],
  [
    'one number of two houses',
    'Berg^Bea|77|KH1|19800101|F|',
    'Adler^Max|77|KH2|19550101|M|',
    'apart',
    'same ID from another issuer',
  ],
  [
    'one patient whose number is the same in two houses',
    'Berg^Bea|77|KH1|19800101|F|',
    'Berg^Bea|77|KH2|19800101|F|',
    'possible',
    'same ID from another issuer, which says nothing',
  ],
  ['an ID that names nobody', 'Berg^Bea|UNKNOWN||19800101|F|', 'Adler^Max|UNKNOWN||19550101|M|', 'none'],
  ['nothing known', '|||||', '|||||', 'none'],
]

describe('whether two studies are of one patient', () => {
  test.each(PAIRS)('%s', (_, a, b, likeness, reason) => {
    const said = comparePatients(patient(a), patient(b))
    expect(said.likeness).toBe(likeness)
    if (reason !== undefined) expect(said.reasons).toContain(reason)
    expect(comparePatients(patient(b), patient(a)).likeness).toBe(likeness)
  })
})

test('temporary patients are known by name or ID; real ones are not taken for them', () => {
  for (const one of [
    'UNKNOWN',
    'Notfall^17',
    'TRAUMA^XX',
    'DOE^JOHN',
    'Unbekannt^Männlich',
    'x|EMERGENCY_4',
    'x|XX4711',
  ]) {
    expect(isTemporary(patient(one)), one).toBe(true)
  }
  for (const one of ['Doerr^John', 'Max^Erika|4711', 'Trauner^Eva|T-17', 'Notz^Falk|NOT-1']) {
    expect(isTemporary(patient(one)), one).toBe(false)
  }
})
