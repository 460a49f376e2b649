import { transferSyntax } from '../../shared/dicom/uids.ts'
import { PHANTOM_CASES, type PhantomCase } from '../../shared/viewing/selftest/cases.ts'
import type { PhantomKind } from '../../shared/viewing/selftest/phantom.ts'
import { type KeptResult, TEST_PATHS, type TestCell, type TestPath } from '../../shared/viewing/selftest/verdict.ts'
import { msg, t } from '../i18n/index.ts'

/** How the checks of one phantom on one path went. */
export interface PathSummary {
  path: TestPath
  passed: number
  failed: number
  /** Why nothing was tried. */
  reason: string | undefined
}

export interface PhantomSummary {
  /** Transfer syntax and kind of pixels, for a person. */
  title: string
  tolerance: number
  paths: PathSummary[]
}

export const PATH_NAMES: Record<TestPath, string> = {
  values: msg('Decoded'),
  page: msg('Drawn by the page'),
  card: msg('Drawn by the graphics card'),
  tools: msg('Measured'),
  pane: msg('In a pane of this display'),
}

const KIND_NAMES: Record<PhantomKind, string> = {
  signed: msg('signed, 16 bits'),
  unsigned: msg('12 bits'),
  inverse: msg('12 bits, MONOCHROME1'),
  bytes: msg('8 bits'),
  colour: msg('colour'),
}

export function titleOf({ TransferSyntaxUID, kind }: PhantomCase): string {
  return `${transferSyntax(TransferSyntaxUID).name}: ${t(KIND_NAMES[kind])}`
}

function summaryOf(cells: readonly TestCell[], path: TestPath): PathSummary {
  const of = cells.filter(one => one.path === path)
  const count = (state: TestCell['state']) => of.filter(one => one.state === state).length
  const reason = of.find(one => one.state === 'impossible')?.reason
  return { path, passed: count('passed'), failed: count('failed'), reason }
}

/** A row for each phantom, its paths in columns; and one for the pane. */
export function summarize(cells: readonly TestCell[]): { phantoms: PhantomSummary[]; pane: PathSummary } {
  const columns = TEST_PATHS.filter(path => path !== 'pane')
  const phantoms = PHANTOM_CASES.map(one => {
    const own = cells.filter(({ phantom }) => phantom === one.name)
    return { title: titleOf(one), tolerance: one.tolerance, paths: columns.map(path => summaryOf(own, path)) }
  })
  return { phantoms, pane: summaryOf(cells, 'pane') }
}

export function wordsOf({ passed, failed, reason }: PathSummary): string {
  if (failed > 0) return t('{{failed}} of {{all}} failed', { failed, all: passed + failed })
  return passed === 0
    ? t('not possible here')
    : reason === undefined
      ? t('{{passed}} of {{all}}', { passed, all: passed })
      : t('{{passed}} passed', { passed })
}

const titles = () => new Map(PHANTOM_CASES.map(one => [one.name, titleOf(one)]))

export function failureWords({ phantom, path, check, expected = '', found = '' }: TestCell): string {
  return t('{{phantom}}, {{path}}, {{check}}: expected {{expected}}; found {{found}}', {
    phantom: titles().get(phantom) ?? phantom,
    path: t(PATH_NAMES[path]),
    check,
    expected,
    found,
  })
}

/** Where it was run, as the certificate names the machine. */
export interface Station {
  aet: string
  platform: string
}

/** Passed of all that could be tried. */
export function countWords({ passed, failed, impossible }: KeptResult): string {
  const untried = impossible === 0 ? '' : t(', {{impossible}} not possible here', { impossible })
  return t('{{passed}} of {{all}} passed', { passed, all: passed + failed }) + untried
}

/** The result as JSON: what is signed by its hash. */
export function resultText(
  station: Station,
  { machine, at, passed, failed, impossible }: KeptResult,
  cells: TestCell[],
) {
  return JSON.stringify({ station, machine, at, passed, failed, impossible, cells })
}

/** The certificate as a file: `sha256` is that of `result` as it stands here, without a space. */
export function asJson(result: string, hash: string): string {
  return `{"sha256":"${hash}","result":${result}}\n`
}
