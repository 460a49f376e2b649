#!/bin/sh
# A backup of the archive: the index first, then the files that are not there yet. Files are never written twice, so the files
# of a later moment hold all that an earlier index speaks of, but for what was deleted in between.
#   PGHOST PGPORT PGUSER PGPASSWORD PGDATABASE   the index
#   STORAGE   the engine's files     BACKUP   where the backup goes: another disk, better another building
#   KEEP      how many copies of the index are kept (14)
set -eu
umask 077
mkdir -p "$BACKUP/index" "$BACKUP/storage"
name="$BACKUP/index/$(date -u +%Y%m%dT%H%M%SZ).dump"
pg_dump --format=custom --no-owner --file="$name.part"
# A copy that cannot be read is none.
pg_restore --list "$name.part" > /dev/null
sync "$name.part"
mv "$name.part" "$name"
cd "$STORAGE"
find . -type d | while read -r folder; do mkdir -p "$BACKUP/storage/$folder"; done
find . -type f | while read -r file; do
  [ -e "$BACKUP/storage/$file" ] && continue
  # One that was deleted meanwhile is no failure.
  cp -p "$file" "$BACKUP/storage/$file.part" 2> /dev/null || { [ ! -e "$file" ] || exit 1; continue; }
  sync "$BACKUP/storage/$file.part"
  mv "$BACKUP/storage/$file.part" "$BACKUP/storage/$file"
done
ls -1 "$BACKUP/index"/*.dump | sort -r | tail -n +"$((${KEEP:-14} + 1))" | while read -r old; do rm -f "$old"; done
date -u +%s > "$BACKUP/last-good"
