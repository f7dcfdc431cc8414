# popup.bash - see and click the notifications of a real server inside notify-rig.sh. To be sourced.
#
#   notify-rig.sh dunst -- bash -c '. tests/servers/popup.bash; popup_watch; ...; click_action dunst "Good 4d"'
#
# Needs what the rig sets: RIG_DIR, RIG_SERVER, DBUS_SESSION_BUS_ADDRESS, DISPLAY or WAYLAND_DISPLAY. SERVER is the
# rig's name for it. A rig for dunst is to be started with DUNST_CONF naming a file written by popup_dunst_conf, one for
# mako with MAKO_CONF and popup_mako_conf.
#
#   popup_dunst_conf FILE          before the rig: a dunstrc whose menu is ours (RIG_DIR is read when it runs)
#   popup_mako_conf FILE           before the rig: a mode "dnd" that hides everything
#   popup_watch                    start to note every Notify call; ends with the rig's bus
#   popup_wait N [SECONDS]         until N cards were posted since popup_watch (default 10 s)
#   popup_count                    how many were
#   popup_get WHAT                 of the last one: id-less facts "summary", "body", "expire", or "actions" (KEY<TAB>LABEL lines)
#   click_action SERVER WANTED     click the button whose key (without its tag, as "good") or label is WANTED:
#                                  a real pointer click where buttons are drawn, the server's own menu where not
#   click_body SERVER              click on the card itself (not on mako: no pointer there)
#   popup_hover SERVER             where only a pointer over the card makes its buttons visible: puts it there
#   popup_dismiss SERVER           close it the way the learner would
#   popup_shown SERVER             how many notifications are on screen (where they cannot be counted: 0 or 1)
#   popup_dnd SERVER on|off        Do Not Disturb; 2 where there is no such thing
#   popup_shot NAME                screenshot EBB_ARTEFACTS/SERVER-NAME.png (nothing without EBB_ARTEFACTS)
#
# All return 0, or 1 with a sentence on stderr.

popup_here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

popup_dunst_conf() { # FILE
        printf '[global]\n    markup = full\n    dmenu = %s/popup-pick\n    mouse_left_click = do_action\n    mouse_middle_click = close_current\n' \
                "$popup_here" >"$1"
}

popup_mako_conf() { # FILE
        printf '[mode=dnd]\ninvisible=1\n' >"$1"
}

popup_watch() {
        : >"$RIG_DIR/notify.log"
        busctl --user --json=short --match="type='method_call',interface='org.freedesktop.Notifications',member='Notify'" \
                monitor >>"$RIG_DIR/notify.log" 2>"$RIG_DIR/monitor.err" &
        echo $! >"$RIG_DIR/monitor.pid"
        # It is a monitor from its own message on; a call in between would be missed.
        for _ in $(seq 50); do
                grep -q 'Monitoring' "$RIG_DIR/monitor.err" && return 0
                sleep .05
        done
        echo "popup_watch: busctl does not monitor" >&2
        return 1
}

popup_count() {
        grep -c '"member":"Notify"' "$RIG_DIR/notify.log" || true
}

popup_wait() { # N SECONDS
        local i
        for i in $(seq $((${2:-10} * 10))); do
                [ "$(popup_count)" -ge "$1" ] && return 0
                sleep .1
        done
        echo "popup_wait: $(popup_count) cards of $1 after ${2:-10} s" >&2
        return 1
}

popup_get() { # WHAT
        grep '"member":"Notify"' "$RIG_DIR/notify.log" | tail -1 | python3 -c '
import json, sys
app, replaces, icon, summary, body, actions, hints, expire = json.loads(sys.stdin.readline())["payload"]["data"]
what = sys.argv[1]
if what == "actions":
    for key, label in zip(actions[::2], actions[1::2]):
        print(key, label, sep="\t")
else:
    print({"summary": summary, "body": body, "expire": expire}[what])' "$1"
}

# The label of the last card that WANTED means, and its place among the drawn buttons: "INDEX<TAB>OF<TAB>LABEL".
popup_find() { # WANTED
        popup_get actions | awk -F'\t' -v wanted="$1" '
                { key = $1; sub(/:[0-9]+$/, "", key) }
                $2 == wanted || key == wanted { label = $2; at = n }
                { rows++; if (key != "default") n++ }
                END {
                        if (label == "")
                                exit 1
                        # A card with nothing but a default has that as its only choice.
                        printf "%d\t%d\t%s\n", at, n ? n : 1, label
                }' || {
                echo "the last card has no action $1 but: $(popup_get actions | tr '\t\n' '= ')" >&2
                return 1
        }
}

popup_place() { # "X Y WIDTH HEIGHT"
        [ -n "$1" ] || return 1
        read -r popup_X popup_Y popup_WIDTH popup_HEIGHT <<<"$1"
}

# The card is what is not the plain colour of the screen.
popup_window_wayland() {
        local shot=$RIG_DIR/window.png box
        rig-shot "$shot" || return 1
        box=$(convert "$shot" -trim -format '%X %Y %w %h' info: 2>/dev/null | tr -d +)
        [[ "$box" == [0-9]* ]] && popup_place "$box" && [ "$popup_WIDTH" -gt 60 ]
}

popup_window_gnome() {
        popup_place "$(rig-eval '(b => !b ? "" : b.get_transformed_position().concat(b.get_transformed_size()).map(Math.round).join(" "))(Main.messageTray._banner)')"
}

popup_window() { # SERVER
        local class id geometry
        case $1 in
        dunst) class=Dunst ;;
        xfce4-notifyd) class=xfce4-notifyd ;;
        notification-daemon) class=notification-daemon ;;
        mate) class=mate-notification-daemon ;;
        lxqt) class=lxqt-notificationd ;;
        plasma) class=plasmawindowed ;;
        mako | swaync | gnome-shell) class='' ;;
        *) return 1 ;;
        esac
        case $1 in
        mako | swaync) popup_window_wayland && return 0 ;;
        gnome-shell) popup_window_gnome && return 0 ;;
        *) for id in $(xdotool search --onlyvisible --class "$class" 2>/dev/null | sort -rn); do
                # The window that is always there is the applet, which outside its panel does not know where the
                # screen ends.
                if [ "$1" = plasma ]; then
                        if [ "$(xdotool getwindowname "$id")" = Notifications ]; then
                                xdotool windowmove "$id" 20 220
                                continue
                        fi
                        xdotool windowmove "$id" 300 20 sleep .1
                fi
                geometry=$(xdotool getwindowgeometry --shell "$id" 2>/dev/null) || continue
                eval "$(sed 's/^/popup_/' <<<"$geometry")"
                # Qt draws a window before it has its size.
                [ "$popup_WIDTH" -gt 60 ] && [ "$popup_HEIGHT" -gt 30 ] && return 0
        done ;;
        esac
        echo "no window of $1 is on screen" >&2
        return 1
}

# Where the labels of the last row of a card stand: centres "X Y" on the screen, from left to right.
popup_buttons() { # SERVER COUNT
        local shot=$RIG_DIR/buttons.png
        popup_window "$1" || return 1
        if [ "$1" = gnome-shell ]; then
                popup_hover "$1"
                rig-eval '(b => b && b.expanded && b._buttonBox ? b._buttonBox.get_children().map(c => { let [x, y] = c.get_transformed_position(), [w, h] = c.get_transformed_size(); return Math.round(x + w / 2) + " " + Math.round(y + h / 2) }).join(",") : "")(Main.messageTray._banner)' |
                        tr , '\n' | grep .
                return
        fi
        rig-shot "$shot"
        convert "$shot" -crop "${popup_WIDTH}x$popup_HEIGHT+$popup_X+$popup_Y" +repage -depth 8 gray:- |
                python3 "$popup_here/find-buttons.py" "$popup_WIDTH" "$popup_HEIGHT" "$popup_X" "$popup_Y" "$2"
}

popup_hover() { # SERVER
        local x
        [ "$1" = gnome-shell ] || return 0
        popup_window "$1" 2>/dev/null || return 1
        rig-eval "if (!global.pointer) { const C = imports.gi.Clutter; global.pointer = C.get_default_backend().get_default_seat().create_virtual_device(C.InputDeviceType.POINTER_DEVICE) }" >/dev/null
        [ "$(rig-eval '!!Main.messageTray._banner && Main.messageTray._banner.expanded')" = true ] && return 0
        # A card that came to lie under a pointer at rest waits for it to leave and come back.
        for x in $((popup_X - 20)) $((popup_X + 60)); do
                rig-eval "global.pointer.notify_absolute_motion(GLib.get_monotonic_time(), $x, $((popup_Y + 20)))" >/dev/null
                sleep .15
        done
        sleep .2
}

# A click and out of the way.
popup_pointer() { # SERVER X Y
        case $1 in
        mako | swaync) python3 "$popup_here/wl-pointer.py" $(swaymsg -t get_outputs 2>/dev/null |
                python3 -c 'import json, sys; r = json.load(sys.stdin)[0]["rect"]; print(r["width"], r["height"])') "$2" "$3" ;;
        gnome-shell)
                popup_hover "$1"
                rig-eval "global.pointer.notify_absolute_motion(GLib.get_monotonic_time(), $2, $3)" >/dev/null
                sleep .2
                rig-eval 'global.pointer.notify_button(GLib.get_monotonic_time(), 1, imports.gi.Clutter.ButtonState.PRESSED)' >/dev/null
                rig-eval 'global.pointer.notify_button(GLib.get_monotonic_time(), 1, imports.gi.Clutter.ButtonState.RELEASED)' >/dev/null
                sleep .1
                rig-eval 'global.pointer.notify_absolute_motion(GLib.get_monotonic_time(), 2, 440)' >/dev/null
                ;;
        *) xdotool mousemove "$2" "$3" sleep 0.15 click 1 sleep 0.05 mousemove 2 2 ;;
        esac
}

popup_click_button() { # SERVER INDEX OF
        local -a at
        local i
        # A card that has just come may still be moving or fading in.
        for i in $(seq 20); do
                mapfile -t at < <(popup_buttons "$1" "$3" 2>/dev/null)
                [ "${#at[@]}" = "$3" ] && break
                sleep .15
        done
        if [ "${#at[@]}" != "$3" ]; then
                echo "$1 draws ${#at[@]} buttons where $3 were wanted" >&2
                return 1
        fi
        # shellcheck disable=SC2086
        popup_pointer "$1" ${at[$2]}
}

click_action() { # SERVER WANTED
        local found index of label
        found=$(popup_find "$2") || return 1
        IFS=$'\t' read -r index of label <<<"$found"
        printf '%s' "$label" >"$RIG_DIR/pick"
        rm -f "$RIG_DIR/menu"
        case $1 in
        dunst) dunstctl context ;;
        mako) makoctl menu "$popup_here/popup-pick" ;;
        *) popup_click_button "$1" "$index" "$of" ;;
        esac
}

click_body() { # SERVER
        popup_window "$1" || return 1
        popup_pointer "$1" $((popup_X + popup_WIDTH - 14)) $((popup_Y + 14))
}

popup_cross() { # SERVER LEFT DOWN, from the upper right corner
        popup_window "$1" || return 1
        popup_pointer "$1" $((popup_X + popup_WIDTH - $2)) $((popup_Y + $3))
}

popup_dismiss() { # SERVER
        case $1 in
        dunst) dunstctl close ;;
        mako) makoctl dismiss ;;
        # There a click on the card is its default action: the cross in the corner.
        lxqt | notification-daemon) popup_cross "$1" 23 28 ;;
        mate) popup_cross "$1" 31 26 ;;
        swaync) popup_cross "$1" 25 19 ;;
        gnome-shell) popup_cross "$1" 23 23 ;;
        plasma) popup_cross "$1" 15 15 ;;
        *) click_body "$1" ;;
        esac
}

popup_shown() { # SERVER
        case $1 in
        dunst) dunstctl count displayed ;;
        *) if popup_window "$1" 2>/dev/null; then echo 1; else echo 0; fi ;;
        esac
}

# Plasma's lasts as long as the program that asked for it is on the bus.
popup_dnd_plasma() {
        if [ "$1" = on ]; then
                /usr/bin/python3 -c '
from gi.repository import Gio, GLib
bus = Gio.bus_get_sync(Gio.BusType.SESSION)
bus.call_sync("org.freedesktop.Notifications", "/org/freedesktop/Notifications", "org.freedesktop.Notifications", "Inhibit",
              GLib.Variant("(ssa{sv})", ("org.ebbd.Ebb", "Learning", {})), None, 0, 5000)
print("on", flush=True)
GLib.MainLoop().run()' >"$RIG_DIR/inhibit" &
                echo $! >"$RIG_DIR/inhibit.pid"
                for _ in $(seq 50); do
                        grep -q on "$RIG_DIR/inhibit" && return 0
                        sleep .1
                done
                return 1
        fi
        kill "$(cat "$RIG_DIR/inhibit.pid")"
}

popup_dnd() { # SERVER on|off
        local on=false
        [ "$2" = on ] && on=true
        case $1 in
        dunst) dunstctl set-paused $on ;;
        mako) if $on; then makoctl mode -s dnd; else makoctl mode -s default; fi ;;
        xfce4-notifyd) xfconf-query -c xfce4-notifyd -p /do-not-disturb -n -t bool -s $on ;;
        mate) gsettings set org.mate.NotificationDaemon do-not-disturb $on ;;
        lxqt)
                mkdir -p "$XDG_CONFIG_HOME/lxqt"
                printf '[General]\ndoNotDisturb=%s\n' $on >"$XDG_CONFIG_HOME/lxqt/notifications.conf"
                ;;
        swaync) if $on; then swaync-client -dn; else swaync-client -df; fi ;;
        gnome-shell) gsettings set org.gnome.desktop.notifications show-banners "$($on && echo false || echo true)" ;;
        plasma) popup_dnd_plasma "$2" ;;
        *) return 2 ;;
        esac >/dev/null
        # The setting reaches the server by a way of its own.
        sleep 1.2
}

popup_shot() { # NAME
        [ -n "${EBB_ARTEFACTS:-}" ] || return 0
        mkdir -p "$EBB_ARTEFACTS"
        sleep .3
        popup_hover "$RIG_SERVER"
        rig-shot "$EBB_ARTEFACTS/$RIG_SERVER-$1.png"
}
