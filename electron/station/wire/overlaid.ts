import { encodingOf } from '../../../shared/dicom/encoding.ts'
import { headerOf } from '../../../shared/dicom/headerOf.ts'
import { spliceHeader } from '../../../shared/dicom/splice.ts'
import type { DataSource } from './framing.ts'

/** What is put in place of the received values, by keyword, and since when (epoch ms). */
export interface Overlay {
  at: number
  values: Record<string, string>
}

/**
 * A data set as it is shown: of what was moved, its patient's and study's values are put in place of the received ones, everything
 * else follows as it is. `source` is not deflated.
 */
export async function overlaid(
  source: DataSource,
  TransferSyntaxUID: string,
  { values, at }: Overlay,
): Promise<DataSource> {
  const dataSet = await headerOf(source.length, encodingOf(TransferSyntaxUID), async length => {
    const bytes = Buffer.alloc(length)
    await source.read([bytes], 0)
    return bytes
  })
  const { head, rest } = spliceHeader(dataSet, values, at)
  return {
    length: head.length + source.length - rest,
    async read(targets, from) {
      const left = [...targets]
      let position = from
      while (left[0] && position < head.length) {
        const part = head.subarray(position, position + left[0].length)
        left[0].set(part)
        position += part.length
        if (part.length === left[0].length) left.shift()
        else left[0] = left[0].subarray(part.length)
      }
      if (left.length > 0) await source.read(left, position - head.length + rest)
    },
  }
}
