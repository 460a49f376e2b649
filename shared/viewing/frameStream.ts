import { z } from 'zod'

/**
 * The ordered frame stream, `POST /api/frames`: one request per window names the frames of all its series in the order
 * they are wanted; the answer is one body of records, in exactly that order:
 *   u32 tag | u32 status | u32 length | `length` bytes          (little endian)
 * `tag` is the client's own number for the frame. `status` 0: the bytes are the frame as its transfer syntax has it
 * (big endian swapped, deflated inflated, 1-bit frames byte-aligned). Any other status is an HTTP status and the bytes
 * are a UTF-8 sentence. Aborting the request is how an order is changed.
 */
export const frameOrderSchema = z.object({
  /** [contentId, frame (1-based), tag] */
  frames: z.array(z.tuple([z.int().positive(), z.int().positive(), z.int().min(0).max(0xffffffff)])).max(200_000),
})
export type FrameOrder = z.infer<typeof frameOrderSchema>

export const FRAME_HEADER_BYTES = 12

export interface FrameHeader {
  tag: number
  status: number
  length: number
}

export function writeFrameHeader(header: FrameHeader): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(FRAME_HEADER_BYTES)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, header.tag, true)
  view.setUint32(4, header.status, true)
  view.setUint32(8, header.length, true)
  return bytes
}

export function readFrameHeader(bytes: Uint8Array, offset = 0): FrameHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset, FRAME_HEADER_BYTES)
  return { tag: view.getUint32(0, true), status: view.getUint32(4, true), length: view.getUint32(8, true) }
}
