import { create } from 'zustand'
import type { Destination } from '../../shared/sync.ts'
import { call } from '../client.ts'
import { t, whyOf } from '../i18n/index.ts'
import { announce, announceFailure } from '../ui/index.ts'
import { type Draft, draftOf } from './draft.ts'

interface Destinations {
  /** Undefined until the station has said it. */
  destinations: Destination[] | undefined
  /** Of the nodes there are, for one that is reached by DIMSE. */
  nodes: string[]
  /** Why they could not be read; '' = they were. */
  trouble: string
  /** What stands in the form; `name`: the destination that is changed, undefined for a new one. */
  editing: { name: string | undefined; draft: Draft } | undefined
}

export const useDestinations = create<Destinations>(() => ({
  destinations: undefined,
  nodes: [],
  trouble: '',
  editing: undefined,
}))

export async function readDestinations(): Promise<void> {
  try {
    const [{ destinations }, { nodes }] = await Promise.all([call('destinations.list', {}), call('nodes.list', {})])
    useDestinations.setState({ destinations, nodes: nodes.map(({ name }) => name), trouble: '' })
  } catch (thrown) {
    useDestinations.setState({ trouble: whyOf(thrown) })
  }
}

export function edit(one: Destination | undefined): void {
  useDestinations.setState({ editing: { name: one?.name, draft: draftOf(one) } })
}

export function changeDraft(change: Partial<Draft>): void {
  const { editing } = useDestinations.getState()
  if (editing) useDestinations.setState({ editing: { ...editing, draft: { ...editing.draft, ...change } } })
}

/** Leaves the form; what was written in it can be had back. */
export function leaveForm(changed: boolean): void {
  const { editing } = useDestinations.getState()
  useDestinations.setState({ editing: undefined })
  if (changed) announce('Left as it was', async () => useDestinations.setState({ editing }))
}

async function keep(destinations: Destination[]): Promise<void> {
  await call('destinations.set', { destinations })
  await readDestinations()
}

/**
 * Keeps a change of the list as it is on the station now, and offers the way back. Rejects with what the station refuses, so that a
 * form can show it where it was written.
 */
async function change(words: string, changed: (all: Destination[]) => Destination[]): Promise<void> {
  const { destinations: before } = await call('destinations.list', {})
  await keep(changed(before))
  announce(words, () => keep(before))
}

/** `name`: the destination that is replaced; undefined for a new one. */
export const replaced = (all: Destination[], one: Destination, name: string | undefined): Destination[] =>
  name === undefined ? [...all, one] : all.map(other => (other.name === name ? one : other))

export async function saveDestination(one: Destination, name: string | undefined): Promise<void> {
  await change(`${one.name} ${name === undefined ? 'added' : 'changed'}`, all => replaced(all, one, name))
  useDestinations.setState({ editing: undefined })
}

export function removeDestination(name: string): void {
  change(t('{{name}} removed: nothing more is sent there', { name }), all =>
    all.filter(one => one.name !== name),
  ).catch((thrown: unknown) => announceFailure('The destination could not be removed.', thrown))
}

/** One that does not answer is an answer; so is a station that does not. */
export async function tryOut(one: Destination): Promise<{ works: boolean; words: string }> {
  try {
    return await call('destination.try', one)
  } catch (thrown) {
    return { works: false, words: whyOf(thrown) }
  }
}
