import { z } from 'zod'

/** What a dictation system outside is told of the study that is opened, and how. */
export const dictationSettings = z.object({
  /**
   * `url`: an address is opened; `file`: the station writes a small file into a folder of its machine; `command`: it starts a program of its
   * configuration.
   */
  kind: z.enum(['none', 'url', 'file', 'command']).catch('none'),
  url: z.string().max(2000).catch(''),
  folder: z.string().max(1000).catch(''),
  /** The name of one of the programs that the configuration allows. */
  command: z.string().max(64).catch(''),
  /** What stands in the file. */
  content: z.string().max(8000).catch(''),
  /** As soon as a study is opened, not only when a reader asks. */
  whenOpened: z.boolean().catch(false),
})
export type DictationSettings = z.infer<typeof dictationSettings>

/** What can be said of a study, by the keywords of PS3.6. */
export const DICTATED = ['AccessionNumber', 'PatientID', 'StudyInstanceUID', 'PatientName'] as const
export type Dictated = Record<(typeof DICTATED)[number], string>

const PLACEHOLDER = /\{([A-Za-z]+)\}/g
/** These lead into this machine or this page and into no dictation system. */
const NEVER =
  /^(?:about|blob|chrome|data|devtools|file|filesystem|ftp|intent|javascript|jar|ldap|mailto|ms-[a-z.+-]*|res|search|search-ms|shell|smb|vbscript|view-source|ws|wss):/i

const isDictated = (name: string): name is keyof Dictated => DICTATED.some(one => one === name)

/** One line of well-formed text: what comes from a file may end no line of another one. The first group of a name that says anything. */
function plain(name: keyof Dictated, value: string): string {
  const whole = name === 'PatientName' ? (value.split('=').find(group => group !== '') ?? '') : value
  return whole
    .replace(/\p{Surrogate}/gu, '\ufffd')
    .replace(/[\p{Cc}\u2028\u2029]+/gu, ' ')
    .trim()
}

function filled(template: string, study: Dictated, written: (value: string) => string): string {
  return template.replace(PLACEHOLDER, (whole, name: string) =>
    isDictated(name) ? written(plain(name, study[name])) : whole,
  )
}

/** RFC 3986 §2.3: everything but unreserved characters, also what encodeURIComponent leaves. */
function percentEncoded(value: string): string {
  return encodeURIComponent(value).replace(/[!'()*]/g, one => `%${one.charCodeAt(0).toString(16).toUpperCase()}`)
}

/**
 * Whom an address is for: `https://host:port` of the web, `scheme:` of a program's own; undefined where it may not be opened at all.
 */
export function dictationTarget(url: string): string | undefined {
  if (/[\s\p{Cc}\\]/u.test(url) || NEVER.test(url)) return undefined
  const [, scheme = '', rest = ''] = /^([a-z][a-z0-9+.-]+:)(.*)$/i.exec(url) ?? []
  if (!/^https?:$/i.test(scheme)) return scheme.toLowerCase() || undefined
  // Neither a user nor a password: what stands before an @ reads as the server and is none.
  const [, server] = /^\/\/([\p{L}\p{N}.-]+(?::\d{1,5})?|\[[0-9a-f:.]+\](?::\d{1,5})?)(?:[/?#]|$)/iu.exec(rest) ?? []
  return server && `${scheme}//${server}`.toLowerCase()
}

/** Why a template is no address, in words; undefined where it is one. Nothing of a study may decide whom it is for. */
export function wrongUrl(template: string): string | undefined {
  const [unknown] = [...template.matchAll(PLACEHOLDER)].flatMap(([whole, name = '']) =>
    isDictated(name) ? [] : [whole],
  )
  if (unknown !== undefined) return `${unknown} is not known`
  const [before = ''] = template.split('{')
  if (!/^(?:https?:\/\/[^/?#]+[/?#]|(?!https?:)[a-z][a-z0-9+.-]*:)/i.test(before)) {
    return 'it begins with https://server/ or a scheme such as dictate:'
  }
  return dictationTarget(template.replace(PLACEHOLDER, 'x')) === undefined ? 'such an address is not opened' : undefined
}

/** The address of a study; undefined where the template, or this study in it, makes none that leads where the template does. */
export function dictationUrl(template: string, study: Dictated): string | undefined {
  if (wrongUrl(template) !== undefined) return undefined
  const url = filled(template, study, percentEncoded)
  const plainly = template.replace(PLACEHOLDER, 'x')
  if (dictationTarget(url) !== dictationTarget(plainly)) return undefined
  // A value that is `..` would go up a folder of the server.
  const [path = ''] = url.split(/[?#]/)
  return path.split('/').some(step => /^(?:\.|%2e){1,2}$/i.test(step)) ? undefined : url
}

/**
 * What a program is started with: a word that is a placeholder and nothing else becomes the study's value, as one word whatever stands in
 * it; all others stay as they are. Undefined where a value is none (empty), or would be read as a switch (it begins with - or /).
 */
export function dictationArguments(words: readonly string[], study: Dictated): string[] | undefined {
  const found: string[] = []
  for (const word of words) {
    const [, name = ''] = /^\{([A-Za-z]+)\}$/.exec(word) ?? []
    const value = isDictated(name) ? plain(name, study[name]) : word
    if (isDictated(name) && (value === '' || /^[-/@]/.test(value))) return undefined
    found.push(value)
  }
  return found
}

/** What stands in a study's file and how its name ends: the template says by how it begins that it is XML or JSON. */
export function dictationFile(template: string, study: Dictated): { content: string; extension: string } {
  const first = template.trimStart().charAt(0)
  if (first === '<') return { content: filled(template, study, xmlEscaped), extension: 'xml' }
  if (/^\s*(?:\{\s*["}]|\[\s*["[{\]])/.test(template)) {
    return { content: filled(template, study, value => JSON.stringify(value).slice(1, -1)), extension: 'json' }
  }
  return { content: filled(template, study, value => value), extension: 'txt' }
}

function xmlEscaped(value: string): string {
  const names: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;' }
  return value.replace(/[&<>"']/g, one => names[one] ?? one).replace(/[\ufffe\uffff]/g, '\ufffd')
}
