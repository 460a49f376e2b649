/**
 * SQL, of a row of `draft`: it holds somebody's work (shared/viewing/draft.ts). How a study was looked at, which every opening leaves
 * behind, is none; of what this version cannot read that is not known.
 */
export const IS_WORK = `draft <> 'null'
  AND coalesce(json_array_length(draft, '$.marks'), 1) + coalesce(json_array_length(draft, '$.keyImages'), 1)
    + (SELECT count(*) FROM json_each(draft, '$.calibrations')) > 0`
