#!/bin/bash
# notify-rig.sh - run a command against ONE real notification server, headless.
#
#   notify-rig.sh [-g WxH] [-k] [-o OUT] SERVER -- COMMAND [ARG...]
#
# SERVER: dunst | xfce4-notifyd | notification-daemon | mate | lxqt   (Xvfb + openbox)
#         mako | swaync                                              (sway, WLR headless)
#         gnome-shell                                                (gnome-shell --headless)
#         plasma                             (the real Plasma applet in plasmawindowed, Xvfb)
#         none                                                       (bus only, no server)
#         nox:<cmd>                                                  (bus + Xvfb, run <cmd> as server)
# -g WxH  screen size (default 1280x720)
# -o OUT  directory for logs (default: a temp dir, removed at the end unless -k)
# -k      keep the temp dir
# Server options: DUNST_CONF, MAKO_CONF, SWAYNC_CONF = config files to use.
#
# The command sees a private DBUS_SESSION_BUS_ADDRESS, DISPLAY or WAYLAND_DISPLAY,
# HOME, XDG_*; plus RIG_DIR, RIG_SERVER, RIG_SERVER_PID, and these helpers on PATH:
#   rig-shot FILE.png   screenshot (import on X, grim on wayland)
#   rig-restart         kill the server by its PID and start it again
#   rig-kill            kill the server by its PID
# Exit status is the command's. Everything is ended by PID, never by name.
set -u
GEOM=1280x720 KEEP=0 OUT=
while getopts g:ko: o; do case $o in
  g) GEOM=$OPTARG;; k) KEEP=1;; o) OUT=$OPTARG;; *) exit 2;; esac; done
shift $((OPTIND-1))
SERVER=${1:?server}; shift
[ "${1:-}" = -- ] && shift
[ $# -gt 0 ] || { echo "no command" >&2; exit 2; }

R=$(mktemp -d "${TMPDIR:-/tmp}/notify-rig.XXXXXX")
OUT=${OUT:-$R/log}; mkdir -p "$OUT" "$R"/{home,run,services,bin,config,cache,data,state}; chmod 700 "$R/run"
PIDS=()
stop() { # pid: TERM, up to 2 s, then KILL
  local p=$1 i; kill -0 "$p" 2>/dev/null || return 0
  kill "$p" 2>/dev/null
  for i in $(seq 20); do kill -0 "$p" 2>/dev/null || return 0; sleep .1; done
  kill -9 "$p" 2>/dev/null; }
cleanup() {
  local i
  [ -s "$R/server.pid" ] && stop "$(cat "$R/server.pid")"
  for ((i=${#PIDS[@]}-1;i>=0;i--)); do stop "${PIDS[i]}"; done
  # bus-activated helpers (xfconfd, dconf-service) exit when the bus goes away
  [ $KEEP = 1 ] && echo "kept: $R" >&2 || rm -rf "$R"; }
# The program's icon and desktop file are found as those of an installed one.
files=$(cd "$(dirname "$0")" && pwd)/../../systemd
if [ -d "$files" ]; then
  mkdir -p "$R"/data/icons/hicolor/scalable/apps "$R"/data/applications
  cp "$files"/icons/*.svg "$R/data/icons/hicolor/scalable/apps/"
  sed 's#@[A-Za-z_]*@#/usr/bin#' "$files/org.ebbd.Ebb.desktop.in" > "$R/data/applications/org.ebbd.Ebb.desktop"; fi
trap cleanup EXIT; trap 'exit 130' INT TERM

env_common=(HOME="$R/home" XDG_RUNTIME_DIR="$R/run" XDG_CONFIG_HOME="$R/config"
  XDG_CACHE_HOME="$R/cache" XDG_DATA_HOME="$R/data" XDG_STATE_HOME="$R/state")
export "${env_common[@]}"
unset DISPLAY WAYLAND_DISPLAY DBUS_SESSION_BUS_ADDRESS XDG_CURRENT_DESKTOP XDG_SESSION_ID
export LIBGL_ALWAYS_SOFTWARE=1 NO_AT_BRIDGE=1 GTK_A11Y=none LC_ALL=C.UTF-8

# --- private bus: only settings helpers may be activated, never a notification server
# org.gnome.Shell.Notifications is the proxy process that owns org.freedesktop.Notifications for gnome-shell
acts="org.xfce.Xfconf ca.desrt.dconf"; [ "$SERVER" = gnome-shell ] && acts="$acts org.gnome.Shell.Notifications org.gnome.ScreenSaver"
for s in $acts; do
  f=/usr/share/dbus-1/services/$s.service; [ -e $f ] && ln -s $f "$R/services/"; done
cat > "$R/bus.conf" <<X
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><keep_umask/>
<listen>unix:path=$R/run/bus</listen><auth>EXTERNAL</auth>
<servicedir>$R/services</servicedir>
<policy context="default"><allow send_destination="*" eavesdrop="true"/>
<allow eavesdrop="true"/><allow own="*"/></policy></busconfig>
X

start_x() {
  mkfifo "$R/dfd"; Xvfb -displayfd 3 -screen 0 "${GEOM}x24" -nolisten tcp 3>"$R/dfd" >"$OUT/xvfb.log" 2>&1 & PIDS+=($!)
  read -r n <"$R/dfd"; export DISPLAY=:$n GDK_BACKEND=x11 QT_QPA_PLATFORM=xcb XDG_SESSION_TYPE=x11; }
start_bus() {
  dbus-daemon --config-file="$R/bus.conf" --nofork --nopidfile >"$OUT/bus.log" 2>&1 & PIDS+=($!)
  export DBUS_SESSION_BUS_ADDRESS=unix:path=$R/run/bus
  for i in $(seq 50); do [ -S "$R/run/bus" ] && break; sleep .1; done; }
start_sway() {
  cat > "$R/sway.conf" <<X
output HEADLESS-1 resolution ${GEOM} position 0 0
output * bg #336699 solid_color
xwayland disable
X
  local drop=()   # sway refuses to run as root: run only the compositor as nobody
  if [ "$(id -u)" = 0 ]; then drop=(setpriv --reuid=65534 --regid=65534 --clear-groups)
    chmod 711 "$R"; chmod 644 "$R/sway.conf"; chown 65534:65534 "$R/run"; fi
  WLR_BACKENDS=headless WLR_LIBINPUT_NO_DEVICES=1 WLR_RENDERER=pixman XDG_SESSION_TYPE=wayland \
    "${drop[@]}" sway --unsupported-gpu -c "$R/sway.conf" >"$OUT/sway.log" 2>&1 & PIDS+=($!)
  for i in $(seq 60); do s=; for f in "$R"/run/wayland-[0-9]; do [ -S "$f" ] && s=${f##*/}; done; [ -n "$s" ] && break; sleep .1; done
  export WAYLAND_DISPLAY=$s GDK_BACKEND=wayland XDG_SESSION_TYPE=wayland
  SWAYSOCK=$(ls "$R"/run/sway-ipc.* 2>/dev/null | head -1); export SWAYSOCK; sleep .5; }

first() { local p; for p in "$@"; do [ -x "$p" ] && { echo "$p"; return; }; done; echo "$1"; }
CMD=(); KIND=x
case $SERVER in
 dunst) CMD=(dunst ${DUNST_CONF:+-config "$DUNST_CONF"});;
 xfce4-notifyd) CMD=("$(first /usr/lib/*/xfce4/notifyd/xfce4-notifyd /usr/lib/xfce4/notifyd/xfce4-notifyd)");;
 notification-daemon) CMD=("$(first /usr/lib/notification-daemon/notification-daemon /usr/libexec/notification-daemon)");;
 mate) CMD=("$(first /usr/lib/mate-notification-daemon/mate-notification-daemon /usr/libexec/mate-notification-daemon)");;
 lxqt) CMD=(lxqt-notificationd);;
 mako) KIND=wl; CMD=(mako ${MAKO_CONF:+-c "$MAKO_CONF"});;
 swaync) KIND=wl; CMD=(swaync ${SWAYNC_CONF:+-c "$SWAYNC_CONF"});;
 gnome-shell) KIND=gs; CMD=(gnome-shell --headless --unsafe-mode --wayland --no-x11 --virtual-monitor "$GEOM");;
 plasma) CMD=(plasmawindowed org.kde.plasma.notifications); export QT_QUICK_BACKEND=software RIG_WAIT=${RIG_WAIT:-200};;
 none) KIND=none;;
 nox:*) CMD=(sh -c "exec ${SERVER#nox:}");;
 *) echo "unknown server $SERVER" >&2; exit 2;;
esac
start_bus
case $KIND in
 x) start_x; openbox >"$OUT/openbox.log" 2>&1 & PIDS+=($!); sleep .4
    xsetroot -solid '#336699' 2>/dev/null;;
 wl) start_sway;;
 gs) # gnome-shell needs a system bus with logind: give it a private one (python3-dbusmock)
    sed -e "s#$R/run/bus#$R/run/sysbus#" -e "s#<servicedir>.*</servicedir>##" "$R/bus.conf" > "$R/sysbus.conf"
    dbus-daemon --config-file="$R/sysbus.conf" --nofork --nopidfile >"$OUT/sysbus.log" 2>&1 & PIDS+=($!)
    export DBUS_SYSTEM_BUS_ADDRESS=unix:path=$R/run/sysbus; sleep .5
    for t in logind upower; do /usr/bin/python3 -m dbusmock --system --template $t >"$OUT/mock-$t.log" 2>&1 & PIDS+=($!); done; sleep 1
    export XDG_SESSION_TYPE=wayland XDG_CURRENT_DESKTOP=GNOME GSETTINGS_BACKEND=dconf;;
esac
printf '%s\n' "${CMD[@]+"${CMD[@]}"}" > "$R/server.cmd"
cat > "$R/bin/rig-start" <<X
#!/bin/bash
mapfile -t c < "$R/server.cmd"; [ \${#c[@]} -gt 0 ] || exit 0
setsid "\${c[@]}" >>"$OUT/server.log" 2>&1 & echo \$! > "$R/server.pid"
for i in \$(seq ${RIG_WAIT:-100}); do
  r=\$(dbus-send --session --print-reply=literal --dest=org.freedesktop.DBus /org/freedesktop/DBus org.freedesktop.DBus.NameHasOwner string:org.freedesktop.Notifications 2>/dev/null)
  case \$r in *true*) [ $KIND != gs ] || exec rig-rest; exit 0;; esac; sleep .1; done
echo "server did not take org.freedesktop.Notifications" >&2; tail -20 "$OUT/server.log" >&2; exit 1
X
# GNOME Shell: its name on the bus is not yet a screen that shows something, and run by root it begins with a warning.
cat > "$R/bin/rig-eval" <<'X'
#!/bin/bash
gdbus call --session -d org.gnome.Shell -o /org/gnome/Shell -m org.gnome.Shell.Eval "$1" | sed -n "s/^(true, '\(.*\)')$/\1/p" | tr -d '"'
X
cat > "$R/bin/rig-rest" <<'X'
#!/bin/bash
for i in $(seq 100); do
  rig-eval 'Main.overview.hide(); Main.messageTray.getSources().filter(s => s.title != `Ebb`).forEach(s => s.destroy()); 1' >/dev/null 2>&1
  sleep .2; [ "$(rig-eval 'Main.overview.visible || Main.messageTray.getSources().some(s => s.title != `Ebb`) || Main.layoutManager._startingUp' 2>/dev/null)" = false ] && exit 0; done
echo "gnome-shell does not come to rest" >&2; exit 1
X
cat > "$R/bin/rig-kill" <<X
#!/bin/bash
p=\$(cat "$R/server.pid"); kill \$p; for i in \$(seq 30); do case \$(cut -d' ' -f3 /proc/\$p/stat 2>/dev/null) in ''|Z) exit 0;; esac; sleep .1; done; kill -9 \$p
X
printf '#!/bin/bash\n"%s/bin/rig-kill"; "%s/bin/rig-start"\n' "$R" "$R" > "$R/bin/rig-restart"
if [ $KIND = gs ]; then cat > "$R/bin/rig-shot" <<'X'
#!/bin/bash
gdbus call --session -d org.gnome.Shell.Screenshot -o /org/gnome/Shell/Screenshot -m org.gnome.Shell.Screenshot.Screenshot false false "$(realpath -m "$1")" >/dev/null
X
elif [ $KIND = x ]; then printf '#!/bin/sh\nexec import -window root "$1"\n' > "$R/bin/rig-shot"
else printf '#!/bin/sh\nexec grim "$1"\n' > "$R/bin/rig-shot"; fi
chmod +x "$R"/bin/*; export PATH=$R/bin:$PATH RIG_DIR=$R RIG_SERVER=$SERVER
if [ $KIND != none ]; then rig-start || exit 1; sleep 1; RIG_SERVER_PID=$(cat "$R/server.pid"); export RIG_SERVER_PID; fi
"$@"; exit $?
