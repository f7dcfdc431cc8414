#!/bin/bash
# Runs a command under a real `systemd --user` manager where PID 1 need not be systemd (container, CI).
#
#   user-manager.sh [options] -- CMD [ARG...]
#     --units DIR     *.service files copied into the manager's unit path
#     --dbus DIR      *.service D-Bus activation files for the session bus
#     --bin DIR       bind-mounted read-only on /opt/rig (the programs under test)
#     --journald      a real systemd-journald (journalctl --user works)
#     --root-cmd      CMD runs as root inside (default: as the unprivileged user ebbtest)
#
# Exit status is that of CMD, 77 when the machine does not allow it. Nothing outside is changed: own
# mount, PID and IPC namespaces; /run, /home, the account list are private; one cgroup directory is
# made and removed. Everything lives in one PID namespace that ends with this process.
set -eu

RIG_USER=ebbtest RIG_UID=61184
if [ "${RIG_INNER:-}" != 1 ]; then
        RIG_UNITS='' RIG_DBUS='' RIG_BIN='' RIG_JOURNALD=0 RIG_ROOTCMD=0
        while [ $# -gt 0 ]; do
                case "$1" in
                --units)
                        RIG_UNITS=$(realpath "$2")
                        shift 2
                        ;;
                --dbus)
                        RIG_DBUS=$(realpath "$2")
                        shift 2
                        ;;
                --bin)
                        RIG_BIN=$(realpath "$2")
                        shift 2
                        ;;
                --journald)
                        RIG_JOURNALD=1
                        shift
                        ;;
                --root-cmd)
                        RIG_ROOTCMD=1
                        shift
                        ;;
                --)
                        shift
                        break
                        ;;
                *)
                        echo "unknown option $1" >&2
                        exit 2
                        ;;
                esac
        done
        skip() {
                echo "skip $*"
                exit 77
        }
        [ "$(id -u)" = 0 ] || skip "a user manager of our own needs root"
        [ -x /lib/systemd/systemd ] || skip "systemd is not installed"
        [ -e /usr/lib/systemd/user/dbus.socket ] || skip "dbus-user-session is not installed"
        command -v dbus-daemon >/dev/null || skip "dbus-daemon is not installed"
        unshare --mount --ipc --pid --fork --cgroup true 2>/dev/null || skip "namespaces are not allowed here"
        RIG_CG=ebb-rig.$$
        RIG_MNT=$(mktemp -d)
        if ! mount -t cgroup2 none "$RIG_MNT" 2>/dev/null; then
                rmdir "$RIG_MNT"
                skip "cgroup v2 cannot be mounted here"
        fi
        umount "$RIG_MNT"
        export RIG_UNITS RIG_DBUS RIG_BIN RIG_JOURNALD RIG_ROOTCMD RIG_CG
        rc=0
        RIG_INNER=1 unshare --mount --propagation private --ipc --pid --fork --kill-child --mount-proc \
                bash "$0" "$@" || rc=$?
        # All processes are gone now: remove the empty cgroup directories, deepest first.
        if mount -t cgroup2 none "$RIG_MNT" 2>/dev/null; then
                for _ in $(seq 30); do
                        [ -d "$RIG_MNT/$RIG_CG" ] || break
                        find "$RIG_MNT/$RIG_CG" -depth -type d -exec rmdir {} + 2>/dev/null || sleep 0.1
                done
                umount "$RIG_MNT"
        fi
        rmdir "$RIG_MNT"
        exit $rc
fi

# Second stage: a pure v2 view on /sys/fs/cgroup (the machine's may be v1 or mixed) with a directory
# of ours as its root. Below it the names of a real login, which journald needs to know the unit.
if [ -z "${RIG_STAGE2:-}" ]; then
        # A machine of pure v2 has it mounted there already, and it cannot be mounted upon itself.
        [ "$(stat -f -c %T /sys/fs/cgroup)" != cgroup2fs ] || umount -l /sys/fs/cgroup
        mount -t cgroup2 none /sys/fs/cgroup
        mkdir "/sys/fs/cgroup/$RIG_CG"
        echo $$ >"/sys/fs/cgroup/$RIG_CG/cgroup.procs"
        umount /sys/fs/cgroup
        RIG_STAGE2=1 exec unshare --cgroup bash "$0" "$@"
fi

# Third stage: the account, /run, the home.
RIG_HOME=/home/$RIG_USER
mount -t tmpfs -o mode=755,nosuid,nodev tmpfs /run
mkdir -p /run/rig/units /run/rig/etc
for file in passwd group; do
        cp /etc/$file /run/rig/etc/
done
echo "$RIG_USER:x:$RIG_UID:$RIG_UID::$RIG_HOME:/bin/bash" >>/run/rig/etc/passwd
echo "$RIG_USER:x:$RIG_UID:" >>/run/rig/etc/group
for file in passwd group; do
        mount --bind /run/rig/etc/$file /etc/$file
done
mount -t tmpfs -o mode=755,nosuid,nodev tmpfs /home
install -d -m 700 -o "$RIG_UID" -g "$RIG_UID" "$RIG_HOME"

mount -t cgroup2 none /sys/fs/cgroup
CGU=/sys/fs/cgroup/user.slice/user-$RIG_UID.slice/user@$RIG_UID.service
mkdir -p "$CGU" /sys/fs/cgroup/init.scope
chown "$RIG_UID" "$CGU" "$CGU"/cgroup.{procs,subtree_control,threads} # as Delegate=yes does
echo $$ >/sys/fs/cgroup/init.scope/cgroup.procs

# /run/systemd/system is how programs find out that systemd runs. /run/systemd/unit-root is the mount
# point that PID 1 makes at boot and that ProtectSystem= and its like need in user units.
mkdir -p /run/systemd/system /run/systemd/unit-root "/run/user/$RIG_UID" /run/dbus /run/lock
if [ -n "$RIG_BIN" ]; then
        mount -t tmpfs -o mode=755 tmpfs /opt
        mkdir /opt/rig
        mount --bind "$RIG_BIN" /opt/rig
        mount -o remount,bind,ro /opt/rig
fi
mount -t tmpfs -o "mode=700,uid=$RIG_UID,gid=$RIG_UID,nosuid,nodev" tmpfs "/run/user/$RIG_UID"
# The machine's own activation files are hidden: no server may be started behind a test's back.
mount -t tmpfs -o mode=755 tmpfs /usr/share/dbus-1/services
[ -z "$RIG_UNITS" ] || cp "$RIG_UNITS"/* /run/rig/units/
[ -z "$RIG_DBUS" ] || cp "$RIG_DBUS"/*.service /usr/share/dbus-1/services/
chmod -R a+rX /run/rig /usr/share/dbus-1/services

if [ "$RIG_JOURNALD" = 1 ]; then
        # "Persistent" on a tmpfs: only then are journals split by user.
        mkdir -p /run/systemd/journald.conf.d /run/systemd/journal
        mount -t tmpfs -o mode=755 tmpfs /var/log
        install -d -m 2755 -g systemd-journal /var/log/journal
        touch /run/systemd/journal/flushed
        printf '[Journal]\nStorage=persistent\nReadKMsg=no\nSystemMaxUse=32M\nRateLimitIntervalSec=0\n' \
                >/run/systemd/journald.conf.d/rig.conf
        mkdir -p /sys/fs/cgroup/system.slice/systemd-journald.service
        (
                echo "$BASHPID" >/sys/fs/cgroup/system.slice/systemd-journald.service/cgroup.procs
                exec /lib/systemd/systemd-journald
        ) 2>/run/rig/journald.err &
        for _ in $(seq 50); do
                [ -S /run/systemd/journal/stdout ] && break
                sleep 0.05
        done
fi

ENVIRONMENT=(HOME="$RIG_HOME" USER="$RIG_USER" LOGNAME="$RIG_USER" SHELL=/bin/bash LANG=C.UTF-8
        PATH=/opt/rig:/usr/bin:/bin XDG_RUNTIME_DIR="/run/user/$RIG_UID"
        DBUS_SESSION_BUS_ADDRESS="unix:path=/run/user/$RIG_UID/bus")
AS=(setpriv --reuid "$RIG_UID" --regid "$RIG_UID" --clear-groups env -i "${ENVIRONMENT[@]}")
TARGET=console
[ "$RIG_JOURNALD" = 0 ] || TARGET=journal
# The unit path of a login without /etc/systemd/user, where the machine's own services are enabled.
UNIT_PATH=/run/rig/units:$RIG_HOME/.config/systemd/user:$RIG_HOME/.local/share/systemd/user
UNIT_PATH+=:/run/user/$RIG_UID/systemd/transient:/run/user/$RIG_UID/systemd/generator:/usr/lib/systemd/user
(
        echo "$BASHPID" >"$CGU/cgroup.procs"
        exec "${AS[@]}" SYSTEMD_UNIT_PATH="$UNIT_PATH" SYSTEMD_LOG_TARGET="$TARGET" \
                SYSTEMD_LOG_LEVEL="${RIG_LOG_LEVEL:-notice}" SYSTEMD_LOG_COLOR=0 /lib/systemd/systemd --user
) 2>/run/rig/manager.log &
MANAGER=$!
for _ in $(seq 200); do
        case "$("${AS[@]}" systemctl --user is-system-running 2>/dev/null)" in
        running | degraded) break ;;
        esac
        kill -0 $MANAGER 2>/dev/null || {
                echo "skip the user manager does not start here: $(tail -1 /run/rig/manager.log)"
                exit 77
        }
        sleep 0.05
done
rc=0
if [ "$RIG_ROOTCMD" = 1 ]; then
        env "${ENVIRONMENT[@]}" HOME=/root PATH="$PATH" RIG_AS="${AS[*]}" RIG_MANAGER_PID=$MANAGER "$@" || rc=$?
else
        "${AS[@]}" RIG_MANAGER_PID=$MANAGER "$@" || rc=$?
fi
# In order: units get SIGTERM, then the PID namespace ends.
kill $MANAGER 2>/dev/null || true
wait $MANAGER 2>/dev/null || true
exit $rc
