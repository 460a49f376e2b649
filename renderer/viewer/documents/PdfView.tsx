import type { PDFDocumentProxy, PDFPageProxy } from 'pdfjs-dist'
import { useEffect, useRef, useState } from 'react'
import { readEncapsulated } from '../../../shared/viewing/documents/encapsulated.ts'
import { t } from '../../i18n/index.ts'
import type { ObjectAddress } from '../objects/readObject.ts'
import { openPdf } from './pdf.ts'
import { type Loaded, reading, useRead } from './useObject.ts'
import { Waiting } from './Waiting.tsx'

const read = reading(dataSet => readEncapsulated(dataSet)?.bytes ?? new Uint8Array())

const MARGIN = 16
/** CSS pixels: wider, a page of text is not read more easily. */
const WIDEST = 900
/** Device pixels of a page: beyond, canvases fail. */
const MOST_PIXELS = 32 * 2 ** 20
const MOST_PAGES = 2000

function useDocument(bytes: Uint8Array | undefined): Loaded<PDFDocumentProxy> {
  const [opened, setOpened] = useState<Loaded<PDFDocumentProxy>>({ state: 'reading' })
  useEffect(() => {
    if (bytes === undefined) return
    let current = true
    const opening = openPdf(bytes)
    opening
      .then(({ opened }) => opened)
      .then(
        value => current && setOpened({ state: 'here', value }),
        (thrown: unknown) => current && setOpened({ state: 'failed', words: whyNot(thrown) }),
      )
    return () => {
      current = false
      setOpened({ state: 'reading' })
      opening.then(({ close }) => close()).catch(() => {})
    }
  }, [bytes])
  return opened
}

function whyNot(thrown: unknown): string {
  if (!(thrown instanceof Error)) return t('It is no PDF document.')
  if (thrown.name === 'PasswordException')
    return t('It is protected by a password. Exported, it opens in a PDF program.')
  return t('It is no PDF document that can be read: {{why}}', { why: thrown.message })
}

/** A PDF document in place, page below page; only what is near the screen is drawn. */
export function PdfView({ address, zoom }: { address: ObjectAddress; zoom: number }) {
  const loaded = useRead(address, read)
  const opened = useDocument(loaded.state === 'here' ? loaded.value : undefined)
  const box = useRef<HTMLDivElement>(null)
  const [room, setRoom] = useState(0)
  useEffect(() => {
    const element = box.current
    if (element === null) return
    const observer = new ResizeObserver(() => setRoom(element.clientWidth))
    observer.observe(element)
    return () => observer.disconnect()
  }, [])
  const width = Math.round(Math.min(WIDEST, Math.max(100, room - 2 * MARGIN)) * zoom)
  const waiting = loaded.state === 'here' ? opened : loaded
  return (
    <div className="pdf" ref={box}>
      {waiting.state !== 'here' && <Waiting loaded={waiting} />}
      {opened.state === 'here' && room > 0 && <Pages pdf={opened.value} width={width} />}
    </div>
  )
}

function Pages({ pdf, width }: { pdf: PDFDocumentProxy; width: number }) {
  /** Height by width of the first page: what the others are taken for until they are near. */
  const [shape, setShape] = useState<number>()
  const [failed, setFailed] = useState<string>()
  useEffect(() => {
    let current = true
    setFailed(undefined)
    pdf.getPage(1).then(
      page => current && setShape(shapeOf(page)),
      (thrown: unknown) => current && setFailed(whyNot(thrown)),
    )
    return () => {
      current = false
    }
  }, [pdf])
  if (failed !== undefined) return <Waiting loaded={{ state: 'failed', words: failed }} />
  if (shape === undefined) return <Waiting loaded={{ state: 'reading' }} />
  return (
    <>
      {Array.from({ length: Math.min(MOST_PAGES, pdf.numPages) }, (_, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a page is its number.
        <Page key={index} pdf={pdf} number={index + 1} width={width} shape={shape} />
      ))}
      {pdf.numPages > MOST_PAGES && (
        <p className="attention">{t('The pages after {{number}} are not shown.', { number: MOST_PAGES })}</p>
      )}
    </>
  )
}

function shapeOf(page: PDFPageProxy): number {
  const { width, height } = page.getViewport({ scale: 1 })
  return height / width
}

function Page(props: { pdf: PDFDocumentProxy; number: number; width: number; shape: number }) {
  const { pdf, number, width, shape } = props
  const box = useRef<HTMLDivElement>(null)
  const [near, setNear] = useState(false)
  const [own, setOwn] = useState(shape)
  const [failed, setFailed] = useState(false)
  useEffect(() => {
    const element = box.current
    if (element === null) return
    const observer = new IntersectionObserver(([entry]) => setNear(entry?.isIntersecting ?? false), {
      rootMargin: '100%',
    })
    observer.observe(element)
    return () => observer.disconnect()
  }, [])
  useEffect(() => {
    const element = box.current
    if (element === null || !near) return
    let current = true
    let stop = () => {}
    // Another page, or the same one again: it may be drawn this time.
    setFailed(false)
    const show = async () => {
      const page = await pdf.getPage(number)
      if (!current) return
      setOwn(shapeOf(page))
      stop = await drawPage(page, element, width, () => current)
    }
    show().catch(() => current && setFailed(true))
    return () => {
      current = false
      stop()
      element.replaceChildren()
    }
  }, [pdf, number, width, near])
  return (
    <div className="pdf-page" style={{ width, height: Math.round(width * own) }} data-page={number}>
      <div ref={box} />
      {failed && <p>{t('Page {{number}} could not be drawn.', { number })}</p>}
    </div>
  )
}

/** Draws a page into `element`: its picture, and above it its text, which can be selected. Returns what stops it. */
async function drawPage(
  page: PDFPageProxy,
  element: HTMLElement,
  width: number,
  current: () => boolean,
): Promise<() => void> {
  const { TextLayer, RenderingCancelledException } = await import('pdfjs-dist')
  if (!current()) return () => {}
  const scale = width / page.getViewport({ scale: 1 }).width
  const viewport = page.getViewport({ scale })
  const ratio = Math.min(devicePixelRatio, Math.sqrt(MOST_PIXELS / (viewport.width * viewport.height)))
  const canvas = document.createElement('canvas')
  canvas.width = Math.round(viewport.width * ratio)
  canvas.height = Math.round(viewport.height * ratio)
  const container = document.createElement('div')
  container.className = 'pdf-text'
  container.style.setProperty('--total-scale-factor', String(scale))
  element.replaceChildren(canvas, container)
  const drawing = page.render({ canvas, viewport: page.getViewport({ scale: scale * ratio }) })
  const text = new TextLayer({ textContentSource: page.streamTextContent(), container, viewport })
  const cancelled = (thrown: unknown) => {
    if (current() && !(thrown instanceof RenderingCancelledException)) throw thrown
  }
  text.render().catch(() => {
    // The picture is what counts; without its text it cannot be selected.
  })
  const stop = () => {
    drawing.cancel()
    text.cancel()
  }
  if (!current()) stop()
  await drawing.promise.catch(cancelled)
  return stop
}
