#!/bin/bash
# The review in a real terminal (tmux), against the stand-in for the daemon.
#
#   test-review.sh          needs $EBB, $FAKE_DAEMON; re-executes itself on a bus of its own
set -uo pipefail

for tool in tmux dbus-run-session; do
        if ! command -v "$tool" >/dev/null; then
                echo "skip: there is no $tool"
                exit 77
        fi
done
if [ -z "${EBB_TEST_BUS:-}" ]; then
        unset DBUS_SESSION_BUS_ADDRESS TMUX NO_COLOR
        EBB_TEST_BUS=1 exec dbus-run-session -- "$0" "$@" 2> >(grep -v 'fd limit' >&2)
fi

export LC_ALL=C.UTF-8 EBB
work=$(mktemp -d)
passed=0 failed=0 daemon='' problem=''
tm() {
        tmux -L "ebb-test-$$" -f /dev/null "$@"
}
cleanup() {
        tm kill-server 2>/dev/null
        [ -z "$daemon" ] || kill "$daemon" 2>/dev/null
        rm -rf "$work"
}
trap cleanup EXIT

daemon_start() { # [ACCIDENT]
        : >"$work/log"
        "$FAKE_DAEMON" "$@" >"$work/log" &
        daemon=$!
        for _ in $(seq 200); do
                grep -q ready "$work/log" && return
                sleep 0.02
        done
        problem="the stand-in does not start"
}

daemon_stop() {
        kill "$daemon" 2>/dev/null
        wait "$daemon" 2>/dev/null
        daemon=
}

# A terminal with a plain shell in it, in which the review is started by `start`.
terminal() { # COLUMNS ROWS
        tm -u new-session -d -x "$1" -y "$2" 'PS1="ebb> " exec bash --norc --noprofile'
        tm set-option -g remain-on-exit off
        sees "ebb>"
}

start() { # COMMAND
        tm send-keys -l "clear; stty -a >$work/before; $1; echo status=\$?; stty -a >$work/after; echo over"
        tm send-keys Enter
}

screen() {
        tm capture-pane -p
}

# Waits until the screen holds a text.
sees() { # TEXT
        local _
        for _ in $(seq 600); do
                screen 2>/dev/null | grep -qF -- "$1" && return
                sleep 0.02
        done
        problem="${problem:-not seen: \"$1\" on
$(screen)}"
}

lacks() { # TEXT
        screen | grep -qF -- "$1" && problem="${problem:-seen: \"$1\"}"
}

key() { # KEY...
        tm send-keys "$@"
}

logged() { # LINE
        local _
        for _ in $(seq 300); do
                grep -qxF -- "$1" "$work/log" && return
                sleep 0.02
        done
        problem="${problem:-not logged: \"$1\"}"
}

restored() { # [WORD]
        sees "${1:-over}"
        cmp -s "$work/before" "$work/after" || problem="${problem:-the terminal is not as it was}"
        [ "$(tm display-message -p '#{alternate_on}#{cursor_flag}')" = 01 ] ||
                problem="${problem:-alternate screen left on, or cursor hidden}"
}

finish() { # CLAIM
        tm kill-server 2>/dev/null
        daemon_stop
        if [ -z "$problem" ]; then
                passed=$((passed + 1))
                echo "ok $1"
        else
                failed=$((failed + 1))
                echo "$problem" | sed 's/^/  /'
                echo "FAIL $1"
        fi
        problem=
}

for size in '80 24' '40 12' '20 10'; do
        read -r columns rows <<<"$size"
        daemon_start
        terminal "$columns" "$rows"
        start "$EBB review"
        sees '水'
        sees '1/5'
        lacks 'water'
        key Space
        sees 'water'
        sees 'みず'
        key 3
        logged 'grade 1 3'
        sees '2/5'
        key Space
        sees 'Nothing'
        key e
        logged 'grade 2 4'
        sees '日本語'
        key Space
        sees 'Wrapped between'
        key g
        logged 'grade 3 3'
        sees 'accent'
        key Space
        sees 'The end'
        key h
        logged 'grade 4 2'
        sees 'A long answer?'
        key Space
        sees '1 one'
        key NPage NPage NPage NPage NPage NPage NPage NPage NPage NPage NPage NPage
        sees '25 the last line'
        key 1
        logged 'grade 5 1'
        sees '5 reviews'
        sees forgotten
        sees 'status=0'
        restored
        finish "a_review_can_be_done_at_${columns}_columns"
done

daemon_start
terminal 40 12
start "$EBB review"
sees '水'
key Space
sees water
key 3
sees '2/5'
tm send-keys Space
sees 'Nothing'
# Were a sequence of the card to arrive, the screen would be cleared or coloured.
tm capture-pane -p -e | grep -q $'\033\[31m' && problem="${problem:-the card coloured the screen}"
[ "$(tm display-message -p '#{pane_title}')" != owned ] || problem="${problem:-the card set the title}"
sees 'What does'
finish cards_cannot_send_sequences_to_the_terminal

daemon_start
terminal 80 24
start "$EBB review"
sees '水'
tm resize-window -x 20 -y 10
sees 'space: answer'
key Space
sees 'e 4d'
lacks '4 Easy'
tm resize-window -x 80 -y 24
sees '4 Easy 4d'
finish the_screen_follows_the_size_of_the_terminal

daemon_start
terminal 80 24
start "$EBB review"
sees '水'
key 3
sees 'Look at the answer first'
key Space
sees water
key Space
sees 'How well did you know it?'
grep -q grade "$work/log" && problem="${problem:-a grade was given}"
finish no_key_grades_a_card_whose_answer_was_not_seen

daemon_start
terminal 80 24
start "$EBB review"
sees '水'
key Space
sees water
key 1
sees '2/5'
key u
logged 'undo 1'
sees 'Undone'
sees '1/5'
sees '水'
key f
logged 'Flag 1 1'
sees 'Flagged'
key s
logged 'Suspend 1 1'
sees 'Suspended card 1'
key b
logged 'Bury 2 1'
sees '日本語'
key k
sees 'accent'
key '?'
sees 'edit the note'
key x
sees 'accent'
key q
sees 'still due'
sees 'status=0'
restored
finish undo_flag_suspend_bury_skip_and_help_have_keys

daemon_start
terminal 80 24
start "$EBB review"
sees '水'
key k
sees 'What does'
key k
sees '日本語'
key k
sees 'accent'
key k
sees 'A long answer?'
key k
sees '水'
key Space
sees water
key 3
logged 'grade 1 3'
finish skipped_cards_come_after_all_others

daemon_start
terminal 80 24
cat >"$work/editor" <<'X'
#!/bin/sh
sed -i 's/^<b>bold<.b>$/plain/' "$1"
X
chmod +x "$work/editor"
start "EDITOR=$work/editor $EBB review"
sees '水'
key E
logged 'edit 101 Back=plain'
sees 'Saved.'
key q
sees 'status=0'
restored
finish a_note_can_be_edited_from_within_the_review

daemon_start stale
terminal 80 24
start "$EBB review"
sees '水'
key Space
sees water
key 3
sees 'had changed meanwhile'
key Space
key q
sees 'status=0'
grep -q grade "$work/log" && problem="${problem:-a stale grade counted}"
finish a_card_that_changed_meanwhile_is_asked_again

daemon_start vanish
terminal 80 24
start "$EBB review"
sees '水'
key Space
sees water
key 3
sees '2/5'
key Space
key 3
sees 'status=4'
sees 'daemon is not running'
sees '1 grade of this review is saved'
restored
finish a_daemon_that_leaves_ends_the_review_with_a_sentence

daemon_start empty
terminal 80 24
start "$EBB review"
sees 'Nothing is due.'
sees 'status=3'
finish with_nothing_due_it_says_so

for signal in TERM INT HUP QUIT SEGV ABRT; do
        daemon_start
        terminal 80 24
        start "ulimit -c 0; $EBB review"
        sees '水'
        kill -"$signal" "$(pgrep -P "$(tm display-message -p '#{pane_pid}')")"
        # A shell forgets the rest of its line when what it runs is interrupted.
        sees 'ebb>'
        tm send-keys -l "stty -a >$work/after; echo set''tled"
        key Enter
        restored settled
        finish "the_terminal_is_restored_after_SIG$signal"
done

daemon_start
terminal 80 24
start "$EBB review"
sees '水'
key C-z
sees Stopped
[ "$(tm display-message -p '#{alternate_on}')" = 0 ] || problem="${problem:-still the full screen}"
tm send-keys -l 'clear; fg'
key Enter
sees '水'
sees 'space: answer'
key Space
sees water
key C-c
sees "ebb>"
[ "$(tm display-message -p '#{alternate_on}#{cursor_flag}')" = 01 ] || problem="${problem:-not restored}"
finish it_can_be_stopped_and_continued

daemon_start
terminal 40 12
start "TERM=dumb $EBB review"
sees 'Enter: answer'
key Enter
sees water
key 3 Enter
logged 'grade 1 3'
sees '2/5'
key q Enter
sees 'status=0'
restored
finish a_dumb_terminal_gets_plain_lines

daemon_start
output=$(printf '\n3\n\n1\nq\n' | "$EBB" review 2>&1)
[[ "$output" == *water* ]] || problem="no answer: $output"
[[ "$output" == *$'\033'* ]] && problem="${problem:-escape sequences in a pipe}"
logged 'grade 1 3'
logged 'grade 2 1'
finish a_review_can_be_scripted_through_pipes

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
