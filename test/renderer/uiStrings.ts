import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { transformSync } from 'esbuild'
import { parseAst } from 'vite'

/** A text that a user sees, and where it stands in the sources. */
export interface UiString {
  text: string
  file: string
}

interface Found {
  /** Texts that are keys of the language files. */
  keys: UiString[]
  /** Texts on the screen that no language file can reach. */
  bare: UiString[]
}

type Node = { type: string } & Record<string, unknown>

/** Whose first argument is a key. */
const SAYS = new Set(['t', 'msg', 'inLanguage', 'useTitle', 'announce', 'announceFailure'])
/** What these are given is said in the user's language by themselves. */
const SAYS_ITSELF: Record<string, readonly string[]> = {
  IconButton: ['name'],
  Dialog: ['title'],
  Menu: ['label'],
}
/** What a browser shows or reads out. */
const SHOWN = new Set(['title', 'aria-label', 'placeholder', 'alt', 'children', 'label', 'name'])
/** Units, signs and names that are the same in every language have no two small letters beside each other. */
const WORDS = /\p{L}\p{Ll}/u

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && typeof (value as Node).type === 'string'

function childrenOf(node: Node): Node[] {
  return Object.values(node).flatMap(value =>
    Array.isArray(value) ? value.filter(isNode) : isNode(value) ? [value] : [],
  )
}

const nameOf = (node: unknown): string => (isNode(node) ? String(node.name ?? node.value ?? '') : '')

/** The texts an expression may be: literals, what a condition chooses from, what stands in a list. */
function textsOf(node: unknown): string[] {
  if (!isNode(node)) return []
  if (node.type === 'Literal') return typeof node.value === 'string' ? [node.value] : []
  if (node.type === 'ConditionalExpression') return [...textsOf(node.consequent), ...textsOf(node.alternate)]
  if (node.type === 'LogicalExpression') return textsOf(node.right)
  if (node.type === 'ArrayExpression') return (node.elements as unknown[]).flatMap(textsOf)
  if (node.type === 'TemplateLiteral') {
    const words = (node.quasis as Array<{ value: { cooked: string } }>).map(quasi => quasi.value.cooked).join('…')
    return [words]
  }
  return []
}

function propertiesOf(node: Node): Array<[name: string, value: Node]> {
  return (node.properties as Node[])
    .filter(property => property.type === 'Property')
    .map(property => [nameOf(property.key), property.value as Node])
}

function walk(node: Node, file: string, found: Found): void {
  if (node.type === 'CallExpression') {
    const called = nameOf(node.callee)
    const [first, second] = node.arguments as Node[]
    if (SAYS.has(called)) {
      const [text] = textsOf(first)
      if (text !== undefined && first?.type !== 'TemplateLiteral') {
        found.keys.push(...textsOf(first).map(one => ({ text: one, file })))
      } else if (first?.type === 'TemplateLiteral') found.bare.push({ text: text ?? '', file })
    }
    if ((called === 'jsx' || called === 'jsxs') && second?.type === 'ObjectExpression') {
      const own = SAYS_ITSELF[nameOf(first)] ?? []
      const component = /^[A-Z]/.test(nameOf(first)) && first?.type !== 'Literal'
      for (const [name, value] of propertiesOf(second)) {
        const texts = textsOf(value).filter(text => WORDS.test(text))
        if (own.includes(name) && value.type !== 'TemplateLiteral')
          found.keys.push(...texts.map(text => ({ text, file })))
        // The name of an <input> groups buttons; nobody sees it.
        else if (
          SHOWN.has(name) &&
          !(name === 'name' && first?.type === 'Literal') &&
          !(component && name === 'name' && value.type === 'Literal' && !own.length && /^[a-z]/.test(texts[0] ?? ''))
        )
          found.bare.push(...texts.map(text => ({ text, file })))
      }
    }
  }
  if (node.type === 'ObjectExpression') {
    const properties = new Map(propertiesOf(node))
    // An entry of a menu, an action, an offer: its name is said where it is shown.
    if (properties.has('run') && properties.get('name')?.type !== 'TemplateLiteral') {
      found.keys.push(...textsOf(properties.get('name')).map(text => ({ text, file })))
    }
  }
  for (const child of childrenOf(node)) walk(child, file, found)
}

const ROOT = path.resolve(import.meta.dirname, '../..')

function sourcesOf(room: string): Array<{ file: string; tree: Node }> {
  const files = readdirSync(path.join(ROOT, room), { recursive: true, encoding: 'utf8' })
  return files
    .filter(name => /\.tsx?$/.test(name))
    .toSorted()
    .map(name => {
      const source = readFileSync(path.join(ROOT, room, name), 'utf8')
      const { code } = transformSync(source, { loader: name.endsWith('x') ? 'tsx' : 'ts', jsx: 'automatic' })
      return { file: `${room}/${name}`, tree: parseAst(code) as unknown as Node }
    })
}

function literalsIn(node: Node, found: Set<string>): void {
  if (node.type === 'ImportDeclaration') return
  if (node.type === 'Literal' || node.type === 'TemplateLiteral') for (const text of textsOf(node)) found.add(text)
  for (const child of childrenOf(node)) literalsIn(child, found)
}

/** Every literal of a room's sources, by file; what is put into a template is `…`. */
export function literalsOf(room: string): Map<string, Set<string>> {
  return new Map(
    sourcesOf(room).map(({ file, tree }) => {
      const found = new Set<string>()
      literalsIn(tree, found)
      return [file, found]
    }),
  )
}

/** Every text of the renderer's sources that is on the screen, by whether it goes through the language files. */
export function uiStrings(): Found {
  const found: Found = { keys: [], bare: [] }
  for (const { file, tree } of sourcesOf('renderer')) walk(tree, file.slice('renderer/'.length), found)
  return found
}
