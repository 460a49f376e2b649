import { IsocenterError } from '../../../shared/errors.ts'
import type { Received, ReceiveStart, Store } from '../store/index.ts'

/**
 * One object through the one way in. `chunks` may re-use their buffer: each is done with before the next is asked for.
 * Rejects with the store's IsocenterError, or 'cancelled'; then nothing was left behind.
 */
export async function takeIn(
  store: Pick<Store, 'beginReceive'>,
  start: ReceiveStart,
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  signal: AbortSignal,
): Promise<Received> {
  const receive = store.beginReceive(start)
  try {
    for await (const chunk of chunks) {
      if (signal.aborted) throw new IsocenterError('cancelled')
      await receive.write(chunk)
    }
    if (signal.aborted) throw new IsocenterError('cancelled')
  } catch (error) {
    await receive.abort()
    throw error
  }
  return receive.commit()
}
