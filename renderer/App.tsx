import { type ComponentType, useCallback, useEffect, useState } from 'react'
import type { StudySummary } from '../shared/contract.ts'
import { Activity, followStation, replaceJob, StatusLine, useStation } from './activity/index.ts'
import { call } from './client.ts'
import { ImportDialog } from './importing/index.ts'
import { Worklist } from './worklist/index.ts'

/** The viewer's code is most of the program: fetched right after the worklist is painted, and kept. */
const viewerRoom = () => import('./viewer/index.ts')

/** Once it is here, opening a study waits for no promise. */
let loadedViewer: Awaited<ReturnType<typeof viewerRoom>> | undefined

type ViewerProps = { visible: boolean; onBack: () => void }

export function App() {
  const [room, setRoom] = useState<'worklist' | 'viewer'>('worklist')
  const [activity, setActivity] = useState(false)
  const [importing, setImporting] = useState(false)
  const [Viewer, setViewer] = useState<ComponentType<ViewerProps>>()
  const status = useStation(station => station.status)

  useEffect(followStation, [])
  useEffect(() => {
    const frame = requestAnimationFrame(async () => {
      const viewer = await viewerRoom()
      loadedViewer = viewer
      viewer.installProbe()
      setViewer(() => viewer.Viewer)
    })
    return () => cancelAnimationFrame(frame)
  }, [])
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      if (!(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return
      const action = { i: () => setImporting(true), j: () => setActivity(open => !open) }[event.key]
      if (action === undefined) return
      event.preventDefault()
      action()
    }
    window.addEventListener('keydown', listen)
    return () => window.removeEventListener('keydown', listen)
  }, [])

  const open = useCallback(async (study: StudySummary, startTime: number) => {
    const viewer = loadedViewer ?? (await viewerRoom())
    viewer.markOpen(startTime)
    setRoom('viewer')
    if (await viewer.openStudy(study.StudyInstanceUID)) viewer.markPainted()
  }, [])
  const preload = useCallback(async (StudyInstanceUID: string) => {
    const viewer = await viewerRoom()
    // Reading ahead is a favour: what fails here is asked again, and told, on opening.
    await viewer.preloadStudy(StudyInstanceUID).catch(() => {})
  }, [])
  const loadSamples = useCallback(async () => {
    setActivity(true)
    try {
      replaceJob(await call('samples.load', {}))
    } catch {
      // Refused or unreachable: Activity and the status line tell which.
    }
  }, [])
  const back = useCallback(() => setRoom('worklist'), [])
  const closeActivity = useCallback(() => setActivity(false), [])

  return (
    <>
      <Worklist
        visible={room === 'worklist'}
        status={status}
        onOpen={(study, startTime) => void open(study, startTime)}
        onPreload={uid => void preload(uid)}
        onImport={() => setImporting(true)}
        onSamples={() => void loadSamples()}
      />
      {Viewer !== undefined && <Viewer visible={room === 'viewer'} onBack={back} />}
      {activity && <Activity onClose={closeActivity} />}
      {importing && <ImportDialog onClose={() => setImporting(false)} />}
      <StatusLine onClick={() => setActivity(value => !value)} />
    </>
  )
}
