const CURVED = /^(.*)#curved$/s

/** The display set of the straightened pictures of another one. */
export function curvedSetId(sourceSet: string): string {
  return `${sourceSet}#curved`
}

/** The display set that straightened pictures are of; undefined for any other. */
export function curvedSourceId(set: string): string | undefined {
  return CURVED.exec(set)?.[1]
}
