import { expect, test } from 'vitest'
import { displayFormat, printAnswer, printerTrouble } from '../../shared/printing/printing.ts'
import { dictationArguments } from '../../shared/reporting/dictation.ts'

test('a printer’s answers: a warning has printed, a failure has not, each in words with its code', () => {
  expect(displayFormat({ rows: 3, columns: 2 })).toBe('STANDARD\\2,3')
  expect(printAnswer(0)).toBe('done')
  expect(printAnswer(0xb604)).toMatchObject({ warning: true, words: expect.stringContaining('made smaller (0xb604)') })
  expect(printAnswer(0x0116)).toMatchObject({ warning: true })
  expect(printAnswer(0xc603)).toMatchObject({ warning: false, words: expect.stringContaining('larger than its place') })
  // What no table has.
  expect(printAnswer(0xb6ff)).toMatchObject({ warning: true })
  expect(printAnswer(0x0211)).toEqual({ warning: false, words: 'it answered 0x0211' })
  expect([
    printerTrouble('NORMAL'),
    printerTrouble(''),
    printerTrouble('FILM JAM'),
    printerTrouble('ODD CODE'),
  ]).toEqual(['', '', 'a film is jammed', 'it says ODD CODE'])
})

test('a program gets a value as one whole word, or none is started', () => {
  const study = { AccessionNumber: 'A 1;"x"', PatientID: '-o', StudyInstanceUID: '1.2', PatientName: '=山田^太郎\n' }
  expect(dictationArguments(['-a', '{AccessionNumber}', 'x{StudyInstanceUID}', '{Unknown}'], study)).toEqual([
    '-a',
    'A 1;"x"',
    'x{StudyInstanceUID}',
    '{Unknown}',
  ])
  expect(dictationArguments(['{PatientName}'], study)).toEqual(['山田^太郎'])
  expect(dictationArguments(['{PatientID}'], study)).toBeUndefined()
  expect(dictationArguments(['{AccessionNumber}'], { ...study, AccessionNumber: ' ' })).toBeUndefined()
})
