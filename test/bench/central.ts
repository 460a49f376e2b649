/**
 * `npm run bench -- central [--smoke]`: the kits for the central server as they are deployed, less the containers: CT images by
 * STOW-RS through the proxy, ten a post and four posts at once, into one study and into studies of ten, and read back one by one.
 * What is counted is what the answers' bodies name, and every image is compared byte for byte.
 */
import { randomUUID } from 'node:crypto'
import { parseArgs } from 'node:util'
import { type Kit, startKit, storedIn, stow } from '../central/kit.ts'
import { dataSetBytes, part10, smallCT } from '../fixtures/oddFiles.ts'
import { machine } from './figures.ts'

const { values: options } = parseArgs({ options: { smoke: { type: 'boolean', default: false } } })
const IMAGES = options.smoke ? 20 : 200
const A_POST = 10
const POSTS = 4
const READERS = 8
const PIXELS = Uint16Array.from({ length: 512 * 512 }, (_, i) => (i * 37) % 4096)

const uid = () => `2.25.${BigInt(`0x${randomUUID().replaceAll('-', '')}`)}`

interface Image {
  place: string
  dataSet: Buffer
  file: Uint8Array
}

/** 512 × 512: half a megabyte. */
function image(StudyInstanceUID: string, SeriesInstanceUID: string): Image {
  const SOPInstanceUID = uid()
  const dataSet = dataSetBytes(
    smallCT({
      StudyInstanceUID,
      SeriesInstanceUID,
      SOPInstanceUID,
      Rows: 512,
      Columns: 512,
      PixelData: PIXELS,
    }),
  )
  const place = `/dicom-web/studies/${StudyInstanceUID}/series/${SeriesInstanceUID}/instances/${SOPInstanceUID}`
  return { place, dataSet: Buffer.from(dataSet), file: part10(dataSet) }
}

/** Images of studies of so many each. */
function images(inStudy: number): Image[] {
  let study = ''
  let series = ''
  return Array.from({ length: IMAGES }, (_, i) => {
    if (i % inStudy === 0) [study, series] = [uid(), uid()]
    return image(study, series)
  })
}

/** Every item by one of so many workers; items a second. */
async function rate<T>(items: T[], workers: number, each: (item: T) => Promise<unknown>): Promise<number> {
  const began = performance.now()
  const next = items.values()
  await Promise.all(
    Array.from({ length: workers }, async () => {
      for (const item of next) await each(item)
    }),
  )
  return (items.length * 1000) / (performance.now() - began)
}

async function measure(kit: Kit, inStudy: number): Promise<string> {
  const all = images(inStudy)
  const posts = Array.from({ length: IMAGES / A_POST }, (_, i) => all.slice(i * A_POST, (i + 1) * A_POST))
  let stored = 0
  let again = 0
  const posted = await rate(posts, POSTS, async post => {
    const files = post.map(({ file }) => file)
    let answer = await stow(kit, files)
    // What the index lost to itself comes as 4xx or 5xx: a station looks and sends again.
    for (; answer.status !== 200 || storedIn(answer) < files.length; again++) {
      if (again === 200) throw new Error(`posts are not taken: ${answer.status} ${answer.body}`)
      answer = await stow(kit, files)
    }
    stored += storedIn(answer)
  })
  const read = await rate(all, READERS, async ({ place, dataSet }) => {
    const { status, body } = await kit.ask(place, {
      headers: { accept: 'multipart/related; type="application/dicom"' },
    })
    if (status !== 200 || !body.includes(dataSet)) throw new Error(`an image is not as it was sent: ${status}`)
  })
  if (stored !== IMAGES) throw new Error(`${stored} of ${IMAGES} stored`)
  return `${(posted * A_POST).toFixed(0)} images/s in (${again} posts again), ${read.toFixed(0)} images/s out`
}

console.log(`central: ${IMAGES} CT images of 0.5 MB each, ${machine()}`)
for (const kind of ['single', 'many'] as const) {
  const kit = await startKit(kind)
  try {
    console.log(`  ${kind}, studies of ten: ${await measure(kit, A_POST)}`)
    console.log(`  ${kind}, one study: ${await measure(kit, IMAGES)}`)
  } finally {
    await kit.close()
  }
}
