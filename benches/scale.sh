#!/bin/sh
# What one refresh of every feed costs the database at 100 k, 1 M and 10 M events, on our schema (with the roll-ups of
# `outpost rollup`, and without) and on the shape most often met in the field, to which nothing is added. Starts a PostgreSQL of
# its own, which goes with it; needs Debian's postgresql (with pg_stat_statements) or another in PATH, some 20 GB below /tmp and,
# on two quiet cores, about half an hour: it loads all of them, then watches all of them for ten minutes.
#   benches/scale.sh                         all sizes, both shapes
#   benches/scale.sh ours 100000 1000000     one shape (ours or classic), these sizes
# How it measures: the head of benches/scale.rs. Loads: sql/bench/.
set -eu
cd "$(dirname "$0")/.."
echo "$(date -u +%F), $(nproc) cores, $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1), load $(cut -d' ' -f1 /proc/loadavg)"
# The time that counts is the server's: how fast our side was compiled does not matter.
exec cargo bench --quiet --locked --profile dev --bench scale -- "$@"
