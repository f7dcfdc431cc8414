#!/bin/sh
# Decisions per second, beside ts-fsrs 5.4.2 where node and its package can be had.
# usage: bench-schedule.sh BENCH-SCHEDULE
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$1" > "$work/ours"
printf '%-10s %12s %10s %8s\n' what decisions seconds ns
while read -r name n seconds ns; do
        printf '%-10s %12s %10s %8s\n' "$name" "$n" "$seconds" "$ns"
done < "$work/ours"

if ! command -v node > /dev/null || ! command -v npm > /dev/null; then
        echo "ts-fsrs: skipped, no node"
        exit 0
fi
if ! (cd "$work" && npm install --silent --no-audit --no-fund --ignore-scripts ts-fsrs@5.4.2) > "$work/log" 2>&1; then
        echo "ts-fsrs: skipped, its package cannot be had"
        exit 0
fi
cp "$here/bench-schedule.mjs" "$work/"
(cd "$work" && node bench-schedule.mjs) > "$work/theirs"
while read -r name n seconds ns; do
        printf '%-10s %12s %10s %8s\n' "$name" "$n" "$seconds" "$ns"
        ours=$(awk '$1 == "answer" { print $4 }' "$work/ours")
        awk -v a="$ours" -v b="$ns" 'BEGIN { printf "a decision costs 1/%.0f of the peer\047s\n", b / a }'
done < "$work/theirs"
