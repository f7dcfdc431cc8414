#!/bin/bash
# run.sh from a fresh home: first start, second start, upgrade, removal.
#
#   test-run.sh manager SOURCE_ROOT USER_MANAGER_SH    under a real user manager
#   test-run.sh bare    SOURCE_ROOT                    without any bus
set -euo pipefail

where=$1 source=$2
passed=0 failed=0
claim() { # NAME CONDITION...
        local name=$1
        shift
        if "$@"; then
                passed=$((passed + 1))
                echo "ok $name"
        else
                failed=$((failed + 1))
                tail -12 "$OUT" | awk '{ print "  " $0 }'
                echo "FAIL $name"
        fi
}

says() { grep -qE -- "$1" "$OUT"; }
not() { ! "$@"; }

copy_source() { # TO: the files, without what was built in it
        mkdir -p "$1"
        tar -C "$source" --exclude='./build*' --exclude=./.git --exclude=./artefacts -cf - . | tar -C "$1" -xf -
}

run() { # ARGUMENT...: run.sh as a login without any settings would; its words are in OUT
        STATUS=0
        env -i HOME="$HOME" PATH=/usr/bin:/bin "$WORK/src/run.sh" --no-packages "$@" \
                </dev/null >"$OUT" 2>&1 || STATUS=$?
}

# The daemon's own words, over its bus.
ebb() { "$HOME/.local/bin/ebb" "$@"; }
cards() { ebb status | awk -F'\t' '$1 == "CardCount" { print $2 }'; }
daemon_pid() { busctl --user --no-pager status org.ebbd.Ebb1 2>/dev/null | sed -n 's/^PID=//p'; }

story() {
        local before
        claim collection_is_not_there_at_first test ! -e "$HOME/.local/share/ebb"
        run
        claim first_run_succeeds test "$STATUS" = 0
        claim first_run_says_what_it_installed says '^Installed Ebb [0-9]'
        claim first_run_offers_the_starter_deck says 'run\.sh --starter'
        bus_of_run
        claim collection_is_empty test "$(cards)" = 0

        run --starter
        claim second_run_succeeds test "$STATUS" = 0
        claim second_run_says_it_was_there says 'was installed already'
        claim starter_deck_has_thirty_cards test "$(cards)" = 30
        claim without_a_server_the_terminal_is_named says 'ebb review'
        before=$(daemon_pid)
        claim daemon_is_on_the_bus test -n "$before"

        sed -i "s/^    version: '[^']*'/    version: '99.1.0'/" "$WORK/src/meson.build"
        run
        claim upgrade_succeeds test "$STATUS" = 0
        claim upgrade_says_from_and_to says '^Upgraded Ebb from [0-9][^ ]* to 99\.1\.0'
        bus_of_run
        claim upgrade_restarts_the_daemon test "$(daemon_pid)" != "$before"
        claim upgraded_daemon_is_the_new_one test "$(busctl --user get-property org.ebbd.Ebb1 /org/ebbd/Ebb1 org.ebbd.Ebb1.Manager Version)" = 's "99.1.0"'
        claim upgrade_keeps_the_cards test "$(cards)" = 30

        before=$(daemon_pid)
        run --uninstall
        claim removal_succeeds test "$STATUS" = 0
        claim removal_says_where_the_cards_are says "stay in $HOME/.local/share/ebb"
        claim removal_ends_the_daemon test ! -d "/proc/$before"
        claim removal_keeps_the_cards test -n "$(find "$HOME/.local/share/ebb" -name '*.db')"
        find "$HOME/.local" -type f ! -path '*/share/ebb/*' ! -path '*/state/*' >"$OUT"
        claim removal_leaves_no_file test ! -s "$OUT"

        run
        claim installing_again_succeeds test "$STATUS" = 0
        bus_of_run
        claim installing_again_finds_the_cards test "$(cards)" = 30
        run --uninstall
}

case "$where" in
manager)
        if [ "${4:-}" != --inside ]; then
                # The rig hides every home, where the source may lie; and its user may not read there.
                W=$(mktemp -d)
                trap 'rm -rf "$W"' EXIT
                copy_source "$W/src"
                cp "$0" "$W/test-run.sh"
                chmod -R a+rX "$W"
                status=0
                bash "$3" --bin "$W" -- bash /opt/rig/test-run.sh manager /opt/rig/src "$3" --inside || status=$?
                exit $status
        fi
        WORK=$HOME/work OUT=$HOME/out
        : >"$OUT"
        bus_of_run() { :; }
        copy_source "$WORK/src"
        # The sandbox must hold here as it does in test-unit: no fallback.
        story
        claim sandbox_was_not_relaxed test ! -e ~/.config/systemd/user/ebbd.service.d
        ;;
bare)
        if [ "${3:-}" != --inside ]; then
                # Nobody's session may be touched: /run is ours, and what is started ends with us.
                user=()
                [ "$(id -u)" = 0 ] || user=(--map-root-user)
                unshare "${user[@]}" --mount --pid --fork true 2>/dev/null || {
                        echo "skip namespaces are not allowed here"
                        exit 77
                }
                exec unshare "${user[@]}" --mount --propagation private --pid --fork --kill-child --mount-proc \
                        bash "$0" "$1" "$2" --inside
        fi
        mount -t tmpfs tmpfs /run
        WORK=$(mktemp -d)
        trap 'rm -rf "$WORK"' EXIT
        export HOME=$WORK/home
        OUT=$WORK/out
        : >"$OUT"
        mkdir "$HOME"
        bus_of_run() {
                DBUS_SESSION_BUS_ADDRESS=$(cat "$HOME/.local/state/ebb/private-bus")
                export DBUS_SESSION_BUS_ADDRESS
        }
        copy_source "$WORK/src"
        story
        claim private_bus_is_gone not busctl --user --no-pager status
        ;;
esac
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
