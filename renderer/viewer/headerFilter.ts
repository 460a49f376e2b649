import type { HeaderElement } from '../../shared/contract.ts'

/** Elements of odd groups are their maker's own (PS3.5 §7.8.1). */
export function isPrivate({ tag }: Pick<HeaderElement, 'tag'>): boolean {
  return Number.parseInt(tag.slice(3, 4), 16) % 2 === 1
}

/** As lines of text: tag, VR, keyword, value; items indented. */
export function headerText(elements: HeaderElement[]): string {
  return elements
    .map(({ tag, vr, keyword, depth, value }) =>
      `${'  '.repeat(depth)}(${tag.slice(0, 4)},${tag.slice(4)}) ${vr} ${keyword} ${value}`.trimEnd(),
    )
    .join('\n')
}

/** The elements that have every word in their tag (with or without comma), keyword or value; 'private' finds the private ones. */
export function filterHeader(elements: HeaderElement[], search: string): HeaderElement[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean)
  return elements.filter(element => {
    const { tag, keyword, value } = element
    const text =
      `${tag} (${tag.slice(0, 4)},${tag.slice(4)}) ${keyword} ${isPrivate(element) ? 'private' : ''} ${value}`.toLowerCase()
    return words.every(word => text.includes(word))
  })
}
