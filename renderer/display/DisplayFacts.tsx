import { t } from '../i18n/index.ts'
import { useDisplay } from './useDisplay.ts'

/** How large this display is and whether anything scales it. */
export function DisplayFacts() {
  const { width, height, ratio, colorDepth } = useDisplay()
  const percent = Number((ratio * 100).toFixed(1))
  const pixels = `${Math.round(width * ratio)} × ${Math.round(height * ratio)}`
  return (
    <div className="display-facts selectable" data-testid="display-facts">
      <span>
        {t('Display {{pixels}} pixels', { pixels })}
        {ratio !== 1 && t(' ({{width}} × {{height}} at {{percent}} %)', { width, height, percent })}
      </span>
      <span className={ratio === 1 ? undefined : 'attention'}>
        {ratio === 1
          ? t('Device pixel ratio 1: nothing scales.')
          : t(
              'Device pixel ratio {{ratio}}: the system, or the browser’s zoom, scales by {{percent}} %. Pictures are drawn in device pixels all the same.',
              { ratio: Number(ratio.toFixed(3)), percent },
            )}
      </span>
      <span className="quiet">{t('{{colorDepth}} bits a pixel; grey is shown with 8.', { colorDepth })}</span>
    </div>
  )
}
