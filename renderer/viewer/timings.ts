/** `isocenter:open` is the key or click that opened a study, `isocenter:painted` its first presented image (performance marks). */
export const timings: { open: number | undefined; painted: number | undefined } = {
  open: undefined,
  painted: undefined,
}

export function markOpen(startTime: number): void {
  performance.clearMarks('isocenter:open')
  performance.clearMarks('isocenter:painted')
  performance.mark('isocenter:open', { startTime })
  timings.open = startTime
  timings.painted = undefined
}

/** Call when the canvas holds the image: the mark is set in the frame that presents it. */
export function markPainted(): void {
  requestAnimationFrame(() => {
    timings.painted = performance.mark('isocenter:painted').startTime
  })
}
