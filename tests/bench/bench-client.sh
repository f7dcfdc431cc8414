#!/bin/bash
# bench-client.sh EBB EBBD: size of the client, and how long `ebb due` takes end to end with a warm daemon. The bar: 150 KB
# stripped, 10 ms.
set -euo pipefail
export EBB=$1 EBBD=$2

if [ -z "${EBB_BENCH_BUS:-}" ]; then
        EBB_BENCH_BUS=1 exec dbus-run-session -- "$0" "$@" 2> >(grep -v 'fd limit' >&2)
fi
work=$(mktemp -d)
export HOME=$work XDG_RUNTIME_DIR=$work
daemon=''
trap '[ -z "$daemon" ] || kill "$daemon"; rm -rf "$work"' EXIT

strip -o "$work/ebb" "$EBB"
printf 'client, stripped             %8d bytes\n' "$(stat -c %s "$work/ebb")"

"$EBBD" >"$work/log" 2>&1 &
daemon=$!
for _ in $(seq 250); do
        "$work/ebb" version >/dev/null 2>&1 && break
        sleep 0.02
done
for i in $(seq 200); do
        echo "front $i :: back $i"
done | "$work/ebb" add - >/dev/null

measure() { # LABEL ARGUMENT...
        local label=$1 begin end
        shift
        for _ in $(seq 100); do
                begin=${EPOCHREALTIME/./}
                "$work/ebb" "$@" >/dev/null || true
                end=${EPOCHREALTIME/./}
                echo $((end - begin))
        done | sort -n | awk -v label="$label" '{ t[NR] = $1 } END {
                printf "%-28s %8.2f ms median, %.2f ms at most\n", label, t[int((NR + 1) / 2)] / 1000, t[NR] / 1000 }'
}
measure 'ebb due' due
measure 'ebb status --waybar' status --waybar
measure 'ebb list, 200 cards' list
measure 'ebb help, no daemon asked' help
