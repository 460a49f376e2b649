import type { Browser, CDPSession, Page } from 'playwright-core'

/** Where the bits of a slice's number stand on the page, CSS pixels. */
export interface NumberPlace {
  bits: Array<{ x: number; y: number }>
}

interface CastFrame {
  data: string
  /** Seconds. */
  timestamp: number
}

/** What was on the screen while `act` ran: each presented frame of the page, small. */
export async function screencast(page: Page, act: (client: CDPSession) => Promise<void>): Promise<CastFrame[]> {
  const client = await page.context().newCDPSession(page)
  const frames: CastFrame[] = []
  client.on('Page.screencastFrame', ({ data, sessionId, metadata }) => {
    frames.push({ data, timestamp: metadata.timestamp ?? 0 })
    void client.send('Page.screencastFrameAck', { sessionId })
  })
  await client.send('Page.startScreencast', { format: 'jpeg', quality: 50, maxWidth: 720, maxHeight: 720 })
  await act(client)
  await page.waitForTimeout(700)
  await client.send('Page.stopScreencast')
  await client.detach()
  return frames
}

/** Reads the number in the corner of every frame, in a page of its own after the race. */
export async function readNumbers(
  browser: Browser,
  frames: CastFrame[],
  place: NumberPlace,
  viewport: { width: number; height: number },
): Promise<Array<{ number: number; timestamp: number }>> {
  const page = await browser.newPage()
  const numbers: number[] = []
  for (let from = 0; from < frames.length; from += 50) {
    const part = frames.slice(from, from + 50).map(({ data }) => data)
    numbers.push(
      ...(await page.evaluate(
        async ({ part, bits, viewport }) => {
          const canvas = document.createElement('canvas')
          const context = canvas.getContext('2d', { willReadFrequently: true })!
          const found: number[] = []
          for (const data of part) {
            const bitmap = await createImageBitmap(await (await fetch(`data:image/jpeg;base64,${data}`)).blob())
            canvas.width = bitmap.width
            canvas.height = bitmap.height
            context.drawImage(bitmap, 0, 0)
            const [sx, sy] = [bitmap.width / viewport.width, bitmap.height / viewport.height]
            found.push(
              bits.reduce((number, { x, y }, bit) => {
                const [red = 0] = context.getImageData(Math.floor(x * sx), Math.floor(y * sy), 1, 1).data
                return number + (red > 127 ? 2 ** bit : 0)
              }, 0),
            )
          }
          return found
        },
        { part, bits: place.bits, viewport },
      )),
    )
  }
  await page.close()
  return frames.map(({ timestamp }, i) => ({ number: numbers[i] ?? -1, timestamp }))
}

/** Distinct slices a second from the first change to the last, and the 95th percentile between two of them. */
export function rate(seen: Array<{ number: number; timestamp: number }>): {
  perSecond: number
  p95Ms: number
  slices: number
} {
  const changes = seen.filter(({ number }, i) => i > 0 && number !== seen[i - 1]?.number)
  const distinct = new Set(changes.map(({ number }) => number)).size
  const gaps = changes.slice(1).map(({ timestamp }, i) => (timestamp - (changes[i]?.timestamp ?? timestamp)) * 1000)
  gaps.sort((a, b) => a - b)
  const seconds = (changes.at(-1)?.timestamp ?? 0) - (changes[0]?.timestamp ?? 0) || Number.NaN
  return {
    perSecond: (distinct - 1) / seconds,
    p95Ms: gaps[Math.max(0, Math.ceil(gaps.length * 0.95) - 1)] ?? Number.NaN,
    slices: distinct,
  }
}
