/** Small letters without accents: whoever types `menu` means Menü. ß is ss. */
export function folded(text: string): string {
  return text
    .normalize('NFD')
    .replaceAll(/\p{M}/gu, '')
    .toLowerCase()
    .replaceAll('ß', 'ss')
    .replaceAll(/[øœæ]/g, letter => ({ ø: 'o', œ: 'oe', æ: 'ae' })[letter] ?? letter)
}
