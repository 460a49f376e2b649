/** AE titles as they are written behind one another: a blank may stand inside of one (PS3.5 §6.2, VR AE). */
export function titlesIn(text: string): string[] {
  return text
    .split(/[,;\n]/)
    .map(title => title.trim())
    .filter(Boolean)
}

/** What has no blank inside: IP addresses, fingerprints. */
export function wordsIn(text: string): string[] {
  return text.split(/[\s,;]+/).filter(Boolean)
}
