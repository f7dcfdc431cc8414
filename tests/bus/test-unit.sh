#!/bin/bash
# What a process in ebbd's own unit file may still do, found by doing it there, under a real user
# manager. The same probe runs once in a bare unit: what the sandbox forbids must succeed there, or
# the probe would prove nothing.
#
#   test-unit.sh USER_MANAGER_SH UNIT_TEMPLATE DBUS_TEMPLATE PROBE_SERVICE PROBE_NOTIFY
set -euo pipefail

if [ "${1:-}" != --inside ]; then
        W=$(mktemp -d)
        trap 'rm -rf "$W"' EXIT
        chmod 755 "$W"
        mkdir "$W"/{bin,bin/libexec,units,dbus}
        # The unit's own text; only the programs are ours.
        sed -e 's|@bindir@|/opt/rig|g' -e 's|@libexecdir@|/opt/rig/libexec|g' "$2" >"$W/units/ebbd.service"
        echo 'Environment=PROBE_CHILD=/opt/rig/libexec/ebb-notify' >"$W/child"
        sed -i "/^\[Service\]/r $W/child" "$W/units/ebbd.service"
        printf '[Service]\nType=notify\nBusName=org.ebbd.Ebb1\nExecStart=/opt/rig/ebbd\n' >"$W/units/bare.service"
        sed -e 's|@bindir@|/opt/rig|g' "$3" >"$W/dbus/org.ebbd.Ebb1.service"
        cp "$4" "$W/bin/ebbd"
        cp "$5" "$W/bin/libexec/ebb-notify"
        cp "$0" "$W/bin/test-unit.sh"
        : >/tmp/ebb-probe-marker
        : >/var/tmp/ebb-probe-marker
        chmod 666 /tmp/ebb-probe-marker /var/tmp/ebb-probe-marker
        trap 'rm -rf "$W" /tmp/ebb-probe-marker /var/tmp/ebb-probe-marker' EXIT
        status=0
        bash "$1" --units "$W/units" --dbus "$W/dbus" --bin "$W/bin" -- bash /opt/rig/test-unit.sh --inside || status=$?
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

call() { # MEMBER: the bare value of the answer
        busctl --user --timeout=20 call org.ebbd.Ebb1 /org/ebbd/Ebb1 org.ebbd.Ebb1.Probe "$1" 2>&1 |
                sed -E 's/^[a-z] "?//; s/"$//'
}

state() { systemctl --user show -P "$2" "$1"; }

echo secret >~/.secret
answers() { # SERVICE -> fills RESULT
        local line
        declare -gA RESULT=()
        while IFS= read -r line; do
                if [[ "$line" == *=* ]]; then
                        RESULT[${line%%=*}]=${line#*=}
                elif [ -n "$line" ]; then
                        echo "  $line"
                fi
        done < <(call Probe | sed 's/\\n/\n/g')
}
is() { # PROBE WANTED
        [[ "${RESULT[$1]:-none}" =~ ^($2)$ ]] && return
        echo "  $1 is ${RESULT[$1]:-not answered}, expected $2"
        return 1
}

# The first start of all: no folder is there, a call on the bus starts the service.
claim home_is_empty_before_the_first_start test ! -e ~/.local
answers
claim first_call_on_the_bus_starts_the_service is open_unix_socket ok
claim service_is_active test "$(state ebbd.service ActiveState)" = active
claim data_folder_was_made test -d ~/.local/share/ebb
claim data_folder_is_private test "$(stat -c %a ~/.local/share/ebb)" = 700

for pair in write_own_data=ok read_own_config=ok 'write_own_config=EROFS' 'write_home=EROFS|EACCES|EPERM' \
        'read_secret_in_home=ENOENT|EACCES' 'write_etc=EROFS' 'write_marker_in_var=ENOENT|EROFS' \
        read_marker_in_tmp=ENOENT write_private_tmp=ok read_zone_database=ok \
        'write_kernel_tunable=EROFS|EACCES|EPERM' open_inet_socket=EAFNOSUPPORT open_inet6_socket=EAFNOSUPPORT \
        open_netlink_socket=EAFNOSUPPORT map_writable_code=EPERM make_data_executable=EPERM unshare_user=EPERM \
        trace_another=EPERM set_suid_bit=EPERM change_personality=EPERM go_realtime=EPERM \
        run_other_program=denied; do
        claim "in_the_unit_${pair%%=*}" is "${pair%%=*}" "${pair#*=}"
done

# The notification client works in there: libnotify, GLib and its threads.
python3 -m dbusmock --session --template notification_daemon >/dev/null 2>&1 &
for _ in $(seq 100); do
        busctl --user status org.freedesktop.Notifications >/dev/null 2>&1 && break
        sleep 0.05
done
status=$(call Notify)
claim libnotify_shows_a_card_from_inside test "${status#i }" = 0

# Reload, watchdog, restart.
systemctl --user reload ebbd.service
reloads=$(call Reloads)
claim reload_is_a_hangup test "${reloads#u }" = 1
before=$(state ebbd.service MainPID)
kill -KILL "$before"
for _ in $(seq 100); do
        [ "$(state ebbd.service ActiveState)" = active ] && [ "$(state ebbd.service MainPID)" != "$before" ] && break
        sleep 0.1
done
claim killed_service_is_restarted test "$(state ebbd.service NRestarts)" -ge 1
claim watchdog_is_armed test "$(state ebbd.service WatchdogUSec)" = 5min
systemctl --user stop ebbd.service
claim stop_is_clean test "$(state ebbd.service Result)" = success
answers
claim second_start_with_folders_in_place_works is write_own_data ok
systemctl --user stop ebbd.service

# The control: the same probe without the sandbox.
systemctl --user start bare.service
answers
for probe in write_own_config write_home read_secret_in_home read_marker_in_tmp open_inet_socket map_writable_code \
        make_data_executable trace_another set_suid_bit change_personality run_other_program; do
        claim "bare_unit_may_$probe" is "$probe" ok
done
systemctl --user stop bare.service

[ "$failed" = 0 ] || tail -20 /run/rig/manager.log 2>/dev/null || true
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
