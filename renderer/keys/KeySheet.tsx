import { Dialog } from '../ui/index.ts'
import { ACTIONS, type ActionRoom, GROUPS } from './actionTable.ts'
import { keyWords } from './keyOf.ts'
import { useKeys } from './keysStore.ts'

/** What no table of keys can change: the hand's own ways through a room. */
const HAND: Record<Exclude<ActionRoom, 'everywhere'>, { title: string; lines: Array<[hand: string, what: string]> }> = {
  viewer: {
    title: 'Mouse',
    lines: [
      ['Left drag', 'the tool in hand'],
      ['Right drag', 'window/level: right = wider, down = higher; Shift = finer'],
      ['Right click', 'menu'],
      ['Middle drag', 'pan'],
      ['Ctrl+drag, Ctrl+wheel', 'zoom about the pointer'],
      ['Wheel', 'one image; Shift = ten'],
      ['Alt+wheel', 'this pane alone: linked from there, by position'],
      ['Shift+click', 'the others to the slice through this point'],
      ['Double click', 'one-up, and back'],
      ['Pointer by keys', 'arrows move it (Shift: finely, Ctrl: far), Enter clicks, Shift+Enter holds and lets go'],
    ],
  },
  worklist: {
    title: 'In the list',
    lines: [
      ['↑ ↓ PgUp PgDn Home End', 'from study to study'],
      ['Letters, digits', 'search'],
      ['Right click, Menu key', 'menu of the study, of a column, of a list'],
      ['← →', 'on a column’s head: the next head'],
      ['Shift+← →', 'on a column’s head: its width'],
      ['Ctrl+← →', 'on a column’s head: its place'],
      ['Tab, Shift+Tab', 'from control to control'],
    ],
  },
}

/** The keys that hold now. `names`: what the viewer can do at this moment, by its name there. */
export function KeySheet(props: {
  room: 'worklist' | 'viewer'
  names?: ReadonlyMap<string, string> | undefined
  onSettings: () => void
  onClose: () => void
}) {
  const { room, names, onSettings, onClose } = props
  const keymap = useKeys(keys => keys.keymap)
  const lines = ACTIONS.filter(row => row.room === room || row.room === 'everywhere')
    .filter(row => row.room === 'everywhere' || names === undefined || names.has(row.id))
    .map(row => ({ ...row, name: names?.get(row.id) ?? row.name, keys: keymap.get(row.id) ?? [] }))
    .filter(row => row.keys.length > 0)
  const groups = GROUPS.filter(group => lines.some(line => line.group === group))
  const hand = HAND[room]
  return (
    <Dialog
      title="Keys and mouse"
      className="key-sheet"
      onClose={onClose}
      foot={
        <button type="button" onClick={onSettings} title="Other keys, and the sets of other viewers">
          Change keys…
        </button>
      }
    >
      <div className="key-scroller">
        <div className="key-columns">
          {[...groups.filter(group => group !== 'Everywhere'), 'Everywhere'].map(group => (
            <section key={group}>
              <h2 className="quiet">{group}</h2>
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
            <h2 className="quiet">{hand.title}</h2>
            {hand.lines.map(([press, what]) => (
              <div className="key-line" key={press}>
                <span>{what}</span>
                <kbd>{press}</kbd>
              </div>
            ))}
          </section>
        </div>
      </div>
    </Dialog>
  )
}
