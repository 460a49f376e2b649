import { type FileMeta, readFileMeta, startsAsProgram } from './part10.ts'

/** File Meta is some hundred bytes; private information may make it larger, to this. */
const MAX_META_BYTES = 1 << 20
/** With so much at hand nearly every File Meta has ended. */
const FIRST_BYTES = 64 * 1024

/** A Part-10 file as it passes: what stands before the data set, then the data set's bytes. */
export interface Part10Stream {
  meta: FileMeta
  /** Its preamble is that of a program (`startsAsProgram`). */
  isProgram: boolean
  /** To be read to its end, or given up, once. A chunk is valid until the next is asked for. */
  dataSet: AsyncGenerator<Uint8Array>
}

/**
 * Reads the File Meta from a file's chunks, which may use one buffer again and again. Null when this is not DICOM. At most 1 MiB
 * and a chunk are held. Rejects with whatever the chunks reject with.
 */
export async function openPart10(chunks: AsyncIterable<Uint8Array>): Promise<Part10Stream | null> {
  const iterator = chunks[Symbol.asyncIterator]()
  let next = await iterator.next()
  let head: Uint8Array = next.done ? new Uint8Array() : next.value
  // A meta that reaches far into what there is may have been cut: the data set may begin further on.
  const mayBeCut = () => {
    if (head.length < FIRST_BYTES) return true
    const end = readFileMeta(head)?.dataSetOffset ?? 0
    return end >= head.length / 2 && head.length < MAX_META_BYTES + FIRST_BYTES
  }
  while (!next.done && mayBeCut()) {
    // Copied before the next is asked for: the buffer may be the same one.
    const before = head.slice()
    next = await iterator.next()
    if (next.done) {
      head = before
      break
    }
    head = new Uint8Array(before.length + next.value.length)
    head.set(before)
    head.set(next.value, before.length)
  }
  const meta = readFileMeta(head)
  if (!meta) {
    await iterator.return?.()
    return null
  }
  const isProgram = startsAsProgram(head)
  const start = head.subarray(meta.dataSetOffset)
  return { meta, isProgram, dataSet: rest(start, iterator) }
}

async function* rest(start: Uint8Array, iterator: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    if (start.length > 0) yield start
    for (let next = await iterator.next(); !next.done; next = await iterator.next()) yield next.value
  } finally {
    await iterator.return?.()
  }
}
