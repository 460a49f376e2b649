import type { LucideIcon } from 'lucide-react'
import { memo, useCallback, useDeferredValue, useEffect, useMemo, useRef, useState } from 'react'
import { flushSync } from 'react-dom'
import { inAllLanguages, inLanguage, t } from '../i18n/index.ts'
import { Dialog } from '../ui/index.ts'
import { keyWords } from './keyOf.ts'
import { found, searchable } from './paletteSearch.ts'
import { recentActions, rememberAction } from './recent.ts'

/** What can be found by its name. */
export interface PaletteItem {
  id: string
  /** As it is shown. */
  name: string
  /** Other names it is found by: the English one, where another is shown. */
  known?: readonly string[]
  group: string
  keys?: readonly string[]
  icon?: LucideIcon
  /** Why it cannot be done now: it is found, and says so. */
  disabled?: string | undefined
  run: () => void
}

const Line = memo(function Line(props: {
  item: PaletteItem
  place: string
  chosen: boolean
  onRun: (item: PaletteItem) => void
}) {
  const { item, place, chosen, onRun } = props
  const { name, group, icon: Icon, keys = [], disabled } = item
  return (
    <button
      type="button"
      className="bare"
      role="option"
      id={place}
      tabIndex={-1}
      aria-selected={chosen}
      aria-disabled={disabled !== undefined}
      onClick={() => onRun(item)}
    >
      <span className="palette-icon">{Icon !== undefined && <Icon aria-hidden />}</span>
      <span className="truncate">{name}</span>
      <span className="quiet">{disabled ?? inLanguage(group)}</span>
      <kbd className="quiet">{keys.map(keyWords).join(', ')}</kbd>
    </button>
  )
})

/** Every action, page and list by its name in any of the languages: type parts of it in any order, Enter does it. */
export function Palette(props: { items: readonly PaletteItem[]; onClose: () => void }) {
  const { items, onClose } = props
  const [search, setSearch] = useState('')
  const [chosen, setChosen] = useState(0)
  const [recent, setRecent] = useState<readonly string[]>([])
  const list = useRef<HTMLDivElement>(null)
  useEffect(() => {
    let closed = false
    void recentActions().then(known => !closed && setRecent(known))
    return () => {
      closed = true
    }
  }, [])
  const entries = useMemo(
    () =>
      items.map(item => ({
        id: item.id,
        disabled: item.disabled,
        item,
        search: searchable(
          [item.name, ...(item.known ?? [])],
          inAllLanguages(item.group),
          (item.keys ?? []).map(keyWords),
        ),
      })),
    [items],
  )
  const matches = useMemo(() => found(entries, search, recent), [entries, search, recent])
  // The letter stands in the field in the frame of its key, however long the list is.
  const shown = useDeferredValue(matches)
  const run = useCallback(
    (item: PaletteItem | undefined) => {
      if (item === undefined || item.disabled !== undefined) return
      // The focus is back where it was before anything takes it.
      flushSync(onClose)
      rememberAction(item.id)
      item.run()
    },
    [onClose],
  )
  // biome-ignore lint/correctness/useExhaustiveDependencies: the chosen line is kept in sight whenever it changes.
  useEffect(() => {
    list.current?.querySelector('[aria-selected=true]')?.scrollIntoView({ block: 'nearest' })
  }, [chosen, shown])
  return (
    <Dialog title={t('Find an action')} className="palette" onClose={onClose}>
      <input
        data-first-focus
        type="search"
        role="combobox"
        aria-expanded
        aria-autocomplete="list"
        aria-controls="palette-list"
        aria-activedescendant={matches.length === 0 ? undefined : `palette-${chosen}`}
        aria-label={t('Find an action')}
        placeholder={t('Action, settings page or list')}
        autoComplete="off"
        spellCheck={false}
        value={search}
        onChange={event => {
          setSearch(event.target.value)
          setChosen(0)
        }}
        onKeyDown={event => {
          if (event.nativeEvent.isComposing) return
          const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 }[event.key]
          if (step !== undefined) {
            event.preventDefault()
            setChosen(Math.max(0, Math.min(matches.length - 1, chosen + step)))
          }
          if (event.key === 'Enter') run(matches[chosen]?.item)
        }}
      />
      <div className="palette-list" id="palette-list" role="listbox" aria-label={t('Actions')} ref={list}>
        {shown.map(({ item }, index) => (
          <Line key={item.id} item={item} place={`palette-${index}`} chosen={index === chosen} onRun={run} />
        ))}
      </div>
      <div className="quiet" role="status">
        {matches.length === 0 ? t('Nothing has this name.') : ''}
      </div>
    </Dialog>
  )
}
