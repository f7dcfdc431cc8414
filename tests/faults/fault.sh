#!/bin/bash
# What a store must survive, done to a program that grades without end.
#
#   fault.sh kill|full|readonly|inject|cut ROUNDS WRITER FAULTIO_SO FSDOWN
#
# WRITER FILE [MAX]         makes changes, prints the number of each one (1, 2, ...) once it is
#                           acknowledged, goes on from what is there; ends with 0 after MAX, else with
#                           the error on stderr and a status that is not 0
# WRITER FILE check LAST    0 when the file is whole and the changes 1..LAST are in it
#
#   kill      kill -9 at any moment
#   full      a full disk; then room again
#   readonly  a file system that cannot be written
#   inject    single calls that fail (FAULTIO_SO)
#   cut       a power cut: ext4 on a loop device, shut down under the program (root)
set -euo pipefail
what=$1 rounds=$2 writer=$(realpath "$3") faultio=$(realpath "$4") fsdown=$(realpath "$5")

if [ "$what" != kill ] && [ "$what" != inject ] && [ "${FAULT_INNER:-}" != 1 ]; then
        [ "$(id -u)" = 0 ] || {
                echo "skip $what: mounting needs root"
                exit 77
        }
        unshare --mount true 2>/dev/null || {
                echo "skip $what: mount namespaces are not allowed here"
                exit 77
        }
        # Mounts are seen by nobody else and end with this process; so do the loop devices.
        FAULT_INNER=1 exec unshare --mount --propagation private bash "$0" "$@"
fi

W=$(mktemp -d)
trap 'umount -R "$W"/mnt 2>/dev/null || true; rm -rf "$W"' EXIT
mkdir "$W/mnt" "$W/d"
passed=0 failed=0

result() { # CLAIM STATUS DETAIL
        if [ "$2" = 0 ]; then
                passed=$((passed + 1))
                echo "ok $1 ($3)"
        else
                failed=$((failed + 1))
                echo "  $3"
                echo "FAIL $1"
        fi
}

acknowledged() { # of the last run, or what was there before it
        local n
        n=$(grep -xE '[0-9]+' "$W/ack" | tail -1) || n=
        echo "${n:-$1}"
}

# Runs the writer in the background; sets PID.
begin() { # FILE
        : >"$W/ack"
        "$writer" "$1" >"$W/ack" 2>"$W/err" &
        PID=$!
}

end() {
        kill -9 "$PID" 2>/dev/null || true
        wait "$PID" 2>/dev/null || true
}

check() { # FILE LAST -> sets SAID
        # Killed while it was being made, a store has nothing to lose yet; the next start makes it.
        if [ "$2" = 0 ]; then
                SAID="nothing acknowledged"
                return 0
        fi
        SAID=$("$writer" "$1" check "$2" 2>&1)
}

case "$what" in
kill)
        bad=0 last=0 total=0 detail=
        for round in $(seq "$rounds"); do
                # Begun anew now and then: the check reads the whole of it each time.
                if [ $((round % 25)) = 0 ]; then
                        rm -f "$W"/d/k.db*
                        total=$((total + last)) last=0
                fi
                begin "$W/d/k.db"
                sleep 0.0$((RANDOM % 9))$((RANDOM % 10))
                end
                last=$(acknowledged "$last")
                check "$W/d/k.db" "$last" || {
                        bad=$((bad + 1))
                        detail="round $round: $SAID"
                }
        done
        total=$((total + last))
        [ "$total" -gt 0 ] || bad=1 detail="nothing was ever acknowledged: $(tail -1 "$W/err")"
        result killed_at_any_moment_loses_no_acknowledged_grade "$bad" "${detail:-$rounds kills, $total grades}"
        ;;
full)
        mount -t tmpfs -o size=4m tmpfs "$W/mnt"
        begin "$W/mnt/f.db"
        # Until the writer has noticed: a line on stderr, or its end.
        for _ in $(seq 600); do
                if [ -s "$W/err" ] || ! kill -0 "$PID" 2>/dev/null; then
                        break
                fi
                sleep 0.1
        done
        wait "$PID" 2>/dev/null && status=0 || status=$?
        last=$(acknowledged 0)
        result full_disk_is_an_error "$([ "$status" != 0 ] && [ "$last" -gt 0 ] && [ -s "$W/err" ] && echo 0 || echo 1)" "after $last: $(tail -1 "$W/err")"
        check "$W/mnt/f.db" "$last" && status=0 || status=1
        result full_disk_loses_no_acknowledged_grade "$status" "$SAID"
        mount -o remount,size=16m "$W/mnt"
        "$writer" "$W/mnt/f.db" 10 >"$W/ack" 2>"$W/err" && status=0 || status=1
        last=$(acknowledged "$last")
        [ "$status" = 1 ] || check "$W/mnt/f.db" "$last" || status=1
        result room_again_and_it_goes_on "$status" "$last grades $(tail -1 "$W/err")"
        ;;
readonly)
        mount -t tmpfs -o size=16m tmpfs "$W/mnt"
        "$writer" "$W/mnt/r.db" 20 >"$W/ack" 2>"$W/err"
        last=$(acknowledged 0)
        mount -o remount,ro "$W/mnt"
        "$writer" "$W/mnt/r.db" 1 >/dev/null 2>"$W/err" && status=1 || status=0
        [ -s "$W/err" ] || status=1
        result read_only_disk_is_an_error "$status" "$(tail -1 "$W/err")"
        check "$W/mnt/r.db" "$last" && status=0 || status=1
        result read_only_disk_can_still_be_read "$status" "$SAID"
        ;;
inject)
        total=0
        # Some strike while the store is made, most while cards are graded.
        for fault in open:EACCES:1:1 sync:EIO:1:1 sync:EIO:10:1 write:ENOSPC:30:3 \
                sync:EIO:100:1 sync:EIO:120 write:EIO:600:1 write:ENOSPC:700:3 write:EDQUOT:800; do
                rm -f "$W"/d/e.db*
                LD_PRELOAD=$faultio FAULTIO=$fault FAULTIO_LOG=1 "$writer" "$W/d/e.db" 300 >"$W/ack" 2>"$W/err" && status=0 || status=$?
                last=$(acknowledged 0)
                case "$status" in
                13[0-9]) ok=1 ;; # died by a signal
                *) ok=0 ;;
                esac
                # A fault that did not strike proves nothing.
                grep -q '^faultio: ' "$W/err" || ok=1
                # A folder that never came to be has nothing to lose.
                if [ "$last" != 0 ]; then
                        total=$((total + last))
                        check "$W/d/e.db" "$last" || ok=1
                        "$writer" "$W/d/e.db" 5 >/dev/null 2>>"$W/err" || ok=1
                else
                        SAID="nothing acknowledged"
                fi
                result "failing_call_loses_nothing_${fault//:/_}" "$ok" "status $status, $last grades, $SAID $(tail -1 "$W/err")"
        done
        result some_calls_failed_between_grades "$([ "$total" -gt 20 ] && echo 0 || echo 1)" "$total grades"
        ;;
cut)
        command -v mkfs.ext4 >/dev/null || {
                echo "skip cut: mkfs.ext4 is not installed"
                exit 77
        }
        bad=0 detail='' total=0
        for round in $(seq "$rounds"); do
                rm -f "$W/img"
                truncate -s 32M "$W/img"
                mkfs.ext4 -q -F "$W/img"
                if ! mount -o loop "$W/img" "$W/mnt" 2>"$W/err"; then
                        echo "skip cut: no loop device: $(tail -1 "$W/err")"
                        exit 77
                fi
                begin "$W/mnt/p.db"
                sleep 0.$((RANDOM % 5 + 2))
                bytes=$("$fsdown" "$W/mnt" "$W/ack")
                sleep 0.1
                end
                umount "$W/mnt"
                mount -o loop "$W/img" "$W/mnt"
                truncate -s "$bytes" "$W/ack"
                last=$(acknowledged 0)
                total=$((total + last))
                check "$W/mnt/p.db" "$last" || {
                        bad=$((bad + 1))
                        detail="round $round: $SAID"
                }
                umount "$W/mnt"
        done
        [ "$total" -gt 0 ] || bad=1 detail="nothing was ever acknowledged: $(tail -1 "$W/err")"
        result power_cut_loses_no_acknowledged_grade "$bad" "$bad of $rounds cuts, $total grades${detail:+, $detail}"
        ;;
esac
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
