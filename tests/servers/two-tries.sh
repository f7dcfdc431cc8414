#!/bin/bash
# two-tries.sh TEST [ARGUMENT...]: a test on somebody else's program, which may stumble on a busy machine. When it fails it is run
# once more, and the first try is shown, so that it is known. Failing twice is a failure.
set -u
log=$(mktemp)
trap 'rm -f "$log"' EXIT
trap 'kill "$pid" 2>/dev/null' TERM INT

for try in first second; do
        "$@" >"$log" 2>&1 &
        pid=$!
        wait "$pid"
        status=$?
        [ "$status" = 0 ] || [ "$status" = 77 ] || [ "$try" = second ] || {
                sed -E 's/^/  first try: /; s/([0-9]+) passed, ([0-9]+) failed/\1 of its claims held, \2 did not/' "$log"
                continue
        }
        cat "$log"
        exit "$status"
done
