#!/bin/bash
# Installs and starts Ebb; run again, it upgrades. See --help.
set -euo pipefail

usage() {
        cat <<'X'
./run.sh [--system] [--starter | --no-starter] [--no-packages]
  Installs what is needed to build (root or sudo), builds, installs for you, starts ebbd, offers a
  starter deck when the collection is empty, and asks the first card. Run again, it upgrades.

  --system       install for every user, into /usr (root or sudo), instead of ~/.local
  --starter      take the starter deck without asking (also EBB_STARTER=yes)
  --no-starter   do not offer it (also EBB_STARTER=no)
  --no-packages  use what is there

./run.sh --uninstall [--system]
  Stops ebbd and removes the program. The cards stay.
X
}

SYSTEM=0 UNINSTALL=0 PACKAGES=1 STARTER=${EBB_STARTER:-ask}
for argument in "$@"; do
        case "$argument" in
        --system) SYSTEM=1 ;;
        --starter) STARTER=yes ;;
        --no-starter) STARTER=no ;;
        --no-packages) PACKAGES=0 ;;
        --uninstall) UNINSTALL=1 ;;
        -h | --help)
                usage
                exit 0
                ;;
        *)
                usage >&2
                exit 2
                ;;
        esac
done

SOURCE=$(dirname "$(realpath "$0")")
cd "$SOURCE"
# shellcheck source=tools/packages.sh
. tools/packages.sh

if [ -z "${HOME:-}" ]; then
        echo "HOME is not set: Ebb would not know where the cards belong." >&2
        exit 1
fi
mkdir -p "$HOME"
export PATH="${PATH:-/usr/bin:/bin}:/usr/sbin:/sbin"
PREFIX=$HOME/.local
[ "$SYSTEM" = 0 ] || PREFIX=/usr
DATA=${XDG_DATA_HOME:-$HOME/.local/share}/ebb
STATE=${XDG_STATE_HOME:-$HOME/.local/state}/ebb
DROP_IN=${XDG_CONFIG_HOME:-$HOME/.config}/systemd/user/ebbd.service.d
RECORD=$PREFIX/libexec/ebb # what is installed: `version`, and `files`, one path a line
EBB=$PREFIX/bin/ebb EBBD=$PREFIX/bin/ebbd
LOG=$(mktemp)
trap 'rm -f "$LOG"' EXIT

die() {
        echo "$*" >&2
        exit 1
}

as_owner() { # of the prefix
        if [ "$SYSTEM" = 1 ]; then
                packages_as_root "$@"
        else
                "$@"
        fi
}

# ------------------------------------------------------------------ the bus and the daemon on it

has_user_manager() {
        if [ -z "${XDG_RUNTIME_DIR:-}" ] && [ -S "/run/user/$(id -u)/bus" ]; then
                export XDG_RUNTIME_DIR
                XDG_RUNTIME_DIR=/run/user/$(id -u)
        fi
        [ -n "${XDG_RUNTIME_DIR:-}" ] || return 1
        case "$(systemctl --user is-system-running 2>/dev/null)" in
        initializing | starting | running | degraded | maintenance) ;;
        *) return 1 ;;
        esac
        [ -n "${DBUS_SESSION_BUS_ADDRESS:-}" ] ||
                export DBUS_SESSION_BUS_ADDRESS="unix:path=$XDG_RUNTIME_DIR/bus"
}

bus_call() { # MEMBER [ARGUMENT...]: a method of the bus itself
        timeout 5 dbus-send --session --print-reply=literal --dest=org.freedesktop.DBus \
                /org/freedesktop/DBus "org.freedesktop.DBus.$1" "${@:2}" 2>/dev/null
}

# 1. the session's bus; 2. the private one of an earlier run; 3. nothing.
find_bus() {
        local address
        if [ -n "${DBUS_SESSION_BUS_ADDRESS:-}" ] && bus_call GetId >/dev/null; then
                return 0
        fi
        if [ -r "$STATE/private-bus" ]; then
                read -r address <"$STATE/private-bus" || address=
                if DBUS_SESSION_BUS_ADDRESS=$address bus_call GetId >/dev/null; then
                        export DBUS_SESSION_BUS_ADDRESS=$address
                        return 0
                fi
        fi
        return 1
}

daemon_pid() { # empty when ebbd is not on the bus
        bus_call GetConnectionUnixProcessID string:org.ebbd.Ebb1 | awk '/uint32/ { print $2 }'
}

stop_direct() {
        local pid
        pid=$(daemon_pid) || pid=
        [ -n "$pid" ] || return 0
        kill -TERM "$pid" 2>/dev/null || return 0
        for _ in $(seq 100); do
                [ -d "/proc/$pid" ] || return 0
                sleep 0.1
        done
        echo "ebbd (process $pid) has not ended within 10 s; it is left alone." >&2
        return 1
}

# Kernels and containers that forbid user namespaces refuse everything that is built on them.
relax_sandbox() {
        mkdir -p "$DROP_IN"
        cat >"$DROP_IN/no-namespaces.conf" <<'X'
# Written by run.sh: this machine gives user services no namespaces. What needs none stays in force.
[Service]
PrivateUsers=no
ProtectHome=no
BindPaths=
BindReadOnlyPaths=
ProtectSystem=no
ReadOnlyPaths=
ReadWritePaths=
PrivateTmp=no
PrivateDevices=no
NoExecPaths=
ExecPaths=
PrivateNetwork=no
CapabilityBoundingSet=~
ProtectClock=no
ProtectControlGroups=no
ProtectHostname=no
ProtectKernelModules=no
ProtectKernelTunables=no
ProtectProc=default
ProcSubset=all
X
        systemctl --user daemon-reload
}

forget_relaxed_sandbox() {
        rm -f "$DROP_IN/no-namespaces.conf"
        rmdir --ignore-fail-on-non-empty "$DROP_IN" 2>/dev/null || true
}

start_under_manager() {
        local status
        # The machine may have learned since.
        forget_relaxed_sandbox
        systemctl --user daemon-reload
        # A bus that was started before the folder existed does not watch it.
        bus_call ReloadConfig >/dev/null || true
        systemctl --user enable --quiet ebbd.service 2>"$LOG" || true
        systemctl --user reset-failed ebbd.service 2>/dev/null || true
        systemctl --user restart ebbd.service 2>"$LOG" && return 0

        status=$(systemctl --user show -P ExecMainStatus ebbd.service)
        case "$status" in
        226 | 217 | 218)
                relax_sandbox
                systemctl --user reset-failed ebbd.service 2>/dev/null || true
                if systemctl --user restart ebbd.service 2>"$LOG"; then
                        echo "This machine gives user services no namespaces: ebbd runs with the part of its sandbox that needs none."
                        return 0
                fi
                ;;
        esac
        cat "$LOG" >&2
        systemctl --user --no-pager --lines=10 status ebbd.service >&2 || true
        return 1
}

# setsid: the daemon outlives this shell and its terminal.
start_direct() {
        local pid
        mkdir -p "$STATE"
        stop_direct || return 1
        setsid "$EBBD" </dev/null >>"$STATE/ebbd.log" 2>&1 &
        pid=$!
        for _ in $(seq 100); do
                [ -z "$(daemon_pid)" ] || return 0
                kill -0 "$pid" 2>/dev/null || break
                sleep 0.1
        done
        echo "ebbd does not start. It said:" >&2
        tail -5 "$STATE/ebbd.log" >&2
        return 1
}

start_private_bus() {
        local address
        command -v dbus-daemon >/dev/null || return 1
        mkdir -p "$STATE"
        address=$(setsid dbus-daemon --session --fork --nopidfile --print-address=1 </dev/null 2>"$LOG") ||
                return 1
        [ -n "$address" ] || return 1
        (
                umask 077
                echo "$address" >"$STATE/private-bus"
        )
        export DBUS_SESSION_BUS_ADDRESS=$address
}

# ------------------------------------------------------------------ removing

uninstall() {
        local file pid
        [ -r "$RECORD/files" ] || die "Ebb is not installed in $PREFIX."
        if has_user_manager; then
                systemctl --user disable --now --quiet ebbd.service 2>/dev/null || true
        fi
        if find_bus; then
                stop_direct || true
        fi
        while IFS= read -r file; do
                case "$file" in
                "$PREFIX"/*) as_owner rm -f -- "$file" ;;
                esac
        done <"$RECORD/files"
        # Folders that were only ours, deepest first; one that holds something else stays.
        sed 's|/[^/]*$||' "$RECORD/files" | sort -ru | while IFS= read -r file; do
                as_owner rmdir --ignore-fail-on-non-empty -p -- "$file" 2>/dev/null || true
        done
        as_owner rm -f -- "$RECORD/files" "$RECORD/version"
        as_owner rmdir --ignore-fail-on-non-empty -- "$RECORD" 2>/dev/null || true
        forget_relaxed_sandbox
        if has_user_manager; then
                systemctl --user daemon-reload 2>/dev/null || true
        fi
        # A bus that was ours goes with the program.
        if [ -r "$STATE/private-bus" ] && read -r file <"$STATE/private-bus"; then
                if [ "${DBUS_SESSION_BUS_ADDRESS:-}" = "$file" ]; then
                        pid=$(bus_call GetConnectionUnixProcessID string:org.freedesktop.DBus | awk '/uint32/ { print $2 }') || pid=
                        [ -z "$pid" ] || kill "$pid" 2>/dev/null || true
                fi
                rm -f "$STATE/private-bus"
        fi
        echo "Ebb is removed."
        if [ -d "$DATA" ]; then
                echo "Your cards stay in $DATA, your settings in ${XDG_CONFIG_HOME:-$HOME/.config}/ebb."
        fi
}

if [ "$UNINSTALL" = 1 ]; then
        uninstall
        exit 0
fi

# ------------------------------------------------------------------ building and installing

if [ "$PACKAGES" = 1 ]; then
        # What cannot be installed may be there in another way; the build will tell.
        packages_install build || true
fi
for tool in meson ninja cc; do
        command -v $tool >/dev/null || die "$tool is not installed, and Ebb cannot be built without it."
done

NEW=$(sed -nE "s/^ *version: '([^']+)'.*/\1/p" meson.build | head -1)
COMMIT=$(git -c safe.directory='*' -C "$SOURCE" describe --always --dirty 2>/dev/null || true)
[ -z "$COMMIT" ] || NEW+=" ($COMMIT)"
OLD=
[ ! -r "$RECORD/version" ] || read -r OLD <"$RECORD/version" || true

BUILD=build-release
OPTIONS=(-Dprefix="$PREFIX" -Dbuildtype=release -Dstrip=true)
echo "Building Ebb $NEW ..."
if [ -f $BUILD/build.ninja ] && meson configure $BUILD "${OPTIONS[@]}" >"$LOG" 2>&1; then
        :
else
        rm -rf $BUILD
        if ! meson setup $BUILD "${OPTIONS[@]}" >"$LOG" 2>&1; then
                grep -E 'ERROR|not found' "$LOG" >&2 || tail -10 "$LOG" >&2
                die "The build could not be set up; the whole of what meson said is in $BUILD/meson-logs/meson-log.txt."
        fi
fi
if ! ninja -C $BUILD >"$LOG" 2>&1; then
        grep -E 'error|undefined' "$LOG" | head -10 >&2 || tail -15 "$LOG" >&2
        die "The build failed."
fi

if ! as_owner meson install -C $BUILD --no-rebuild --quiet >"$LOG" 2>&1; then
        tail -5 "$LOG" >&2
        die "Ebb could not be installed into $PREFIX."
fi
# The log names folders too.
grep -v '^#' $BUILD/meson-logs/install-log.txt | while IFS= read -r file; do
        [ -d "$file" ] || echo "$file"
done >"$LOG"
if [ -r "$RECORD/files" ]; then
        # What an older version had and this one has not.
        grep -vxFf "$LOG" "$RECORD/files" | while IFS= read -r file; do
                case "$file" in
                "$PREFIX"/*) as_owner rm -f -- "$file" ;;
                esac
        done || true
fi
as_owner mkdir -p "$RECORD"
as_owner tee "$RECORD/files" <"$LOG" >/dev/null
as_owner tee "$RECORD/version" <<<"$NEW" >/dev/null

if [ -z "$OLD" ]; then
        echo "Installed Ebb $NEW in $PREFIX."
elif [ "$OLD" = "$NEW" ]; then
        echo "Ebb $NEW was installed already; it was built and installed anew."
else
        echo "Upgraded Ebb from $OLD to $NEW."
        before=$(sed -nE 's/.*\((.*)\)$/\1/p' <<<"$OLD")
        before=${before%-dirty}
        if [ -n "$before" ] && [ -n "$COMMIT" ]; then
                git -c safe.directory='*' -C "$SOURCE" log --no-merges --format='  %s' -n 10 \
                        "$before..${COMMIT%-dirty}" 2>/dev/null || true
        fi
fi
case ":$PATH:" in
*":$PREFIX/bin:"*) ;;
*) echo "$PREFIX/bin is not in your PATH; log in again, or: export PATH=\"$PREFIX/bin:\$PATH\"" ;;
esac

# ------------------------------------------------------------------ starting

if has_user_manager; then
        start_under_manager || die "ebbd does not start."
        echo "ebbd runs, and starts with your session."
elif find_bus; then
        start_direct || exit 1
        echo "ebbd runs on the session bus. There is no user manager here: the next time, the first use of ebb starts it."
elif start_private_bus; then
        start_direct || exit 1
        echo "There is no session bus here, so ebbd runs on one of its own. To reach it from another shell:"
        echo "  export DBUS_SESSION_BUS_ADDRESS='$DBUS_SESSION_BUS_ADDRESS'"
else
        die "There is no session bus and none could be started: dbus-daemon is missing."
fi

# ------------------------------------------------------------------ the first card

cards() { # how many the collection has; empty when ebbd cannot tell
        "$EBB" status 2>/dev/null </dev/null | awk -F'\t' '$1 == "CardCount" { print $2 }'
}

COUNT=$(cards) || COUNT=
if [ -z "$COUNT" ]; then
        "$EBB" status || true
        exit 1
fi
if [ "$COUNT" != 0 ]; then
        [ ! -t 1 ] || "$EBB" due || true
        exit 0
fi

if [ "$STARTER" = ask ] && [ -t 0 ] && [ -t 1 ]; then
        printf 'The collection is empty. Add the starter deck, 30 cards on how memory works? [Y/n] '
        read -r answer || answer=n
        case "$answer" in
        '' | [Yy]*) STARTER=yes ;;
        *) STARTER=no ;;
        esac
fi
case "$STARTER" in
yes)
        "$EBB" import config/starter-deck.txt || die "The starter deck could not be imported."
        ;;
ask)
        echo "The collection is empty. For a starter deck, 30 cards on how memory works: ./run.sh --starter"
        exit 0
        ;;
*)
        echo "The collection is empty. The first card: ebb add 'question :: answer'"
        exit 0
        ;;
esac

# A server may be named on the bus and yet not start: the card is there once a server took it.
on_screen() {
        "$EBB" next --popup >"$LOG" 2>&1 || return 1
        for _ in $(seq 50); do
                "$EBB" status 2>/dev/null </dev/null |
                        awk -F'\t' '$1 == "NotificationServer" && $2 != "" { found = 1 } END { exit !found }' &&
                        return 0
                sleep 0.1
        done
        "$EBB" later >/dev/null 2>&1 || true
        return 1
}

if on_screen; then
        echo "The first card is on your screen, as a notification."
elif [ -t 0 ] && [ -t 1 ]; then
        "$EBB" review
else
        echo "No notification server answers here. To review in the terminal: $EBB review"
fi
