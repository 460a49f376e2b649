import { create } from 'zustand'
import type { AssociationSummary, JobSummary, Problem, StationStatus } from '../../shared/contract.ts'
import { call, onStationEvent } from '../client.ts'

interface Station {
  status: StationStatus | undefined
  online: boolean
  jobs: JobSummary[]
  problems: Problem[]
  associations: AssociationSummary[]
}

/** What the station does, as every room's status line and Activity show it. */
export const useStation = create<Station>(() => ({
  status: undefined,
  online: true,
  jobs: [],
  problems: [],
  associations: [],
}))

/** Disk space and addresses change without an event. */
const POLL_MS = 10_000

async function readStatus(): Promise<void> {
  useStation.setState({ status: await call('station.status', {}), online: true })
}

/** Everything Activity lists. Unreachable is said by the status line, so a failure is not reported twice. */
export async function readActivity(): Promise<void> {
  const [{ jobs }, { problems }, { associations }] = await Promise.all([
    call('jobs.list', {}),
    call('problems.list', {}),
    call('associations.list', {}),
  ])
  useStation.setState({ jobs, problems, associations })
}

export function replaceJob(job: JobSummary): void {
  useStation.setState(({ jobs }) => ({
    jobs: jobs.some(one => one.id === job.id) ? jobs.map(one => (one.id === job.id ? job : one)) : [job, ...jobs],
  }))
}

export async function dismissProblem(id: string): Promise<void> {
  await call('problem.dismiss', { id })
  await Promise.all([readActivity(), readStatus()])
}

export async function cancelJob(id: string): Promise<void> {
  replaceJob(await call('job.cancel', { id }))
}

/** Follows the station. Returns what stops it. */
export function followStation(): () => void {
  const offline = () => useStation.setState({ online: false })
  let soon: ReturnType<typeof setTimeout> | undefined
  const again = () => {
    if (soon !== undefined) return
    soon = setTimeout(() => {
      soon = undefined
      Promise.all([readStatus(), readActivity()]).catch(offline)
    }, 300)
  }
  const stops = [
    onStationEvent('associations', ({ receiving }) => {
      useStation.setState(({ status }) => ({ status: status && { ...status, receiving } }))
      again()
    }),
    onStationEvent('job', replaceJob),
    onStationEvent('problem', again),
    onStationEvent('studies', again),
    onStationEvent('again', again),
    onStationEvent('connection', online => {
      useStation.setState({ online })
      if (online) again()
    }),
  ]
  again()
  const poll = setInterval(() => void readStatus().catch(offline), POLL_MS)
  return () => {
    for (const stop of stops) stop()
    clearInterval(poll)
    clearTimeout(soon)
  }
}
