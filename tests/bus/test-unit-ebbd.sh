#!/bin/bash
# ebbd itself in its unit file under a real user manager: the first start on the first call, a card
# shown from inside the sandbox, reload, a kill, the end.
#
#   test-unit-ebbd.sh USER_MANAGER_SH UNIT_TEMPLATE DBUS_TEMPLATE EBBD EBB_NOTIFY EBB
set -euo pipefail

if [ "${1:-}" != --inside ]; then
        W=$(mktemp -d)
        trap 'rm -rf "$W"' EXIT
        chmod 755 "$W"
        mkdir "$W"/{bin,bin/libexec,units,dbus}
        sed -e 's|@bindir@|/opt/rig|g' -e 's|@libexecdir@|/opt/rig/libexec|g' "$2" >"$W/units/ebbd.service"
        # Where ebb-notify lies is built in; here it lies elsewhere.
        echo 'Environment=EBB_NOTIFY=/opt/rig/libexec/ebb-notify' >"$W/notify"
        sed -i "/^\[Service\]/r $W/notify" "$W/units/ebbd.service"
        sed -e 's|@bindir@|/opt/rig|g' "$3" >"$W/dbus/org.ebbd.Ebb1.service"
        cp "$4" "$W/bin/ebbd"
        cp "$5" "$W/bin/libexec/ebb-notify"
        cp "$6" "$W/bin/ebb"
        cp "$0" "$W/bin/inside.sh"
        status=0
        bash "$1" --journald --units "$W/units" --dbus "$W/dbus" --bin "$W/bin" -- bash /opt/rig/inside.sh --inside || status=$?
        exit $status
fi

passed=0 failed=0
claim() { # NAME CONDITION...
        local name=$1
        shift
        if "$@"; then
                passed=$((passed + 1))
                echo "ok $name"
        else
                failed=$((failed + 1))
                echo "FAIL $name"
        fi
}
property() { busctl --user --timeout=20 get-property org.ebbd.Ebb1 /org/ebbd/Ebb1 org.ebbd.Ebb1.Manager "$1" 2>&1; }
state() { systemctl --user show -P "$1" ebbd.service; }
until_true() { # CONDITION...: within ten seconds
        for _ in $(seq 100); do
                "$@" && return 0
                sleep 0.1
        done
        return 1
}
shown() { grep -q Notify ~/server.log; }
gone() { ! busctl --user status org.ebbd.Ebb1 >/dev/null 2>&1; }

claim home_is_empty_before_the_first_start test ! -e ~/.local
claim first_call_on_the_bus_starts_the_daemon test "$(property CardCount)" = 't 0'
claim daemon_is_active test "$(state ActiveState)" = active
claim collection_was_made test -n "$(find ~/.local/share/ebb -name '*.db')"
claim collection_is_private test "$(stat -c %a ~/.local/share/ebb)" = 700

python3 -m dbusmock --session --template notification_daemon >~/server.log 2>&1 &
server_up() { busctl --user status org.freedesktop.Notifications >/dev/null 2>&1; }
claim server_is_there until_true server_up
ebb add 'Which moon pulls the tide? :: Ours.' >/dev/null
claim card_was_added test "$(property CardCount)" = 't 1'
claim popup_is_taken ebb next --popup
claim card_is_shown_from_inside_the_sandbox until_true shown

systemctl --user reload ebbd.service
claim daemon_survives_a_reload test "$(state ActiveState)" = active
before=$(state MainPID)
kill -KILL "$before"
restarted() { [ "$(state ActiveState)" = active ] && [ "$(state MainPID)" != "$before" ]; }
claim killed_daemon_is_restarted until_true restarted
claim card_is_still_there test "$(property CardCount)" = 't 1'
systemctl --user stop ebbd.service
claim stop_is_clean test "$(state Result)" = success
claim name_is_free_after_the_stop gone

[ "$failed" = 0 ] || {
        journalctl --user -u ebbd.service --no-pager -n 20 -o cat 2>/dev/null || true
        tail -5 ~/server.log
}
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
