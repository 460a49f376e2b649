import { expect, test } from 'vitest'
import { dictationFile, dictationTarget, dictationUrl, wrongUrl } from '../../shared/reporting/dictation.ts'

const STUDY = { AccessionNumber: 'A 1/2', PatientID: 'P&id=2', StudyInstanceUID: '1.2.3', PatientName: 'Müller^Jörg' }

test('every value is percent-encoded: none ends a parameter, none begins one', () => {
  const url = dictationUrl('https://ris.example/open?acc={AccessionNumber}&pat={PatientID}&name={PatientName}', STUDY)
  expect(url).toBe('https://ris.example/open?acc=A%201%2F2&pat=P%26id%3D2&name=M%C3%BCller%5EJ%C3%B6rg')
  const asked = new URL(url ?? '').searchParams
  expect([...asked]).toEqual([
    ['acc', 'A 1/2'],
    ['pat', 'P&id=2'],
    ['name', 'Müller^Jörg'],
  ])
  const odd = { ...STUDY, AccessionNumber: "'();*!\u0000\r\nX\ud800", PatientName: '=山田^太郎=やまだ' }
  expect(dictationUrl('dictate:{AccessionNumber}/{PatientName}', odd)).toBe(
    'dictate:%27%28%29%3B%2A%21%20X%EF%BF%BD/%E5%B1%B1%E7%94%B0%5E%E5%A4%AA%E9%83%8E',
  )
})

test('a value that looks like a placeholder, or like a pattern of replacements, stays what it is', () => {
  const odd = { ...STUDY, AccessionNumber: '{PatientID}$&$1' }
  expect(dictationUrl('dictate:{AccessionNumber}', odd)).toBe('dictate:%7BPatientID%7D%24%26%241')
  expect(dictationFile('{AccessionNumber}', odd).content).toBe('{PatientID}$&$1')
})

test('no value of a study decides whom the address is for, nor leads up a folder there', () => {
  for (const template of [
    '{PatientID}',
    'https://{PatientID}/',
    'https://ris.example{PatientID}/',
    'https://ris.example:{PatientID}/',
    'https://user:secret@ris.example/{PatientID}',
    'https:{PatientID}',
    'javascript:alert({PatientID})',
    'JavaScript:{PatientID}',
    'file:///etc/{PatientID}',
    'data:text/html,{PatientID}',
    'ms-msdt:{PatientID}',
    'search-ms:{PatientID}',
    'https://ris.example/ {PatientID}',
    'https://ris.example\\@other/{PatientID}',
    'ris.example/{PatientID}',
    'https://ris.example/{PatientSex}',
    '',
  ]) {
    expect(wrongUrl(template), template).toBeDefined()
    expect(dictationUrl(template, STUDY), template).toBeUndefined()
  }
  const up = { ...STUDY, PatientID: '..' }
  expect(dictationUrl('https://ris.example/a/{PatientID}/open', up)).toBeUndefined()
  expect(dictationUrl('https://ris.example/a/{PatientID}/open', STUDY)).toBe('https://ris.example/a/P%26id%3D2/open')
})

test('an address is for a server of the web or for a scheme of a program', () => {
  expect(dictationTarget('https://ris.example:8443/a?b')).toBe('https://ris.example:8443')
  expect(dictationTarget('http://localhost/x')).toBe('http://localhost')
  expect(dictationTarget('powerscribe:open/1')).toBe('powerscribe:')
  expect(dictationTarget('javascript:1')).toBeUndefined()
  expect(dictationTarget('nothing')).toBeUndefined()
})

test('a file is plain, XML or JSON as its template is, and a value stays inside its place', () => {
  const odd = { ...STUDY, PatientName: 'A"<b>\\&\r\nAccession=2' }
  expect(
    dictationFile('Accession={AccessionNumber}\r\nName={PatientName}\r\n', { ...odd, AccessionNumber: '1' }),
  ).toEqual({
    content: 'Accession=1\r\nName=A"<b>\\& Accession\r\n',
    extension: 'txt',
  })
  const xml = dictationFile('<order name="{PatientName}">{Other}</order>', odd)
  expect(xml).toEqual({ content: '<order name="A&quot;&lt;b&gt;\\&amp; Accession">{Other}</order>', extension: 'xml' })
  const ini = dictationFile('[Order]\r\nName={PatientName}', odd)
  expect(ini).toEqual({ content: '[Order]\r\nName=A"<b>\\& Accession', extension: 'txt' })
  const json = dictationFile('{ "name": "{PatientName}", "uid": "{StudyInstanceUID}" }', odd)
  expect(json.extension).toBe('json')
  expect(JSON.parse(json.content)).toEqual({ name: 'A"<b>\\& Accession', uid: '1.2.3' })
})
