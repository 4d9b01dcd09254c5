#!/usr/bin/env bash
# What outpost's part of the database costs the pipeline's writers: events a second, each an INSERT and the UPDATE that
# marks it processed, two transactions. Each variant is a database of its own made by `outpost migrate`, then stripped;
# the rounds are interleaved, so that a noisy machine hits all alike. Prints a table of medians and of ratios to the bare
# table. It starts a PostgreSQL of its own, with fsync on, and removes it.
#
#   benches/writes.sh [--secs 3] [--rounds 5] [--rows 200000] [--clients "1 4 8"] [--sync "on off"] [--variants "bare …"]
#
# PG_BIN_DIR: where postgres and pgbench are. OUTPOST: the program to migrate with, instead of a fresh build.
set -euo pipefail
cd "$(dirname "$0")/.."

secs=3 rounds=5 rows=200000 clients='1 4 8' syncs='on off'
variants='bare indexes off told rollup trail on coalesce on_heard coalesce_heard'
while [ $# -gt 0 ]; do
  case $1 in
    --secs) secs=$2 ;; --rounds) rounds=$2 ;; --rows) rows=$2 ;; --clients) clients=$2 ;; --sync) syncs=$2 ;;
    --variants) variants=$2 ;;
    *) sed -n '2,/^set /s/^# \{0,1\}//p' "$0"; exit 2 ;;
  esac
  shift 2
done

bin=${PG_BIN_DIR:-$(pg_config --bindir)}
if [ -z "${OUTPOST:-}" ]; then
  cargo build --locked --quiet --bin outpost
  OUTPOST=${CARGO_TARGET_DIR:-target}/debug/outpost
fi
home=$(mktemp -d)
beside= # process ids of what runs beside the writers
as=()
if [ "$(id -u)" = 0 ]; then # PostgreSQL does not run as root
  account=$(id -un postgres 2>/dev/null || echo nobody)
  as=(setpriv --reuid="$(id -u "$account")" --regid="$(id -g "$account")" --clear-groups --)
  chown "$account" "$home"
fi
end() {
  [ -z "$beside" ] || kill $beside 2>/dev/null || true
  (cd "$home" && "${as[@]}" "$bin/pg_ctl" -D "$home/data" -m immediate stop) >/dev/null 2>&1 || true
  rm -rf "$home"
}
trap end EXIT
trap 'exit 130' INT TERM

# ---- the server

(cd "$home" && "${as[@]}" "$bin/initdb" -D "$home/data" -U postgres -A trust -E UTF8 --locale=C >/dev/null)
cat >>"$home/data/postgresql.conf" <<EOF
listen_addresses = ''
unix_socket_directories = '$home'
shared_buffers = 256MB
max_wal_size = 8GB
checkpoint_timeout = 1h
autovacuum = off # vacuumed between the rounds, for all alike
jit = off
EOF
(cd "$home" && "${as[@]}" "$bin/pg_ctl" -D "$home/data" -l "$home/log" -w start >/dev/null)
export PGHOST=$home PGUSER=postgres
sql() { "$bin/psql" -XqAt -v ON_ERROR_STOP=1 -d "$@"; }

# ---- the variants

# Thirty days of events before the first that is measured.
sql postgres -c 'CREATE DATABASE seeded'
DATABASE_URL="postgres://postgres@/seeded?host=$home" "$OUTPOST" migrate >/dev/null
sql seeded <<EOF
UPDATE outpost.settings SET value = 'off' WHERE name = 'notify';
INSERT INTO marketing.pipeline_events (event_type, payload, status, created_at, processed_at)
SELECT 'type_' || i % 20,
       jsonb_build_object('record_id', i, 'company_name', 'Company ' || i, 'website', 'https://company' || i || '.example',
                          'email', 'contact' || i || '@company.example', 'batch', md5(i::text), 'note', repeat('x', 120)),
       'processed', at, at + interval '3 s'
FROM (SELECT i, now() - interval '30 days' * (1 - i::float8 / $rows) AS at FROM generate_series(1, $rows) AS i) AS past;
DO \$\$ BEGIN WHILE marketing.rollup_tick() > interval '0' LOOP END LOOP; END \$\$;
UPDATE outpost.settings SET value = 'on' WHERE name = 'notify';
VACUUM ANALYZE;
EOF

# The triggers do all but the call of pg_notify: in its place is the cheapest function of two texts.
silent="DO \$\$ DECLARE f regprocedure; BEGIN
  FOR f IN SELECT oid FROM pg_proc WHERE pronamespace = 'marketing'::regnamespace AND proname ~ '^outpost_notify' LOOP
    EXECUTE replace(pg_get_functiondef(f), 'pg_notify(', 'textcat(');
  END LOOP; END \$\$"
strip() { # what is taken from the whole for variant $1
  local triggers="SELECT format('DROP TRIGGER %I ON %s;', tgname, tgrelid::regclass) FROM pg_trigger
    WHERE tgrelid = 'marketing.pipeline_events'::regclass AND NOT tgisinternal"
  local indexes="SELECT format('DROP INDEX %s;', indexrelid::regclass) FROM pg_index
    WHERE indrelid = 'marketing.pipeline_events'::regclass AND NOT indisprimary"
  case $1 in
    bare) sql bare -c "$triggers" -c "$indexes" | sql bare ;;
    indexes) sql indexes -c "$triggers" | sql indexes ;;
    told | rollup) sql "$1" -c "$silent" ;;
    trail)
      sql trail -c "$silent"
      DATABASE_URL="postgres://postgres@/trail?host=$home" "$OUTPOST" migrate --trail >/dev/null ;;
    off | on* | coalesce*) sql "$1" -c "UPDATE outpost.settings SET value = '${1%_heard}' WHERE name = 'notify'" ;;
    *) echo "no variant $1" >&2; return 2 ;;
  esac
}
says() {
  case $1 in
    bare) echo 'primary key alone' ;;
    indexes) echo '+ our indexes' ;;
    off) echo '+ our triggers, notify = off' ;;
    told) echo '+ our triggers, all but `pg_notify`' ;;
    rollup) echo '+ the roll-up job every 5 s' ;;
    trail) echo 'the index of `migrate --trail`, all but `pg_notify`' ;;
    on | coalesce) echo "all of it, notify = $1" ;;
    *_heard) echo "notify = ${1%_heard}, and a session that listens" ;;
  esac
}
for variant in $variants; do
  sql postgres -c "CREATE DATABASE \"$variant\" TEMPLATE seeded"
  strip "$variant"
done

cat >"$home/event.sql" <<'EOF'
\set type random(0, 19)
\set record random(1, 1000000)
INSERT INTO marketing.pipeline_events (event_type, payload) VALUES ('type_' || :type::int, jsonb_build_object('record_id', :record::int, 'company_name', 'Company ' || :record::int, 'website', 'https://company.example', 'email', 'contact@company.example', 'batch', 'c4ca4238a0b923820dcc509a6f75849b', 'note', repeat('x', 120))) RETURNING id \gset
UPDATE marketing.pipeline_events SET status = 'processed', processed_at = clock_timestamp() WHERE id = :id::bigint
EOF

printf 'LISTEN pipeline_event;\nSELECT 1 \\watch 0.1\n' >"$home/listen.sql"

# ---- the measuring

# A session that listens, as a console does; the schedule of the roll-up.
begin_beside() {
  case $1 in
    *_heard) "$bin/psql" -Xq -d "$1" -f "$home/listen.sql" >/dev/null 2>&1 & beside=$! ;;
    rollup)
      while :; do sql rollup -c 'SELECT marketing.rollup_tick()' >/dev/null 2>&1; sleep 5; done &
      beside=$! ;;
  esac
}
end_beside() {
  [ -n "$beside" ] || return 0
  kill $beside 2>/dev/null || true
  wait $beside 2>/dev/null || true
  beside=
}
for ((round = 1; round <= rounds; round++)); do
  for sync in $syncs; do
    for n in $clients; do
      for variant in $variants; do
        begin_beside "$variant"
        tps=$(PGOPTIONS="-c synchronous_commit=$sync" "$bin/pgbench" -n -M prepared -f "$home/event.sql" -c "$n" -j 2 \
          -T "$secs" "$variant" 2>"$home/pgbench.log" | sed -n 's/^tps = \([0-9.]*\) .*/\1/p')
        end_beside
        [ -n "$tps" ] || { cat "$home/pgbench.log" >&2; exit 1; }
        echo "$sync $variant $n $tps" >>"$home/measured"
      done
    done
  done
  for variant in $variants; do sql "$variant" -c 'VACUUM ANALYZE marketing.pipeline_events'; done
  sql postgres -c CHECKPOINT
  echo "round $round of $rounds" >&2
done

# ---- the table

median() { # of variant $2 with $3 clients and synchronous_commit $1
  awk -v s="$1" -v v="$2" -v n="$3" '$1 == s && $2 == v && $3 == n { print $4 }' "$home/measured" | sort -n |
    awk '{ a[NR] = $1 } END { print (a[int((NR + 1) / 2)] + a[int((NR + 2) / 2)]) / 2 }'
}
first=${variants%% *}
for sync in $syncs; do
  echo
  printf '| synchronous_commit = %s |' "$sync"
  for n in $clients; do printf ' %s client%s | ratio |' "$n" "$([ "$n" = 1 ] || echo s)"; done
  printf '\n|---|'
  for n in $clients; do printf -- '---:|---:|'; done
  echo
  for variant in $variants; do
    printf '| %s |' "$(says "$variant")"
    for n in $clients; do
      awk -v t="$(median "$sync" "$variant" "$n")" -v b="$(median "$sync" "$first" "$n")" 'BEGIN { printf " %.0f | %.2f |", t, t / b }'
    done
    echo
  done
done
