import type { AuditSink } from '../../shared/audit.ts'

/** For tests that are about something else. */
export const silentAudit: AuditSink = {
  record: async () => {},
  recordOnce() {},
  gather() {},
  finish() {},
}
