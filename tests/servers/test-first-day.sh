#!/bin/bash
# The main job, end to end: a table is imported, a card comes as a notification on a real server, is answered and graded there by
# real clicks, and returns on the day that the published vectors say, although the daemon was killed twice on the way.
#
#   test-first-day.sh SERVER EBBD EBB EBB-NOTIFY READERS SOURCE       SERVER as in notify-rig.sh, or "terminal" for tmux
#
# Screenshots go to EBB_ARTEFACTS, or to EBB_SCREENSHOTS. Exit status 77 when the server is not installed.
set -u
here=$(cd "$(dirname "$0")" && pwd)
server=$1 ebbd=$2 ebb=$3 source=$6
export EBB_NOTIFY=$4 EBB_LIBEXEC=$5
export EBB_ARTEFACTS=${EBB_ARTEFACTS:-${EBB_SCREENSHOTS:-}}

if [ -z "${RIG_DIR:-}" ]; then
        case $server in
        dunst) need="dunst dunstctl Xvfb openbox import" ;;
        mako) need="mako makoctl sway grim" ;;
        xfce4-notifyd) need="/usr/lib/*/xfce4/notifyd/xfce4-notifyd Xvfb openbox xdotool import convert" ;;
        terminal) need="tmux" ;;
        *) exit 2 ;;
        esac
        # shellcheck disable=SC2086 # the paths are patterns
        for program in $need busctl python3 dbus-daemon; do
                command -v "$program" >/dev/null && continue
                echo "skip $server: $program is not installed"
                exit 77
        done
        # shellcheck source=tests/servers/popup.bash
        . "$here/popup.bash"
        conf=$(mktemp)
        trap 'rm -f "$conf"' EXIT
        popup_dunst_conf "$conf"
        rig=$server
        [ "$server" != terminal ] || rig=none
        DUNST_CONF=$conf timeout 150 "$here/notify-rig.sh" -g 800x450 "$rig" -- "$0" "$@"
        exit $?
fi

# shellcheck source=tests/servers/popup.bash
. "$here/popup.bash"
passed=0 failed=0 pid=
log=$RIG_DIR/ebbd.log
export TZ=UTC

result() { # CLAIM STATUS
        if [ "$2" = 0 ]; then
                passed=$((passed + 1))
                echo "ok $1"
        else
                failed=$((failed + 1))
                tail -5 "$log" | sed 's/^/  ebbd: /'
                echo "FAIL $1"
        fi
}

start() {
        # The bus notices the end of the last one on its own time.
        for _ in $(seq 50); do
                busctl --user status org.ebbd.Ebb1 >/dev/null 2>&1 || break
                sleep .1
        done
        "$ebbd" >>"$log" 2>&1 &
        pid=$!
        for _ in $(seq 100); do
                busctl --user status org.ebbd.Ebb1 >/dev/null 2>&1 && return 0
                sleep .1
        done
        echo "ebbd has not come up" >&2
        return 1
}

kill_hard() {
        kill -9 "$pid"
        wait "$pid" 2>/dev/null
}

fact() { # COMMAND... KEY: the value in a line KEY<TAB>VALUE
        "$ebb" "${@:1:$#-1}" 2>>"$log" | awk -F'\t' -v key="${!#}" '$1 == key { print $2 }'
}

waits() { # KEY VALUE: until `ebb status` says so
        for _ in $(seq 100); do
                [ "$(fact status "$1")" = "$2" ] && return 0
                sleep .1
        done
        echo "$1 is $(fact status "$1"), not $2" >&2
        return 1
}

# The icon is found as in an installed program.
mkdir -p "$XDG_DATA_HOME/icons/hicolor/scalable/apps"
cp "$source/systemd/icons/org.ebbd.Ebb.svg" "$XDG_DATA_HOME/icons/hicolor/scalable/apps/"
trap 'kill "$pid" "$(cat "$RIG_DIR/monitor.pid" 2>/dev/null)" 2>/dev/null' EXIT

# A slot that begins with this minute, and no quiet hours, whatever the time is.
slot=$(date +%H:%M)
mkdir -p "$XDG_CONFIG_HOME/ebb"
cat >"$XDG_CONFIG_HOME/ebb/ebb.conf" <<X
[remind]
slots = $slot
slots-weekend = $slot
quiet = 00:00-00:00
settle = 15s
X

start || exit 1
[ "$(fact import "$source/tests/data/decks/open-anki-jlpt-n5.csv" -d Japanese added)" = 718 ]
result table_of_718_rows_is_imported $?
[ "$(fact import "$source/tests/data/decks/open-anki-jlpt-n5.csv" -d Japanese unchanged)" = 718 ]
result second_import_changes_nothing $?

# Without steps a first Good leads to S0(Good) = w2 = 2.3065 days, which is 2 whole ones, and no fuzz below 2.5.
"$ebb" deck options Default learning-steps=none >/dev/null
result steps_can_be_switched_off $?

if [ "$server" = terminal ]; then
        tmux -L "ebb$$" -f /dev/null new-session -d -x 60 -y 20 -s r "$ebb review; echo left: \$?; sleep 60"
        screen() { # PATTERN
                for _ in $(seq 100); do
                        tmux -L "ebb$$" capture-pane -p -t r | grep -qE -- "$1" && return 0
                        sleep .1
                done
                tmux -L "ebb$$" capture-pane -p -t r >&2
                return 1
        }
        screen 'ああ'
        result question_is_shown $?
        tmux -L "ebb$$" send-keys -t r Space
        screen 'Ah!, Oh!'
        result answer_is_shown $?
        kill_hard
        start
        tmux -L "ebb$$" send-keys -t r 3
        screen '会う|left: '
        result grading_goes_on_after_the_daemon_was_killed $?
        [ "$(fact show 1 reps)" = 1 ] || tmux -L "ebb$$" capture-pane -p -t r
        tmux -L "ebb$$" send-keys -t r q
        screen 'left: 0'
        result terminal_is_left_in_order $?
        tmux -L "ebb$$" kill-server
else
        popup_watch || exit 1
        popup_wait 1 30 && waits OnScreen question
        result question_comes_by_itself_at_its_time $?
        "$ebb" why | grep -q "asked: 20 cards are due"
        result reason_is_told $?
        popup_shot first-question
        click_action "$server" "Show answer"
        waits OnScreen answer
        result click_shows_the_answer $?

        kill_hard
        start
        waits ReviewedToday 0
        result daemon_killed_before_the_grade_has_not_graded $?
        n=$(popup_count)
        "$ebb" next --popup
        popup_wait $((n + 1)) && waits OnScreen question
        result card_can_be_called_after_the_restart $?
        sleep .4
        click_action "$server" "Show answer"
        waits OnScreen answer
        sleep .4
        popup_shot first-answer
        popup_get actions | grep -qx $'good:[0-9]*\tGood 2d'
        result button_says_what_it_promises $?
        click_action "$server" good
        waits ReviewedToday 1
        result click_on_good_is_a_review $?
fi

kill_hard
start
[ "$(fact status ReviewedToday)" = 1 ] && [ "$(fact show 1 reps)" = 1 ]
result grade_outlives_the_daemon $?

# The learner's day begins at four.
due=$(date -u -d "$(date -u -d "4 hours ago" +%F) + 2 days" +%F)
[[ "$(fact show 1 due)" == "$due"* ]] || echo "  due $(fact show 1 due), expected $due"
[[ "$(fact show 1 due)" == "$due"* ]]
result card_is_due_on_the_day_of_the_vectors $?
[ "$(fact verify differences)" = 0 ]
result collection_agrees_with_its_operations $?

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
