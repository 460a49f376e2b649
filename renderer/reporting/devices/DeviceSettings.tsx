import { useEffect } from 'react'
import { t } from '../../i18n/index.ts'
import { announceFailure } from '../../ui/index.ts'
import { allowDevice, hasDevices, listDevices, useDevices } from './devices.ts'

/** Which microphones and pedals may be used. */
export function DeviceSettings() {
  const { names } = useDevices()
  useEffect(() => void listDevices().catch(() => {}), [])
  if (!hasDevices())
    return <p className="quiet">{t('This browser has no access to dictation microphones or pedals.')}</p>
  return (
    <div>
      <button
        type="button"
        onClick={() => allowDevice().catch((thrown: unknown) => announceFailure('The device was not allowed.', thrown))}
      >
        {t('Allow a device…')}
      </button>{' '}
      <span className="quiet">
        {names.length > 0
          ? names.join(', ')
          : t(
              'SpeechMike or foot control: record hands the study over, forward and back walk fields, pedals page images. Nothing signs.',
            )}
      </span>
    </div>
  )
}
