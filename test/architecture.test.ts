import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseSync } from 'vite'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'

const ROOT = path.resolve(import.meta.dirname, '..')
const FLOORS = ['shared', 'electron', 'renderer', 'build', 'test', 'resources']

/** A room (a folder, or one file), what it may import besides itself, and whether Node's own modules are among it. */
const rulesSchema = z.array(
  z.strictObject({
    room: z.string(),
    rooms: z.array(z.string()),
    packages: z.array(z.string()),
    node: z.boolean().default(false),
    /** A folder of the room enters another, or the room's root does, only by its index file. */
    foldersByIndexOnly: z.boolean().default(false),
  }),
)
type Rule = z.infer<typeof rulesSchema>[number]

const rules = rulesSchema.parse(JSON.parse(readFileSync(path.join(ROOT, 'build/imports.json'), 'utf8')))

test('every import is allowed by build/imports.json', () => {
  expect(forbiddenImports(ROOT, rules)).toEqual([])
})

test('every room of the rules exists', () => {
  expect(rules.filter(({ room }) => !existsSync(path.join(ROOT, room))).map(({ room }) => room)).toEqual([])
})

test('every room has a README', () => {
  const rooms = rules.map(({ room }) => room).filter(room => room.endsWith('/'))
  expect(rooms.filter(room => !existsSync(path.join(ROOT, room, 'README.md')))).toEqual([])
})

let tree: string
beforeEach(() => {
  tree = mkdtempSync(path.join(tmpdir(), 'isocenter-architecture-'))
})
afterEach(() => rmSync(tree, { recursive: true, force: true }))

function write(file: string, source: string): void {
  mkdirSync(path.dirname(path.join(tree, file)), { recursive: true })
  writeFileSync(path.join(tree, file), source)
}

test.each([
  ['shared/a.ts', "import { x } from '../electron/station/base/x.ts'"],
  ['shared/a.ts', "import fs from 'node:fs'"],
  ['shared/a.ts', "import { x } from 'hono'"],
  ['electron/station/store/a.ts', "import type { W } from '../wire/pdu.ts'"],
  ['electron/station/store/a.ts', "import { w } from '../web/index.ts'"],
  ['electron/station/dimse/a.ts', "export * from '../store/writer.ts'"],
  ['electron/station/dimse/a.ts', "import '../work/index.ts'"],
  ['electron/station/web/a.ts', "const m = await import('../store/writer.ts')"],
  ['electron/station/web/a.ts', "type T = import('../store/writer.ts').T"],
  ['electron/station/web/a.ts', 'const m = await import(someName)'],
  ['electron/station/web/a.ts', "import { app } from 'electron'"],
  ['electron/station/work/a.ts', "const url = new URL('../store/writerThread.ts', import.meta.url)"],
  ['electron/headless.ts', "import { openStore } from './station/store/index.ts'"],
  ['electron/main.ts', "import { startStation } from './station/station.ts'"],
  ['electron/preload.ts', "import path from 'node:path'"],
  ['renderer/worklist/a.tsx', "import { engine } from '../viewer/engine.ts'"],
  ['renderer/main.tsx', "import { engine } from './viewer/engine.ts'"],
  ['renderer/main.tsx', "import fs from 'fs'"],
  ['electron/station/newroom/a.ts', 'export const a = 1'],
  ['electron/other.ts', 'export const a = 1'],
])('%s may not say: %s', (file, source) => {
  write(file, `${source}\n`)
  expect(forbiddenImports(tree, rules)).toEqual([expect.stringContaining(file)])
})

test.each([
  ['shared/a.ts', "import { z } from 'zod'\nimport { b } from './viewing/b.ts'"],
  ['electron/station/dimse/a.ts', "import type { Store } from '../store/index.ts'\nimport net from 'node:net'"],
  [
    'renderer/worklist/a.tsx',
    "import { Viewer } from '../viewer/index.ts'\nimport { b } from './b.ts'\nimport './a.css'",
  ],
  ['renderer/viewer/a.ts', "import { call } from '../client.ts'\nimport { createRoot } from 'react-dom/client'"],
])('%s may say: %s', (file, source) => {
  write(file, `${source}\n`)
  expect(forbiddenImports(tree, rules)).toEqual([])
})

/** One sentence for each import that no rule allows and each file that no rule covers. */
function forbiddenImports(root: string, allRules: Rule[]): string[] {
  return FLOORS.flatMap(floor => sourceFiles(root, floor)).flatMap(file => {
    const rule = allRules.find(({ room }) => covers(room, file))
    if (!rule) return [`${file}: no rule of build/imports.json covers it`]
    return importsOf(root, file)
      .map(target => ({ target, reason: whyForbidden(file, target, rule) }))
      .filter(({ reason }) => reason !== undefined)
      .map(({ target, reason }) => `${file}: '${target}' ${reason}`)
  })
}

function covers(room: string, file: string): boolean {
  return room.endsWith('/') ? file.startsWith(room) : file === room
}

function whyForbidden(file: string, target: string, rule: Rule): string | undefined {
  if (isBuiltin(target)) return rule.node ? undefined : 'is of Node'
  if (!target.startsWith('.')) {
    const name = target.split('/', target.startsWith('@') ? 2 : 1).join('/')
    return rule.packages.includes(name) ? undefined : `is a package ${rule.room} has not listed`
  }
  const reached = path.posix.join(path.posix.dirname(file), target)
  if (rule.rooms.some(room => covers(room, reached))) return undefined
  if (!covers(rule.room, reached)) return `leads to ${reached}`
  const [, folder] = new RegExp(`^${rule.room}([^/]+)/`).exec(reached) ?? []
  const enters = rule.foldersByIndexOnly && folder !== undefined && !file.startsWith(`${rule.room}${folder}/`)
  return enters && !/^index\.tsx?$/.test(path.posix.basename(reached)) ? `enters ${folder} past its index` : undefined
}

/**
 * Everything a module names: imports of values and of types, re-exports, `import()`, `new URL(…, import.meta.url)`. In build/ and
 * test/ only what stands in import and export statements: their scripts reach for files by path.
 */
function importsOf(root: string, file: string): string[] {
  const source = readFileSync(path.join(root, file), 'utf8')
  const { module, errors } = parseSync(file, source)
  if (errors.length > 0) return [`unreadable: ${errors[0]?.message}`]
  const statements = [
    ...module.staticImports.map(({ moduleRequest }) => moduleRequest.value),
    ...module.staticExports.flatMap(({ entries }) => entries.flatMap(entry => entry.moduleRequest?.value ?? [])),
  ]
  if (file.startsWith('build/') || file.startsWith('test/')) return statements
  // An import() of something computed stays in the list as its text, which no rule allows.
  const literal = (text: string) => /^['"`]([^'"`$]+)['"`]$/.exec(text.trim())?.[1] ?? text
  return [
    ...statements,
    ...module.dynamicImports.map(({ moduleRequest: { start, end } }) => literal(source.slice(start, end))),
    ...[...source.matchAll(/\bimport\(\s*['"]([^'"]+)['"]\s*\)\./g)].map(([, target = '']) => target),
    ...[...source.matchAll(/new URL\(\s*['"](\.[^'"]+)['"]\s*,\s*import\.meta\.url/g)].map(([, target = '']) => target),
  ]
}

function sourceFiles(root: string, floor: string): string[] {
  if (!existsSync(path.join(root, floor))) return []
  return readdirSync(path.join(root, floor), { recursive: true, encoding: 'utf8' })
    .map(name => `${floor}/${name.split(path.sep).join('/')}`)
    .filter(name => /\.(ts|tsx|mts|js|mjs|cjs|jsx)$/.test(name) && !name.endsWith('.d.ts'))
    .sort()
}
