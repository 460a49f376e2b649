/** Saves what is at an address as a file of that name. */
export function save(address: string, name: string): void {
  const link = document.createElement('a')
  link.href = address
  link.download = name
  link.click()
}

export function saveText(json: string, name: string): void {
  const address = URL.createObjectURL(new Blob([json], { type: 'application/json' }))
  save(address, name)
  // The desktop shell asks for a place first: freed at once, there would be nothing to save.
  setTimeout(() => URL.revokeObjectURL(address), 10 * 60_000)
}
