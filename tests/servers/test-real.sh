#!/bin/bash
# A review on a real notification server: question, answer, each of the four grades, the next card, and what can go
# wrong on the way. Real clicks, or the server's own menu where it draws no buttons.
#
#   test-real.sh SERVER REVIEW-DRIVER EBB-NOTIFY        SERVER as in notify-rig.sh
#
# Screenshots go to EBB_ARTEFACTS, or to EBB_SCREENSHOTS. Exit status 77 when the server is not installed.
set -u
here=$(cd "$(dirname "$0")" && pwd)
export EBB_ARTEFACTS=${EBB_ARTEFACTS:-${EBB_SCREENSHOTS:-}}

if [ -z "${RIG_DIR:-}" ]; then
        case $1 in
        dunst) need="dunst dunstctl Xvfb openbox import convert" ;;
        mako) need="mako makoctl sway grim" ;;
        xfce4-notifyd) need="/usr/lib/*/xfce4/notifyd/xfce4-notifyd Xvfb openbox xdotool import convert" ;;
        notification-daemon) need="/usr/lib/notification-daemon/notification-daemon Xvfb openbox xdotool import convert" ;;
        mate) need="/usr/lib/mate-notification-daemon/mate-notification-daemon Xvfb openbox xdotool import convert" ;;
        lxqt) need="lxqt-notificationd Xvfb openbox xdotool import convert" ;;
        *) exit 2 ;;
        esac
        # shellcheck disable=SC2086 # the paths are patterns
        for program in $need busctl python3 dbus-daemon; do
                command -v "$program" >/dev/null && continue
                echo "skip $1: $program is not installed"
                exit 77
        done
        # shellcheck source=tests/servers/popup.bash
        . "$here/popup.bash"
        conf=$(mktemp)
        trap 'rm -f "$conf"' EXIT
        popup_dunst_conf "$conf"
        DUNST_CONF=$conf timeout 170 "$here/notify-rig.sh" -g 800x450 "$1" -- "$0" "$@" &
        rig=$!
        trap 'kill "$rig"' TERM INT # it takes server and screen with it
        wait "$rig"
        exit $?
fi

server=$1 driver=$2
export EBB_NOTIFY=$3
. "$here/popup.bash"
passed=0 failed=0
out=$RIG_DIR/driver.out

result() { # CLAIM STATUS
        if [ "$2" = 0 ]; then
                passed=$((passed + 1))
                echo "ok $1"
        else
                failed=$((failed + 1))
                sed 's/^/  /' "$out"
                echo "FAIL $1"
        fi
}

# Until the driver has said LINE, a pattern for a whole line.
said() { # LINE SECONDS
        local i
        for i in $(seq $((${2:-10} * 10))); do
                grep -qxE -- "$1" "$out" && return 0
                sleep .1
        done
        echo "  the driver did not say: $1" >&2
        return 1
}

mkfifo "$RIG_DIR/say"
exec 9<>"$RIG_DIR/say"
popup_watch || exit 1
"$driver" 4 <"$RIG_DIR/say" >"$out" 2>"$RIG_DIR/driver.err" &
driver_pid=$!
trap 'kill "$driver_pid" "$(cat "$RIG_DIR/monitor.pid")" 2>/dev/null' EXIT

# Card 1: the plain way.
said 'shown 1 question'
result question_is_shown $?
popup_shot 1-question
body=$(popup_get body)
[[ "$body" == "What does the stability of a memory"* ]]
result question_stands_in_the_body $?

# LXQt has room for three: there Hard is left to the command.
grades=(again hard good easy)
[ "$server" = lxqt ] && grades=(again good easy good)

generation=1
for i in 0 1 2 3; do
        grade=${grades[i]}
        if [ "$i" = 1 ]; then
                # Dismissed is "later": never a grade, and it can come back.
                popup_dismiss "$server"
                said "closed $generation [24]"
                result dismissing_is_told_as_such_and_is_no_action $?
                echo again >&9
                generation=$((generation + 1))
                said "shown $generation question"
                result dismissed_card_can_be_shown_again $?
        fi
        if [ "$i" = 2 ]; then
                rig-restart
                said 'server none'
                for _ in $(seq 100); do
                        [ "$(grep -cx "shown $generation question" "$out")" = 2 ] && break
                        sleep .1
                done
                [ "$(grep -cx "shown $generation question" "$out")" = 2 ]
                result restarted_server_shows_the_card_again $?
                sleep .5
        fi
        if [ "$i" = 3 ]; then
                # Frozen while the answer is on its way, as by a key binding.
                server_pid=$(cat "$RIG_DIR/server.pid")
                kill -STOP "$server_pid"
                echo show-answer >&9
                said 'error The notification server .* did not answer.*' 12
                result frozen_server_is_noticed $?
                kill -CONT "$server_pid"
        else
                click_action "$server" "Show answer"
                said "action $generation show"
                result "question_${i}_is_answered_by_a_click" $?
        fi
        generation=$((generation + 1))
        said "shown $generation answer" 20
        result "answer_${i}_is_shown" $?
        if [ "$i" = 3 ]; then
                sleep 1
                [ "$(popup_shown "$server")" = 1 ]
                result thawed_server_shows_one_card $?
        fi
        popup_shot "$((i + 1))-answer"
        click_action "$server" "$grade"
        said "action $generation $grade"
        result "click_on_${grade}_of_card_${i}_is_told_as_that_grade" $?
        generation=$((generation + 1))
        [ "$i" = 3 ] || {
                said "shown $generation question"
                result "card_$((i + 1))_follows" $?
                popup_shot "$((i + 2))-question"
        }
done

said "shown $generation closing"
result closing_line_is_shown $?
popup_shot 5-closing
said "closed $generation 1"
result closing_line_goes_by_itself $?
said 'done [0-9]+'
late=$(sed -n 's/^done //p' "$out")
[ "${late:-999}" -le 50 ]
result "no_timer_was_later_than_50_ms_but_${late:-?}" $?
wait "$driver_pid"
sleep .5
[ "$(popup_shown "$server")" = 0 ]
result screen_is_empty_at_the_end $?
[ "$(grep -c '^action' "$out")" = 7 ]
result every_click_counted_once $?
if [ -s "$RIG_DIR/driver.err" ]; then
        sed 's/^/  stderr: /' "$RIG_DIR/driver.err"
fi

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
