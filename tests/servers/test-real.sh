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
        mako) need="mako makoctl sway grim convert" ;;
        xfce4-notifyd) need="/usr/lib/*/xfce4/notifyd/xfce4-notifyd Xvfb openbox xdotool import convert" ;;
        notification-daemon) need="/usr/lib/notification-daemon/notification-daemon Xvfb openbox xdotool import convert" ;;
        mate) need="/usr/lib/mate-notification-daemon/mate-notification-daemon Xvfb openbox xdotool import convert" ;;
        lxqt) need="lxqt-notificationd Xvfb openbox xdotool import convert" ;;
        swaync) need="swaync swaync-client sway swaymsg grim convert" ;;
        gnome-shell) need="gnome-shell gjs gdbus gsettings" ;;
        plasma) need="plasmawindowed Xvfb openbox xdotool import convert" ;;
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
        conf=$(mktemp -d)
        trap 'rm -rf "$conf"' EXIT
        popup_dunst_conf "$conf/dunst"
        popup_mako_conf "$conf/mako"
        DUNST_CONF=$conf/dunst MAKO_CONF=$conf/mako timeout 170 \
                "$here/notify-rig.sh" -g 800x450 "$1" -- "$0" "$@" &
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
                if grep -qxE -- "$1" "$out"; then
                        # A learner who is there when a card comes looks at it.
                        [[ "$1" != shown* ]] || popup_hover "$server"
                        return 0
                fi
                sleep .1
        done
        echo "  the driver did not say: $1" >&2
        return 1
}

on_screen() { # COUNT: within 4 s, and then still
        local i
        for i in $(seq 20); do
                [ "$(popup_shown "$server")" = "$1" ] && break
                sleep .2
        done
        sleep .3
        [ "$(popup_shown "$server")" = "$1" ]
}

# Do Not Disturb on and off again: what the desktop holds back stays off the screen; some show it afterwards, on the
# others it is lost there, and asking again brings it.
disturb() {
        local after=0
        case $server in dunst | mako | plasma) after=1 ;; esac
        popup_dnd "$server" on
        case $? in
        0) ;;
        2) return 0 ;;
        *) result do_not_disturb_can_be_set 1 ;;
        esac
        echo again >&9
        generation=$((generation + 1))
        said "shown $generation question"
        on_screen 0
        result card_stays_off_the_screen_while_not_to_be_disturbed $?
        popup_dnd "$server" off
        on_screen $after
        result "after_that_the_server_shows_${after}_by_itself" $?
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

# LXQt and GNOME have room for three: there Hard is left to the command.
grades=(again hard good easy)
case $server in lxqt | gnome-shell) grades=(again good easy good) ;; esac

generation=1
for i in 0 1 2 3; do
        grade=${grades[i]}
        if [ "$i" = 1 ]; then
                # Dismissed is "later": never a grade, and it can come back.
                popup_dismiss "$server"
                said "closed $generation [24]"
                result dismissing_is_told_as_such_and_is_no_action $?
                disturb
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
                # A shell that is still starting may put the card into its list alone: asked for again, it comes.
                if [ "$server" = gnome-shell ] && ! on_screen 1; then
                        echo again >&9
                        generation=$((generation + 1))
                        said "shown $generation question"
                fi
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
                on_screen 1
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
on_screen 0
result screen_is_empty_at_the_end $?
[ "$(grep -c '^action' "$out")" = 7 ]
result every_click_counted_once $?
kill "$(cat "$RIG_DIR/inhibit.pid" 2>/dev/null)" 2>/dev/null
if [ -s "$RIG_DIR/driver.err" ]; then
        sed 's/^/  stderr: /' "$RIG_DIR/driver.err"
fi

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
