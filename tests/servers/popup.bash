# popup.bash - see and click the notifications of a real server inside notify-rig.sh. To be sourced.
#
#   notify-rig.sh dunst -- bash -c '. tests/servers/popup.bash; popup_watch; ...; click_action dunst "Good 4d"'
#
# Needs what the rig sets: RIG_DIR, RIG_SERVER, DBUS_SESSION_BUS_ADDRESS, DISPLAY or WAYLAND_DISPLAY. SERVER is the
# rig's name for it: dunst, mako, xfce4-notifyd, notification-daemon, mate, lxqt. A rig for dunst is to be started with
# DUNST_CONF naming a file written by popup_dunst_conf.
#
#   popup_dunst_conf FILE          before the rig: a dunstrc whose menu is ours (RIG_DIR is read when it runs)
#   popup_watch                    start to note every Notify call; ends with the rig's bus
#   popup_wait N [SECONDS]         until N cards were posted since popup_watch (default 10 s)
#   popup_count                    how many were
#   popup_get WHAT                 of the last one: id-less facts "summary", "body", "expire", or "actions" (KEY<TAB>LABEL lines)
#   click_action SERVER WANTED     click the button whose key (without its tag, as "good") or label is WANTED:
#                                  a real pointer click where buttons are drawn, the server's own menu where not
#   click_body SERVER              click on the card itself (not on mako: no pointer there)
#   popup_dismiss SERVER           close it the way the learner would
#   popup_shown SERVER             how many notifications are on screen (dunst, mako, and those on X)
#   popup_shot NAME                screenshot EBB_ARTEFACTS/SERVER-NAME.png (nothing without EBB_ARTEFACTS)
#
# All return 0, or 1 with a sentence on stderr.

popup_here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

popup_dunst_conf() { # FILE
        printf '[global]\n    markup = full\n    dmenu = %s/popup-pick\n    mouse_left_click = do_action\n    mouse_middle_click = close_current\n' \
                "$popup_here" >"$1"
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

popup_window() { # SERVER
        local class id geometry
        case $1 in
        dunst) class=Dunst ;;
        xfce4-notifyd) class=xfce4-notifyd ;;
        notification-daemon) class=notification-daemon ;;
        mate) class=mate-notification-daemon ;;
        lxqt) class=lxqt-notificationd ;;
        *) return 1 ;;
        esac
        for id in $(xdotool search --onlyvisible --class "$class" 2>/dev/null | sort -rn); do
                geometry=$(xdotool getwindowgeometry --shell "$id" 2>/dev/null) || continue
                eval "$(sed 's/^/popup_/' <<<"$geometry")"
                [ "$popup_WIDTH" -gt 60 ] && [ "$popup_HEIGHT" -gt 30 ] && return 0
        done
        echo "no window of $1 is on screen" >&2
        return 1
}

# Where the labels of the last row of a card stand: centres "X Y" on the screen, from left to right.
popup_buttons() { # SERVER COUNT
        local shot=$RIG_DIR/buttons.png
        popup_window "$1" || return 1
        rig-shot "$shot"
        convert "$shot" -crop "${popup_WIDTH}x$popup_HEIGHT+$popup_X+$popup_Y" +repage -depth 8 gray:- |
                python3 "$popup_here/find-buttons.py" "$popup_WIDTH" "$popup_HEIGHT" "$popup_X" "$popup_Y" "$2"
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
        xdotool mousemove ${at[$2]} sleep 0.15 click 1 sleep 0.05 mousemove 2 2
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

popup_click_at() { # X Y, in the window found last
        xdotool mousemove $((popup_X + $1)) $((popup_Y + $2)) sleep 0.15 click 1 sleep 0.05 mousemove 2 2
}

click_body() { # SERVER
        popup_window "$1" || return 1
        popup_click_at $((popup_WIDTH - 14)) 14
}

popup_dismiss() { # SERVER
        case $1 in
        dunst) dunstctl close ;;
        mako) makoctl dismiss ;;
        # There a click on the card is its default action: the cross in the corner.
        lxqt | notification-daemon) popup_window "$1" && popup_click_at $((popup_WIDTH - 23)) 28 ;;
        mate) popup_window "$1" && popup_click_at $((popup_WIDTH - 31)) 26 ;;
        *) click_body "$1" ;;
        esac
}

popup_shown() { # SERVER
        case $1 in
        dunst) dunstctl count displayed ;;
        mako) makoctl list | python3 -c 'import json, sys; print(sum(map(len, json.load(sys.stdin)["data"])))' ;;
        *) if popup_window "$1" 2>/dev/null; then echo 1; else echo 0; fi ;;
        esac
}

popup_shot() { # NAME
        [ -n "${EBB_ARTEFACTS:-}" ] || return 0
        mkdir -p "$EBB_ARTEFACTS"
        sleep .3
        rig-shot "$EBB_ARTEFACTS/$RIG_SERVER-$1.png"
}
