#!/bin/bash
# A question and its answer on each notification server, side by side in one picture.
#
#   contact-sheet.sh REVIEW-DRIVER EBB-NOTIFY OUT.png [SERVER...]
#
# A server that cannot be run is left out, and said.
set -u
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/servers/popup.bash
. "$here/popup.bash"

# One card, cut out of the screen with a little of what is around it.
card_shot() { # SERVER FILE
        for _ in $(seq 30); do
                popup_hover "$1" && popup_window "$1" 2>/dev/null && break
                sleep .2
        done
        sleep 1
        popup_window "$1" || return 1
        rig-shot "$RIG_DIR/whole.png"
        local m=10 x y w h
        # Below the card lies the applet in its window.
        [ "$1" = plasma ] && m=2
        x=$((popup_X - m)) y=$((popup_Y - m)) w=$((popup_WIDTH + 2 * m)) h=$((popup_HEIGHT + 2 * m))
        convert "$RIG_DIR/whole.png" -crop "${w}x$h+$((x > 0 ? x : 0))+$((y > 0 ? y : 0))" +repage "$2"
}

if [ "${1:-}" = --inside ]; then
        server=$2 driver=$3 folder=$5
        export EBB_NOTIFY=$4
        popup_watch || exit 1
        mkfifo "$RIG_DIR/say"
        exec 9<>"$RIG_DIR/say"
        "$driver" 4 <"$RIG_DIR/say" >"$RIG_DIR/driver.out" 2>&1 &
        trap 'kill '$!' "$(cat "$RIG_DIR/monitor.pid")"' EXIT
        popup_wait 1 && card_shot "$server" "$folder/$server-question.png" &&
                click_action "$server" "Show answer" && popup_wait 2 && card_shot "$server" "$folder/$server-answer.png"
        exit $?
fi

driver=$(realpath "$1") notify=$(realpath "$2") out=$3
shift 3
[ $# -gt 0 ] || set -- gnome-shell plasma xfce4-notifyd mate lxqt notification-daemon swaync dunst mako
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
popup_dunst_conf "$folder/dunst"
cells=()
for server in "$@"; do
        if ! DUNST_CONF=$folder/dunst timeout 60 "$here/notify-rig.sh" -g 800x450 "$server" -- \
                "$0" --inside "$server" "$driver" "$notify" "$folder" >"$folder/log" 2>&1; then
                echo "$server is left out: $(tail -1 "$folder/log")" >&2
                continue
        fi
        case $server in
        gnome-shell) title="GNOME Shell" ;;
        plasma) title="KDE Plasma" ;;
        xfce4-notifyd) title=Xfce ;;
        mate) title=MATE ;;
        lxqt) title=LXQt ;;
        *) title=$server ;;
        esac
        # Two cards under the name; all cells are equally wide.
        convert -background '#e9edf1' \( -size 540x34 -gravity center -fill '#24405c' -font DejaVu-Sans-Bold -pointsize 17 \
                caption:"$title" \) \( "$folder/$server-question.png" -resize '520x>' \) \( "$folder/$server-answer.png" -resize '520x>' \) \
                -gravity center -append "$folder/cell-$server.png"
        cells+=("$folder/cell-$server.png")
done
[ ${#cells[@]} -gt 0 ] || exit 1
montage "${cells[@]}" -background '#e9edf1' -gravity north -tile 3x -geometry +8+10 "$folder/sheet.png"
convert "$folder/sheet.png" -strip -colors 200 -define png:compression-level=9 "PNG8:$out"
