import type { HeaderElement } from '../../shared/contract.ts'

/** The elements that have every word in their tag (with or without comma), keyword or value. */
export function filterHeader(elements: HeaderElement[], search: string): HeaderElement[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean)
  return elements.filter(({ tag, keyword, value }) => {
    const text = `${tag} (${tag.slice(0, 4)},${tag.slice(4)}) ${keyword} ${value}`.toLowerCase()
    return words.every(word => text.includes(word))
  })
}
