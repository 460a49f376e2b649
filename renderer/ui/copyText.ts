/** Puts text on the clipboard. */
export async function copyText(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text)
  } catch {
    // The desktop shell denies every permission, the clipboard's too: the old way asks for none.
    copySelection(text)
  }
}

function copySelection(value: string): void {
  const area = document.createElement('textarea')
  area.value = value
  document.body.append(area)
  area.select()
  document.execCommand('copy')
  area.remove()
}
