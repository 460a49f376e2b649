import { cpus, loadavg, totalmem } from 'node:os'

/** The p-th percentile (0–100), nearest rank. */
export function percentile(values: number[], p: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil((p / 100) * sorted.length) - 1)] ?? Number.NaN
}

/** 'median 123 ms, p95 240 ms (n=30)' */
export function summary(values: number[]): string {
  return `median ${percentile(values, 50).toFixed(0)} ms, p95 ${percentile(values, 95).toFixed(0)} ms (n=${values.length})`
}

/** Said with every figure: where it was taken, and how much else was running there. */
export function machine(): string {
  return `${cpus().length} × ${cpus()[0]?.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GB, ${process.platform}, Node ${process.versions.node}, load ${loadavg()[0]?.toFixed(1)}`
}
