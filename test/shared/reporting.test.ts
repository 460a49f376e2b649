import { describe, expect, test } from 'vitest'
import { figureWords, refreshed, replaced, withText } from '../../shared/reporting/edit.ts'
import { fieldsOf, nextField, unfilled } from '../../shared/reporting/fields.ts'
import { escapeHl7, plainReport, writeOru } from '../../shared/reporting/hl7.ts'
import { readHtmlTemplate } from '../../shared/reporting/htmlTemplate.ts'
import { DEFAULT_MACROS, macroAt, macroLines, parseMacros } from '../../shared/reporting/macros.ts'
import {
  type FigureLink,
  isStored,
  type ReportContent,
  type ReportVersion,
  reportContent,
  reportText,
} from '../../shared/reporting/report.ts'
import { nextReport, type ReportWish } from '../../shared/reporting/states.ts'
import { byFit, contentOf, reportTemplate, underTemplate } from '../../shared/reporting/template.ts'

const figure = {
  mark: 'm1',
  name: 'Length',
  value: '12.3',
  unit: 'mm',
  SeriesInstanceUID: '1.2',
  SOPClassUID: '1.2.840.10008.5.1.4.1.1.2',
  SOPInstanceUID: '1.2.3',
  frame: null,
}
const content = (text: string, links: FigureLink[] = []): ReportContent => ({
  version: 1,
  template: 't',
  title: 'CT of the chest',
  sections: [{ id: 'findings', title: 'Findings', text, links }],
})

describe('figures in a text', () => {
  const linked = replaced({ text: 'A nodule of  here.', links: [] }, { from: 12, to: 12 }, '12.3 mm', figure)

  test('stay linked to their words while other words are written before and behind them', () => {
    expect(linked.text).toBe('A nodule of 12.3 mm here.')
    const words = ({ text, links }: typeof linked) => links.map(({ from, to }) => text.slice(from, to))
    const before = withText(linked, `Right lung. ${linked.text}`, 12)
    expect(words(before)).toEqual(['12.3 mm'])
    const behind = withText(before, before.text.replace(' here', ', old'), before.text.length - 1)
    expect(words(behind)).toEqual(['12.3 mm'])
    // Right at its edges, letters like its own.
    expect(words(withText(linked, linked.text.replace('12.3', '112.3'), 13))).toEqual(['12.3 mm'])
    expect(words(withText(linked, linked.text.replace('mm', 'mmm'), 20))).toEqual(['12.3 mm'])
    // Taken back: what stood before it goes again.
    expect(words(withText(before, linked.text, 0))).toEqual(['12.3 mm'])
  })

  test('whose own words are changed are the writer’s from then on', () => {
    expect(withText(linked, linked.text.replace('12.3', '12.4'), 16).links).toEqual([])
    expect(withText(linked, 'A nodule of ', 12).links).toEqual([])
  })

  test('follow their marks, each in its place; what is not known stays', () => {
    const two = replaced(linked, { from: 0, to: 0 }, '7.0 mm', { ...figure, mark: 'm2', value: '7.0' })
    const now = refreshed(content(two.text, two.links), ({ mark }) =>
      mark === 'm1' ? { name: 'Length', value: '123.4', unit: 'mm' } : undefined,
    )
    const [section] = now.sections
    expect(section!.text).toBe('7.0 mmA nodule of 123.4 mm here.')
    expect(section!.links.map(({ from, to }) => section!.text.slice(from, to))).toEqual(['7.0 mm', '123.4 mm'])
    expect(refreshed(now, () => undefined)).toBe(now)
    expect(['deg', '1', '{pixels}2'].map(unit => figureWords({ value: '30', unit }))).toEqual(['30 °', '30', '30 px²'])
  })
})

test('fields are walked both ways, and counted', () => {
  const text = 'A [size] lesion in the [left|right] lobe.'
  expect(fieldsOf(text).map(({ choices }) => choices)).toEqual([[], ['left', 'right']])
  const first = nextField(text, { from: 0, to: 0 })!
  const second = nextField(text, first)!
  expect(text.slice(second.from, second.to)).toBe('[left|right]')
  expect(nextField(text, second)).toBeUndefined()
  expect(nextField(text, second, true)).toEqual(first)
  expect(unfilled(content(text))).toBe(2)
})

test('a macro is called by a dot and its name behind a space, never in the middle of a word', () => {
  expect(macroAt('Lungs .nl', 9, DEFAULT_MACROS)).toEqual({ from: 6, to: 9, words: DEFAULT_MACROS.nl })
  expect(macroAt('example.nl', 10, DEFAULT_MACROS)).toBeUndefined()
  expect(macroAt('.constructor', 12, DEFAULT_MACROS)).toBeUndefined()
  expect(parseMacros(macroLines({ 'a-b': 'one\ntwo', 'ö': 'x = y' }))).toEqual({
    macros: { 'a-b': 'one\ntwo', 'ö': 'x = y' },
  })
  expect(parseMacros('.ok = yes\nno macro')).toEqual({ wrong: 2 })
})

describe('templates', () => {
  const general = reportTemplate.parse({ id: 'g', title: 'General', sections: [{ title: 'Findings' }] })
  const chest = reportTemplate.parse({
    id: 'c',
    title: 'Chest',
    modalities: ['CT'],
    procedures: ['chest'],
    sections: [{ title: 'Findings', text: '[finding]' }, { title: 'Impression' }],
  })

  test('the one that fits best comes first; one that does not fit comes after the general one', () => {
    const ids = (modalities: string[], description: string) =>
      byFit([general, chest], { modalities, bodyParts: [], description }).map(({ id }) => id)
    expect(ids(['CT'], 'CT Chest with contrast')).toEqual(['c', 'g'])
    expect(ids(['CR'], 'Chest')).toEqual(['g', 'c'])
  })

  test('another template keeps what was written and drops what was only given', () => {
    const begun = contentOf(chest)
    const written = {
      ...begun,
      sections: begun.sections.map(one => (one.id === 'impression' ? { ...one, text: 'Normal.' } : one)),
    }
    const now = underTemplate(written, general, chest)
    expect(now.sections.map(({ title, text }) => [title, text])).toEqual([
      ['Findings', ''],
      ['Impression', 'Normal.'],
    ])
    expect(reportContent.safeParse(now).success).toBe(true)
  })

  test('RadReport’s HTML becomes sections with fields and choices; nothing in a script is read', () => {
    const html = `<!DOCTYPE html><html><head><title>CT Brain &amp; Skull</title>
      <meta name="dcterms.title" content="CT Brain"/><script type="text/xml"><section data-section-name="Evil"></section></script></head>
      <body><section id="a" class="level1" data-section-name="Findings"><header>Findings</header>
      <p><label for="x">Ventricles:</label> <select id="x"><option value="1">normal</option><option>dilated</option></select></p>
      <p><label>Shift:</label> <input type="number" name="Shift" value=""/> mm</p></section>
      <section data-section-name="Impression"><header>Impression</header><textarea>No acute finding.</textarea></section></body></html>`
    const template = readHtmlTemplate(html, 'own-ct')
    expect(template.title).toBe('CT Brain & Skull')
    expect(template.sections).toEqual([
      { title: 'Findings', text: 'Ventricles: [normal|dilated]\n\nShift: [Shift] mm' },
      { title: 'Impression', text: 'No acute finding.' },
    ])
  })

  test('what is no template, too large or broken off is refused in words, or read as far as it goes', () => {
    expect(() => readHtmlTemplate('<html><body>hello</body></html>', 'x')).toThrow(/no section/)
    expect(() => readHtmlTemplate('x'.repeat(1_000_001), 'x')).toThrow(/larger/)
    expect(() => readHtmlTemplate('<p>'.repeat(60_000), 'x')).toThrow(/more parts/)
    const open = readHtmlTemplate('<title>T</title><section data-section-name="A">one<select><option>a', 'x')
    expect(open.sections).toEqual([{ title: 'A', text: 'one' }])
  })
})

describe('states', () => {
  const actor = { by: 'local', at: 1, sha256: (text: string) => `digest of ${text.length}` }
  const versionsAfter = (...wishes: ReportWish[]) =>
    wishes.reduce<ReportVersion[]>((versions, wish) => {
      const next = nextReport(versions, wish, actor)
      return [...versions.filter(({ version }) => version !== next.version), next]
    }, [])
  const put = (rev: number, version = 1): ReportWish => ({ kind: 'put', version, rev, content: content('Clear.') })
  const sign = (rev: number, state: 'preliminary' | 'final', version = 1): ReportWish => ({
    kind: 'sign',
    version,
    rev,
    state,
    name: 'Curie^Marie',
  })

  test('draft, preliminary, draft again when it is changed, signed with the digest of its text', () => {
    const [released] = versionsAfter(put(0), sign(1, 'preliminary'))
    expect(released).toMatchObject({ state: 'preliminary', rev: 2 })
    const [changed] = versionsAfter(put(0), sign(1, 'preliminary'), put(2))
    expect(changed).toMatchObject({ state: 'draft', rev: 3, signature: null })
    const [signed] = versionsAfter(put(0), sign(1, 'final'))
    const digest = `digest of ${reportText(content('Clear.')).length}`
    expect(signed).toMatchObject({ state: 'final', signature: { name: 'Curie^Marie', sha256: digest } })
  })

  test('what is signed is never changed nor signed again: an addendum is a version of its own', () => {
    const signed = [put(0), sign(1, 'final')]
    expect(() => versionsAfter(...signed, put(2))).toThrow(/signed/)
    expect(() => versionsAfter(...signed, sign(2, 'final'))).toThrow(/signed/)
    const [first, addendum] = versionsAfter(...signed, { kind: 'addend' })
    expect(first?.state).toBe('final')
    expect(addendum).toMatchObject({ version: 2, state: 'draft', rev: 1 })
    expect(addendum?.content.sections.map(({ title }) => title)).toEqual(['Addendum'])
    expect(() => versionsAfter(...signed, { kind: 'addend' }, { kind: 'addend' })).toThrow()
    expect(() => versionsAfter({ kind: 'addend' })).toThrow()
  })

  test('what was released anew is not stored yet, whatever was stored of it before', () => {
    const [released] = versionsAfter(put(0), sign(1, 'preliminary'))
    expect(isStored(released!)).toBe(false)
    const document = { SOPClassUID: '1', SeriesInstanceUID: '2', SOPInstanceUID: '3', state: 'preliminary' } as const
    const store = (one: ReportVersion, SOPClassUID: string) => {
      const made = { ...document, SOPClassUID, SOPInstanceUID: `3.${SOPClassUID}`, signedAt: 1 }
      return nextReport([one], { kind: 'stored', version: 1, documents: [made] }, actor)
    }
    const half = store(released!, '1')
    // Its text lies in the study, its paper does not.
    expect(isStored(half)).toBe(false)
    const stored = store(half, '4')
    expect(isStored(stored)).toBe(true)
    const changed = nextReport([stored], put(stored.rev), actor)
    const again = nextReport([changed], sign(changed.rev, 'preliminary'), { ...actor, at: 2 })
    expect(isStored(again)).toBe(false)
  })

  test('a change made on what is no longer the newest, or of figures that stand nowhere, is refused', () => {
    expect(() => versionsAfter(put(0), put(0))).toThrow(/another window/)
    expect(() => versionsAfter(put(0), put(1), sign(1, 'final'))).toThrow(/another window/)
    const nowhere = content('short', [{ ...figure, from: 3, to: 30 }])
    expect(() => versionsAfter({ kind: 'put', version: 1, rev: 0, content: nowhere })).toThrow()
  })
})

describe('HL7', () => {
  const subject = {
    PatientName: 'Yamada^Tarou=山田^太郎',
    PatientID: 'A|1',
    IssuerOfPatientID: 'HOSP',
    PatientBirthDate: '19700102',
    PatientSex: 'M',
    StudyInstanceUID: '1.2.3',
    StudyDate: '20261122',
    StudyTime: '101500.25',
    StudyDescription: 'Chest & abdomen',
    AccessionNumber: 'ACC^7',
    ReferringPhysicianName: 'House^Gregory',
  }
  const report = (state: ReportVersion['state'], version = 1): ReportVersion => ({
    version,
    state,
    rev: 2,
    by: 'local',
    at: 0,
    content: content('Clear.\nNo ^ | ~ \\ & in it.'),
    signature: { by: 'local', name: 'Curie^Marie', at: 0, sha256: 'abc' },
    documents: [],
  })
  const fields = (message: string, segment: string) =>
    message
      .split('\r')
      .filter(line => line.startsWith(`${segment}|`))
      .map(line => line.split('|'))

  test('whatever delimits is escaped, and nothing that was written ends a segment', () => {
    expect(escapeHl7('|^~\\&\r\n')).toBe('\\F\\\\S\\\\R\\\\E\\\\T\\\\.br\\')
    const message = writeOru(subject, report('final'), { at: new Date(0), messageId: 'M1', sender: 'ISO', pdf: 'QUJD' })
    const segments = message.split('\r').filter(Boolean)
    expect(segments.map(line => line.slice(0, 3))).toEqual(['MSH', 'PID', 'ORC', 'OBR', 'OBX', 'OBX', 'OBX', 'OBX'])
    const [msh] = fields(message, 'MSH')
    // MSH-1 is the delimiter itself.
    expect([msh![8], msh![11], msh![17]]).toEqual(['ORU^R01^ORU_R01', '2.5.1', 'UNICODE UTF-8'])
    const [pid] = fields(message, 'PID')
    expect(pid![3]).toBe('A\\F\\1^^^HOSP')
    expect(pid![5]).toBe('Yamada^Tarou^^^^^L^A~山田^太郎^^^^^L^I')
    const [obr] = fields(message, 'OBR')
    expect([obr![3], obr![18], obr![25], obr![32]]).toEqual(['ACC\\S\\7', 'ACC\\S\\7', 'F', '&Curie&Marie'])
    const text = fields(message, 'OBX').find(one => one[2] === 'TX')!
    expect(text[5]).toBe('Clear.\\.br\\No \\S\\ \\F\\ \\R\\ \\E\\ \\T\\ in it.')
    expect(text[11]).toBe('F')
    expect(fields(message, 'OBX').at(-1)![5]).toBe('^application^pdf^Base64^QUJD')
    expect(fields(message, 'OBX').map(one => one[1])).toEqual(['1', '2', '3', '4'])
  })

  test('the status is preliminary, final, or corrected by an addendum', () => {
    const status = (one: ReportVersion) =>
      fields(writeOru(subject, one, { at: new Date(0), messageId: 'M', sender: 'I' }), 'OBR')[0]![25]
    expect([status(report('preliminary')), status(report('final')), status(report('final', 2))]).toEqual([
      'P',
      'F',
      'C',
    ])
  })

  test('as plain text an unsigned report says that it is a draft', () => {
    expect(plainReport(subject, { ...report('draft'), signature: null })).toContain('DRAFT, not signed')
    expect(plainReport(subject, report('final'))).toContain('Signed: Curie^Marie')
  })
})
