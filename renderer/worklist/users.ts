let atThisWorkstation = 'this workstation'

/** Who runs the station, as its system calls them: what 'local' means to a reader elsewhere. */
export function nameUser(user: string | undefined): void {
  if (user !== undefined && user !== '') atThisWorkstation = user
}

export function shownUser(user: string): string {
  return user === 'local' ? atThisWorkstation : user
}
