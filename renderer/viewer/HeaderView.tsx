import { useVirtualizer } from '@tanstack/react-virtual'
import { useEffect, useMemo, useRef, useState } from 'react'
import type { HeaderElement } from '../../shared/contract.ts'
import { call } from '../client.ts'
import { t, whyOf } from '../i18n/index.ts'
import { CopyButton, Dialog, showControls } from '../ui/index.ts'
import { filterHeader, headerText, isPrivate } from './headerFilter.ts'
import { useSession } from './session.ts'

/** Every element of one image, searchable: what is left to look at when there is no picture. */
export function HeaderView({ contentId, title }: { contentId: number; title: string }) {
  const [elements, setElements] = useState<HeaderElement[]>()
  const [note, setNote] = useState('')
  const [search, setSearch] = useState('')
  const scroller = useRef<HTMLDivElement>(null)
  const field = useRef<HTMLInputElement>(null)
  useEffect(() => field.current?.focus(), [])
  useEffect(() => {
    const abort = new AbortController()
    call('instance.header', { contentId }, abort.signal)
      .then(header => {
        setElements(header.elements)
        setNote(header.truncated ? t('The header is longer than shown here.') : '')
      })
      .catch((thrown: unknown) => {
        if (!abort.signal.aborted) setNote(whyOf(thrown))
      })
    return () => abort.abort()
  }, [contentId])
  const found = useMemo(() => filterHeader(elements ?? [], search), [elements, search])
  const rows = useVirtualizer({
    count: found.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => 24,
    overscan: 20,
  })
  return (
    <Dialog title={title} className="header-view" onClose={() => useSession.setState({ header: undefined })}>
      <div className="header-actions">
        <input
          type="search"
          ref={field}
          placeholder={t('Search tag, keyword or value; private')}
          aria-label={t('Search the header')}
          value={search}
          onChange={event => setSearch(event.target.value)}
        />
        <CopyButton value={headerText(found)} name={t('what is listed')} />
      </div>
      <div className="header-table selectable" ref={scroller}>
        <div style={{ height: rows.getTotalSize(), position: 'relative' }}>
          {rows.getVirtualItems().map(item => {
            const element = found[item.index]!
            return (
              <div className="header-row" key={item.key} style={{ transform: `translateY(${item.start}px)` }}>
                <span className="id quiet">
                  ({element.tag.slice(0, 4)},{element.tag.slice(4)})
                </span>
                <span className="quiet">{element.vr}</span>
                <span className="truncate" style={{ paddingLeft: element.depth * 12 }}>
                  {element.keyword || (isPrivate(element) && <span className="quiet">{t('private')}</span>)}
                </span>
                <bdi dir="auto" className="truncate" title={element.value}>
                  {showControls(element.value)}
                </bdi>
              </div>
            )
          })}
        </div>
      </div>
      <div className="quiet">
        {note || (elements === undefined ? t('Reading…') : t('{{elements}} elements', { elements: found.length }))}
      </div>
    </Dialog>
  )
}
