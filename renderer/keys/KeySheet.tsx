import { msg, t } from '../i18n/index.ts'
import { Dialog } from '../ui/index.ts'
import { ACTIONS, type ActionRoom, GROUPS } from './actionTable.ts'
import { keyWords } from './keyOf.ts'
import { useKeys, useTitle } from './keysStore.ts'

/** What no table of keys can change: the hand's own ways through a room. */
const HAND: Record<Exclude<ActionRoom, 'everywhere'>, { title: string; lines: Array<[hand: string, what: string]> }> = {
  viewer: {
    title: msg('Mouse'),
    lines: [
      [msg('Left drag'), msg('the tool in hand')],
      [msg('Right drag'), msg('window/level: right = wider, down = higher; Shift = finer')],
      [msg('Right click'), msg('menu')],
      [msg('Middle drag'), msg('pan')],
      [msg('Ctrl+drag, Ctrl+wheel'), msg('zoom about the pointer')],
      [msg('Wheel'), msg('one image; Shift = ten')],
      [msg('Alt+wheel'), msg('this pane alone: linked from there, by position')],
      [msg('Shift+click'), msg('the others to the slice through this point')],
      [msg('Double click'), msg('one-up, and back')],
      [
        msg('Pointer by keys'),
        msg('arrows move it (Shift: finely, Ctrl: far), Enter clicks, Shift+Enter holds and lets go'),
      ],
    ],
  },
  worklist: {
    title: msg('In the list'),
    lines: [
      [msg('↑ ↓ PgUp PgDn Home End'), msg('from study to study')],
      [msg('Letters, digits'), msg('search')],
      [msg('Right click, Menu key'), msg('menu of the study, of a column, of a list')],
      [msg('← →'), msg('on a column’s head: the next head')],
      [msg('Shift+← →'), msg('on a column’s head: its width')],
      [msg('Ctrl+← →'), msg('on a column’s head: its place')],
      [msg('Tab, Shift+Tab'), msg('from control to control')],
    ],
  },
}

/** The keys that hold now. `names`: what the viewer can do at this moment, by its name there. */
export function KeySheet(props: {
  room: 'worklist' | 'viewer'
  names?: ReadonlyMap<string, string> | undefined
  onSettings: () => void
  onHelp: () => void
  onClose: () => void
}) {
  const { room, names, onSettings, onHelp, onClose } = props
  const keymap = useKeys(keys => keys.keymap)
  const helpTitle = useTitle(t('What to do, and what to trust'), 'help')
  const lines = ACTIONS.filter(row => row.room === room || row.room === 'everywhere')
    .filter(row => row.room === 'everywhere' || names === undefined || names.has(row.id))
    .map(row => ({ ...row, name: names?.get(row.id) ?? t(row.name), keys: keymap.get(row.id) ?? [] }))
    .filter(row => row.keys.length > 0)
  const groups = GROUPS.filter(group => lines.some(line => line.group === group))
  const hand = HAND[room]
  return (
    <Dialog
      title={t('Keys and mouse')}
      className="key-sheet"
      onClose={onClose}
      foot={
        <>
          <button type="button" onClick={onHelp} title={helpTitle}>
            {t('Help')}
          </button>
          <button type="button" onClick={onSettings} title={t('Other keys, and the sets of other viewers')}>
            {t('Change keys…')}
          </button>
        </>
      }
    >
      <div className="key-scroller">
        <div className="key-columns">
          {[...groups.filter(group => group !== 'Everywhere'), 'Everywhere'].map(group => (
            <section key={group}>
              <h2 className="quiet">{t(group)}</h2>
              {lines
                .filter(line => line.group === group)
                .map(line => (
                  <div className="key-line" key={line.id}>
                    <span className="truncate">{line.name}</span>
                    <kbd>{line.keys.map(keyWords).join(', ')}</kbd>
                  </div>
                ))}
            </section>
          ))}
          <section>
            <h2 className="quiet">{t(hand.title)}</h2>
            {hand.lines.map(([press, what]) => (
              <div className="key-line" key={press}>
                <span>{t(what)}</span>
                <kbd>{t(press)}</kbd>
              </div>
            ))}
          </section>
        </div>
      </div>
    </Dialog>
  )
}
