import { create } from 'zustand'
import { call, onStationEvent } from '../client.ts'
import { type ReportCounter, ReportKeeper } from './reportKeeper.ts'

/** Chromium lets requests that outlive their page carry 64 KiB in all; letters of four bytes among them. */
const KEEPALIVE_CHARACTERS = 12_000

/** Whether the report stands beside the images. */
export const useReportPane = create<{ open: boolean }>(() => ({ open: false }))

const keepers = new Map<string, ReportKeeper>()
let channel: BroadcastChannel | undefined

const counter: ReportCounter = {
  get: async StudyInstanceUID => (await call('report.get', { StudyInstanceUID })).versions,
  put: async (StudyInstanceUID, version, rev, content) => {
    const outlivesPage = JSON.stringify(content).length <= KEEPALIVE_CHARACTERS
    return (await call('report.put', { StudyInstanceUID, version, rev, content }, undefined, outlivesPage)).rev
  },
  tell: StudyInstanceUID => channel?.postMessage(StudyInstanceUID),
}

function listen(): void {
  if (channel !== undefined) return
  channel = new BroadcastChannel('isocenter-reports')
  channel.onmessage = ({ data }) => void keepers.get(String(data))?.read()
  onStationEvent('connection', online => {
    if (online) for (const keeper of keepers.values()) keeper.retry()
  })
  window.addEventListener('pagehide', () => {
    for (const keeper of keepers.values()) keeper.flush()
  })
}

const shown = new Set<ReportKeeper>()

/** A report is on the screen: it hears of what other windows do with it. Returns what ends it; what is not kept yet is kept then. */
export function showReport(keeper: ReportKeeper): () => void {
  shown.add(keeper)
  // Somebody at another machine may have gone on with it since it was last open here.
  void keeper.read()
  return () => {
    shown.delete(keeper)
    keeper.flush()
  }
}

/** The report of a study in this window; read from the station when it is first asked for. */
export function reportOf(StudyInstanceUID: string): ReportKeeper {
  listen()
  let keeper = keepers.get(StudyInstanceUID)
  if (keeper === undefined) {
    // A working day's worth of reports stays in nobody's memory.
    for (const [study, other] of keepers) if (other.isIdle && !shown.has(other)) keepers.delete(study)
    keeper = new ReportKeeper(StudyInstanceUID, counter)
    keepers.set(StudyInstanceUID, keeper)
    void keeper.read()
  }
  return keeper
}
