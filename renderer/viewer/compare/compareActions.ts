import { ChevronsLeftRight, CopyCheck, GalleryHorizontal, History, Link2 } from 'lucide-react'
import { LINK_MODES, nextLinkMode } from '../../../shared/viewing/compare/linking.ts'
import { t } from '../../i18n/index.ts'
import { announce } from '../../ui/index.ts'
import { type Action, act } from '../action.ts'
import type { Pane } from '../pane.ts'
import { activePane, useSession, visiblePanes } from '../session.ts'
import { comparisonOf, nextComparison } from './compareStore.ts'
import { giveWindow, linkByPosition, linkSaid, moveAlone, useLinks } from './links.ts'
import { togglePriors, usePriors } from './priorsStore.ts'
import { readRegistrations } from './registrations.ts'

/** What a wheel with Alt does: the pane alone; what follows it does so from there. */
export function scrollAlone(pane: Pane, delta: number): void {
  if (useSession.getState().linked) moveAlone(pane, delta, visiblePanes())
  else pane.step(delta)
}

function linkAs(mode: (typeof LINK_MODES)[number]): void {
  const pane = activePane()
  useSession.setState({ linked: mode !== 'off' })
  if (mode === 'off') useLinks.setState({ anchors: new Map() })
  else if (mode === 'position' && pane !== undefined) {
    linkByPosition(pane, visiblePanes())
    void readRegistrations()
  } else useLinks.setState({ mode, anchors: new Map() })
  announce(t('Panes: {{how}}', { how: linkSaid(mode) }))
}

/** From the patient's coordinates to part of the stack, and off. */
function nextLink(): void {
  const { mode } = useLinks.getState()
  linkAs(nextLinkMode(useSession.getState().linked ? mode : 'off'))
}

function sameWindow(source: Pane): void {
  const range = source.view().range ?? source.state.getState().range
  for (const pane of visiblePanes()) if (pane !== source) giveWindow(source, pane, range)
}

function toggle(what: 'views' | 'windows', pane: Pane | undefined): void {
  const on = !useLinks.getState()[what]
  useLinks.setState({ [what]: on })
  if (what === 'windows' && on && pane !== undefined) sameWindow(pane)
}

/** Priors, links between panes, and comparing in one picture: for the active pane. */
export function compareActions(pane: Pane | undefined): Action[] {
  const { mode, views, windows } = useLinks.getState()
  const { linked, layout } = useSession.getState()
  const several = layout.rows * layout.columns > 1
  const onPane = (run: (pane: Pane) => void) => () => {
    if (pane !== undefined) run(pane)
  }
  return [
    act('priors', { icon: History, run: togglePriors, pressed: usePriors.getState().listed }),
    act('link-mode', { icon: Link2, run: nextLink }),
    act('compare', {
      icon: ChevronsLeftRight,
      run: onPane(nextComparison),
      pressed: comparisonOf(pane) !== undefined,
    }),
    ...(several
      ? [
          ...LINK_MODES.map((one): Action => {
            const name = t('Panes {{how}}', { how: linkSaid(one) })
            return {
              id: `link-${one}`,
              name,
              keys: [],
              group: 'View',
              run: () => linkAs(one),
              pressed: one === (linked ? mode : 'off'),
            }
          }),
          {
            id: 'link-here',
            name: 'Panes show the same place now: link by position',
            keys: [],
            group: 'View' as const,
            icon: GalleryHorizontal,
            run: onPane(one => {
              useSession.setState({ linked: true })
              linkByPosition(one, visiblePanes(), true)
            }),
          },
          {
            id: 'link-views',
            name: 'Link zoom and pan',
            keys: [],
            group: 'View' as const,
            run: () => toggle('views', pane),
            pressed: views,
          },
          {
            id: 'link-windows',
            name: 'Link windows of the same modality',
            keys: [],
            group: 'Window' as const,
            run: () => toggle('windows', pane),
            pressed: windows,
          },
          {
            id: 'same-window',
            name: 'This window in all panes of the modality',
            keys: [],
            group: 'Window' as const,
            icon: CopyCheck,
            run: onPane(sameWindow),
          },
        ]
      : []),
  ]
}

// Linked again, by position: what is shown at that moment is one place.
useSession.subscribe((now, before) => {
  if (!now.linked || before.linked || useLinks.getState().mode !== 'position') return
  const pane = activePane()
  if (pane !== undefined && useLinks.getState().anchors.size === 0) linkByPosition(pane, visiblePanes())
})

// A toggle by the plain key lets go of the offset, too: it holds for the moment of linking.
useSession.subscribe((now, before) => {
  if (!now.linked && before.linked) useLinks.setState({ anchors: new Map() })
})

// Another study, another arrangement: nothing of one patient is said of the next.
useSession.subscribe((now, before) => {
  if (now.study?.StudyInstanceUID === before.study?.StudyInstanceUID) return
  useLinks.setState({ mode: 'place', anchors: new Map(), registrations: [] })
})
