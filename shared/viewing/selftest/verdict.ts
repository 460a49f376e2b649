import { z } from 'zod'
import { transferSyntax } from '../../dicom/uids.ts'
import { MARK_POINTS, type MarkKind } from '../draft.ts'
import { PHANTOM_CASES } from './cases.ts'

/**
 * 'values': what the decoder gave. 'page', 'card': drawn by the page, by the graphics card. 'tools': measured. 'pane': a whole pane
 * on this display, from the pointer to the figure.
 */
export const TEST_PATHS = ['values', 'page', 'card', 'tools', 'pane'] as const
export type TestPath = (typeof TEST_PATHS)[number]

const cell = z.object({
  /** Name of a phantom file (cases.ts). */
  phantom: z.string().max(60),
  path: z.enum(TEST_PATHS),
  /** What was looked at: a view, a mark. */
  check: z.string().max(100),
  /** Of 'tools': the measuring tool. */
  tool: z.enum(Object.keys(MARK_POINTS) as [MarkKind, ...MarkKind[]]).optional(),
  state: z.enum(['passed', 'failed', 'impossible']),
  expected: z.string().max(200).optional(),
  found: z.string().max(200).optional(),
  /** Why it could not be tried here. */
  reason: z.string().max(200).optional(),
})
/** One check of the self-test and how it went. */
export type TestCell = z.infer<typeof cell>

/** What must not be trusted here. */
export interface Verdict {
  /** No figure at all: the page's own drawing or pointing is wrong. */
  everything: boolean
  /** Images in these transfer syntaxes are decoded wrongly. */
  syntaxes: string[]
  /** These measure wrongly what is decoded rightly. */
  tools: MarkKind[]
  /** The graphics card draws wrongly: the page draws in its place. */
  card: boolean
}

export const NOTHING_WRONG: Verdict = { everything: false, syntaxes: [], tools: [], card: false }

const SYNTAX_OF = new Map(PHANTOM_CASES.map(({ name, TransferSyntaxUID }) => [name, TransferSyntaxUID]))

/** What follows from the checks that failed. */
export function verdictOf(cells: readonly TestCell[]): Verdict {
  const failed = cells.filter(({ state }) => state === 'failed')
  const on = (path: TestPath) => failed.filter(one => one.path === path)
  const syntaxes = on('values').flatMap(({ phantom }) => SYNTAX_OF.get(phantom) ?? [])
  const tools = on('tools').flatMap(({ tool }) => tool ?? [])
  return {
    everything: on('page').length > 0 || on('pane').length > 0,
    syntaxes: [...new Set(syntaxes)],
    tools: [...new Set(tools)],
    card: on('card').length > 0,
  }
}

export function isClean({ everything, syntaxes, tools, card }: Verdict): boolean {
  return !everything && !card && syntaxes.length === 0 && tools.length === 0
}

/** What is to be measured: a tool, on an image in a transfer syntax. */
export interface Measuring {
  kind?: MarkKind | undefined
  TransferSyntaxUID?: string | undefined
}

const TOOL_NAMES: Partial<Record<MarkKind, string>> = {
  length: 'lengths',
  angle: 'angles',
  cobb: 'Cobb angles',
  bidirectional: 'two axes',
  ellipse: 'ellipses',
  rectangle: 'rectangles',
  probe: 'probes',
}

/** Tools without a mark of their own on the phantom: what their figures are made of is tried with these. */
const MADE_OF: Partial<Record<MarkKind, readonly MarkKind[]>> = {
  openAngle: ['angle', 'cobb'],
  circle: ['length', 'ellipse'],
  polyline: ['length', 'rectangle'],
  freehand: ['length', 'rectangle'],
  spline: ['length', 'rectangle'],
  livewire: ['length', 'rectangle'],
  cardiothoracic: ['length', 'bidirectional'],
}

/** What is wrong with it, in a few words, and what is not measured for it. */
function causeOf(verdict: Verdict, { kind, TransferSyntaxUID }: Measuring): [wrong: string, left: string] | undefined {
  // They measure nothing.
  if (kind === 'arrow' || kind === 'text' || kind === 'vertebra') return undefined
  if (verdict.everything) return ['pictures are not drawn as they are', 'Nothing is measured until it passes.']
  const wrong = kind && [kind, ...(MADE_OF[kind] ?? [])].find(one => verdict.tools.includes(one))
  if (wrong !== undefined) {
    return [`${TOOL_NAMES[wrong]} are measured wrongly`, 'They are not measured until it passes.']
  }
  if (TransferSyntaxUID !== undefined && verdict.syntaxes.includes(TransferSyntaxUID)) {
    const { name } = transferSyntax(TransferSyntaxUID)
    return [`${name} is decoded wrongly`, 'Such images are not measured until it passes.']
  }
  return undefined
}

/** Why it must not be measured here, in a sentence; undefined = it may. */
export function refusalOf(verdict: Verdict, measuring: Measuring): string | undefined {
  const cause = causeOf(verdict, measuring)
  return cause && `The measurement self-test failed on this machine: ${cause[0]}. ${cause[1]}`
}

/** The same in the few words that a notice has room for. */
export function shortRefusalOf(verdict: Verdict, measuring: Measuring): string | undefined {
  const cause = causeOf(verdict, measuring)
  return cause && `By the self-test ${cause[0]} here.`
}

/** All that is wrong, a sentence each, for the viewer's head. */
export function sentencesOf(verdict: Verdict): string[] {
  const everything = refusalOf(verdict, {})
  const tools = verdict.tools.flatMap(kind => refusalOf({ ...verdict, everything: false }, { kind }) ?? [])
  const syntaxes = verdict.syntaxes.flatMap(
    TransferSyntaxUID => refusalOf({ ...verdict, everything: false }, { TransferSyntaxUID }) ?? [],
  )
  const card = verdict.card ? ['The graphics card failed the measurement self-test: images are drawn without it.'] : []
  return [...(everything === undefined ? [...tools, ...syntaxes] : [everything]), ...card]
}

/** What a result holds for: another version, browser or graphics card is tested anew. */
export interface Machine {
  version: string
  browser: string
  /** The graphics card's name; '' without WebGL 2. */
  renderer: string
  /** Who draws. */
  drawnBy: 'page' | 'card'
}

const machine = z.object({
  version: z.string().max(100),
  browser: z.string().max(300),
  renderer: z.string().max(300),
  drawnBy: z.enum(['page', 'card']),
})

/** Failed checks are kept with it; more would say nothing new. */
const MOST_KEPT = 40
/** Machines whose results are kept: one station has many browsers. */
const MOST_MACHINES = 12

const result = z.object({
  machine,
  /** ISO 8601. */
  at: z.string().max(40),
  passed: z.int().min(0),
  failed: z.int().min(0),
  impossible: z.int().min(0),
  failures: z.array(cell).max(MOST_KEPT),
  verdict: z.object({
    everything: z.boolean(),
    syntaxes: z.array(z.string().max(64)).max(100),
    tools: z.array(z.enum(Object.keys(MARK_POINTS) as [MarkKind, ...MarkKind[]])).max(20),
    card: z.boolean(),
  }),
})
/** How a run went, as it is kept. */
export type KeptResult = z.infer<typeof result>

/** What stands in the settings: the newest result of each machine. */
export const keptResults = z.array(result).max(MOST_MACHINES)

/** @param before what held until now: a graphics card that failed rests until it has been tried again */
export function resultOf(
  of: Machine,
  at: string,
  cells: readonly TestCell[],
  before: Verdict = NOTHING_WRONG,
): KeptResult {
  const verdict = verdictOf(cells)
  const tried = cells.some(({ path, state }) => path === 'card' && state !== 'impossible')
  const count = (state: TestCell['state']) => cells.filter(one => one.state === state).length
  return {
    machine: of,
    at,
    passed: count('passed'),
    failed: count('failed'),
    impossible: count('impossible'),
    failures: cells.filter(({ state }) => state === 'failed').slice(0, MOST_KEPT),
    verdict: tried || !before.card ? verdict : { ...verdict, card: true },
  }
}

function isSame(a: Machine, b: Machine): boolean {
  return a.version === b.version && a.browser === b.browser && a.renderer === b.renderer && a.drawnBy === b.drawnBy
}

export function resultFor(kept: readonly KeptResult[], of: Machine): KeptResult | undefined {
  return kept.find(one => isSame(one.machine, of))
}

/** The newest first; the oldest is dropped. */
export function withResult(kept: readonly KeptResult[], next: KeptResult): KeptResult[] {
  return [next, ...kept.filter(one => !isSame(one.machine, next.machine))].slice(0, MOST_MACHINES)
}

/** It has not passed here yet: not at all, or not with this version, browser and graphics card. */
export function isDue(kept: readonly KeptResult[], of: Machine): boolean {
  const last = resultFor(kept, of)
  return last === undefined || last.failed > 0
}
