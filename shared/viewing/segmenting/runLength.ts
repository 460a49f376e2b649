/** Runs of equal labels: the label, then how many, seven bits a byte, lowest first. A hand-drawn slice of 512 × 512 takes 1 to 4 KB. */
export function encodeRuns(labels: Uint8Array): Uint8Array<ArrayBuffer> {
  let out = new Uint8Array(256)
  let at = 0
  for (let start = 0; start < labels.length; ) {
    const label = labels[start]!
    let end = start + 1
    while (end < labels.length && labels[end] === label) end++
    if (at + 6 > out.length) {
      const larger = new Uint8Array(out.length * 2)
      larger.set(out)
      out = larger
    }
    out[at++] = label
    let rest = end - start
    while (rest > 127) {
      out[at++] = (rest & 127) | 128
      rest >>>= 7
    }
    out[at++] = rest
    start = end
  }
  return out.slice(0, at)
}

/** Exactly `length` labels into `into`. Throws RangeError where the bytes say anything else. */
export function decodeRuns(runs: Uint8Array, length: number, into: Uint8Array = new Uint8Array(length)): Uint8Array {
  let filled = 0
  for (let at = 0; at < runs.length; ) {
    const label = runs[at++]!
    let count = 0
    for (let shift = 0; ; shift += 7) {
      const byte = runs[at++]
      if (byte === undefined || shift > 28) throw new RangeError('A run of labels ends too early.')
      count += (byte & 127) * 2 ** shift
      if (byte < 128) break
    }
    if (count > length - filled) throw new RangeError('There are more labels than the slice has pixels.')
    into.fill(label, filled, filled + count)
    filled += count
  }
  if (filled !== length) throw new RangeError('There are fewer labels than the slice has pixels.')
  return into
}
