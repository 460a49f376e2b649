// What Cornerstone's loggers are made of here: `log` of dcmjs, for which alone the page would carry all of dcmjs (485 KB). Warnings and
// errors go to the console, as there; a name is always the same logger, so that one can be silenced.
const loggers = new Map()
const nothing = () => {}

function getLogger(name) {
  if (!loggers.has(name)) {
    const logger = { trace: nothing, debug: nothing, log: nothing, info: nothing, getLogger }
    logger.warn = (...words) => console.warn(...words)
    logger.error = (...words) => console.error(...words)
    logger.setLevel = level => {
      if (level === 'silent') logger.warn = logger.error = nothing
    }
    loggers.set(name, logger)
  }
  return loggers.get(name)
}

export const log = getLogger('')
