/**
 * What is worth having when the panes have all they show, as stacks of images: the rest of the study that is open, then what comes
 * after it. One array until it changes: the loader knows by it what it was told before.
 */
let rest: string[][] = []
let after: string[][] = []
let all: string[][] = []

export function furtherStacks(): string[][] {
  return all
}

/** Another study is being opened. */
export function clearFurther(): void {
  rest = []
  after = []
  all = []
}

/** Returns whether it is other than it was. */
export function setRestOfStudy(stacks: string[][]): boolean {
  if (stacks.length === rest.length && stacks.every((imageIds, index) => imageIds === rest[index])) return false
  rest = stacks
  all = [...rest, ...after]
  return true
}

export function setAfterStudy(stacks: string[][]): void {
  after = stacks
  all = [...rest, ...after]
}
