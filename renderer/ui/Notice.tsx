import { inLanguage, t } from '../i18n/index.ts'
import { undoLast, useNotice } from './notices.ts'

/** What was just done, over the status line: nothing moves for it. */
export function Notice({ undoKey }: { undoKey: string | undefined }) {
  const notice = useNotice(state => state.notice)
  return (
    <div role="status" className={notice === undefined ? undefined : 'notice'}>
      {notice !== undefined && (
        <>
          <span className={notice.failure ? 'truncate failure' : 'truncate'} title={notice.text}>
            {notice.text}
          </span>
          {notice.offer !== undefined && (
            <button type="button" className="bare" onClick={notice.offer.run}>
              {inLanguage(notice.offer.name)}
            </button>
          )}
          {notice.undoable && (
            <button
              type="button"
              className="bare"
              title={undoKey === undefined ? t('Undo') : `${t('Undo')} (${undoKey})`}
              onClick={() => void undoLast()}
            >
              {t('Undo')}
            </button>
          )}
        </>
      )}
    </div>
  )
}
