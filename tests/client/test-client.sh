#!/bin/bash
# What ebb prints and returns, against the stand-in for the daemon. Needs $EBB, $FAKE_DAEMON; runs on a bus of its own.
set -uo pipefail

if ! command -v dbus-run-session >/dev/null; then
        echo "skip: there is no dbus-run-session"
        exit 77
fi
if [ -z "${EBB_TEST_BUS:-}" ]; then
        unset DBUS_SESSION_BUS_ADDRESS NO_COLOR COLUMNS EDITOR VISUAL
        EBB_TEST_BUS=1 exec dbus-run-session -- "$0" "$@" 2> >(grep -v 'fd limit' >&2)
fi

export LC_ALL=C.UTF-8 TZ=UTC
work=$(mktemp -d)
passed=0 failed=0 daemon=''
trap '[ -z "$daemon" ] || kill "$daemon" 2>/dev/null; rm -rf "$work"' EXIT

daemon_start() { # [ACCIDENT]
        [ -z "$daemon" ] || { kill "$daemon" && wait "$daemon"; } 2>/dev/null
        : >"$work/log"
        "$FAKE_DAEMON" "$@" >"$work/log" 5<&- &
        daemon=$!
        for _ in $(seq 200); do
                grep -q ready "$work/log" && return
                sleep 0.02
        done
        echo "  the stand-in does not start"
}

# Runs ebb, its input being that of the caller; keeps what it said.
ebb() {
        "$EBB" "$@" >"$work/out" 2>"$work/err"
        status=$?
}

claim() { # NAME STATUS OUT [PART OF ERR]
        local out problem=
        out=$(cat "$work/out")
        [ "$status" = "$2" ] || problem="status $status, expected $2: $(cat "$work/err")"
        [ "$out" = "$3" ] || problem+="${problem:+; }printed $(printf %q "$out"), expected $(printf %q "$3")"
        if [ -n "${4:-}" ]; then
                grep -qF -- "$4" "$work/err" || problem+="${problem:+; }said $(cat "$work/err")"
        fi
        if [ -z "$problem" ]; then
                passed=$((passed + 1))
                echo "ok $1"
        else
                failed=$((failed + 1))
                echo "  $problem"
                echo "FAIL $1"
        fi
}

log_claim() { # NAME LINE...
        local name=$1 problem=
        shift
        for line in "$@"; do
                grep -qxF -- "$line" "$work/log" || problem+="not logged: $line; "
        done
        if [ -z "$problem" ]; then
                passed=$((passed + 1))
                echo "ok $name"
        else
                failed=$((failed + 1))
                echo "  $problem, but: $(cat "$work/log")"
                echo "FAIL $name"
        fi
}

tab=$'\t'

daemon_start
ebb due
claim due_prints_columns_to_a_pipe 0 "5${tab}0${tab}5${tab}0"
ebb due --json
claim due_prints_json 0 '{"due":5,"learning":0,"review":5,"new":0}'
ebb due -d Languages::Japanese
claim due_of_a_deck_is_that_of_the_deck 0 "2${tab}0${tab}2${tab}0"
ebb due --deck=Nowhere
claim a_deck_that_is_not_there_is_refused 5 "" 'There is no deck "Nowhere".'

ebb list -n 1
claim list_prints_columns_to_a_pipe 0 "1${tab}101${tab}Languages::Japanese${tab}review${tab}2023-11-14T22:13:20Z${tab}水"
ebb list -n 1 --json
claim list_prints_an_array 0 '[
{"card":1,"note":101,"deck":"Languages::Japanese","state":"review","due":"2023-11-14T22:13:20Z","question":"水"}
]'
"$EBB" list | grep -c $'[\033\007]' >"$work/out"
status=0
claim no_escape_sequence_of_a_card_leaves_in_a_list 0 0
ebb list nothing
claim no_match_is_status_3 3 ""
ebb list nothing --json
claim no_match_is_an_empty_array 3 '[]'
ebb list is:odd
claim a_bad_query_is_wrong_usage 2 "" '"is:odd" is no state'
ebb list -n x
claim a_bad_number_is_wrong_usage 2 "" 'no number'

ebb show 1
grep -q "^question${tab}水$" "$work/out" && grep -q "^answer${tab}みず\\\\nwater$" "$work/out" && echo yes >"$work/out"
claim show_prints_keys_and_escapes_newlines 0 yes
ebb show 77
claim a_card_that_is_not_there_is_refused 5 "" "There is no card 77."
ebb show x
claim what_is_no_number_of_a_card_is_wrong_usage 2 "" 'no number of a card'

ebb suspend 1 3-4
claim cards_can_be_named_by_numbers_and_ranges 0 3
log_claim suspended_cards_are_those_named "Suspend 1 1" "Suspend 3 1" "Suspend 4 1"
ebb unsuspend 1,3,4
claim numbers_can_have_commas_between 0 3
ebb flag 9 1
claim a_flag_is_0_to_7 2 "" "A flag is 0"
ebb bury deck:Default </dev/null
claim a_query_does_not_ask_without_a_terminal 0 5
ebb unbury nothing
claim a_query_without_a_match_changes_nothing 3 "" "No card matches."
ebb flag 3 1,99
claim one_unknown_card_refuses_all 5 "" "There is no card 99."

daemon_start
ebb add 'What < why & :: a :: b'
claim add_prints_the_note_and_its_cards 0 "106${tab}6,7"
log_claim text_becomes_html_and_the_last_field_takes_the_rest "add Basic|" "field Front=What &lt; why &amp;" "field Back=a :: b"
ebb add 'The {{c1::moon}}' -d Sea -t a -t b
log_claim a_cloze_is_seen_by_its_braces "add Cloze|Sea" "field Text=The {{c1::moon}}" "tag a" "tag b"
ebb add --html '<b>x</b> :: y'
log_claim html_is_taken_as_it_is "field Front=<b>x</b>"
ebb add 'no back'
claim a_front_alone_is_wrong_usage 2 "" "The back is missing"
ebb add ' :: back'
claim an_empty_front_is_wrong_usage 2 "" "The front is empty"
ebb add -n Nope 'a :: b'
claim an_unknown_note_type_is_refused 5 "" 'no note type "Nope"'
ebb add - < <(printf 'q1 :: a1\n\n  q2\nq3 :: a3\n')
claim lines_that_are_refused_are_named_and_the_others_added 1 "106${tab}6,7
106${tab}6,7" "Line 3: The back is missing"
ebb add - < <(printf 'a\0b :: c\n')
claim a_nul_is_refused 1 "" "Line 1: it holds a NUL"
ebb add $'\xff :: b'
claim invalid_utf8_is_refused_with_a_sentence 1 "" "no valid UTF-8"

cat >"$work/editor" <<'X'
#!/bin/sh
sed -i -e 's/^1 < 2$/1 < 3/' "$1"
X
chmod +x "$work/editor"
EDITOR=$work/editor ebb edit 1
claim an_edit_in_the_editor_is_saved 0 ""
log_claim text_is_shown_as_text_and_only_what_changed_is_sent "edit 101 Front=1 &lt; 3<br>&amp; so"
if grep -q 'edit 101 Back' "$work/log"; then status=1; else status=0; fi
claim a_field_that_stays_is_not_sent "$status" ""
EDITOR=true ebb edit 1
claim an_edit_without_a_change_is_status_3 3 "" "Nothing was changed"
TMPDIR=$work XDG_RUNTIME_DIR='' EDITOR='echo >' ebb edit 1
claim without_headings_the_text_is_kept 1 "" "What you wrote is kept in $work/ebb-note-"
TMPDIR=$work EDITOR=false ebb edit 1
claim an_editor_that_fails_is_named 1 "" 'The editor "false" failed'

ebb next
claim next_prints_the_card 0 "1${tab}0${tab}Languages::Japanese${tab}水"
ebb next -d Nope
claim next_of_an_unknown_deck_is_refused 5 "" 'There is no deck "Nope"'
ebb undo
claim nothing_to_undo_is_status_3 3 "" "nothing to undo"
ebb show-answer
claim nothing_on_screen_is_status_3 3 "" "no card on screen"
ebb answer excellent
claim what_is_no_grade_is_wrong_usage 2 "" 'not "excellent"'
ebb why
claim why_prints_columns 0 "2023-11-14T22:13:20Z${tab}no${tab}due${tab}3 cards are due, 5 are needed."
ebb status --waybar
claim waybar_gets_its_keys 0 '{"text":"5","tooltip":"5 due: 0 learning, 5 review, 0 new\nReviewed today: 0","class":"due"}'
ebb status --polybar
claim polybar_gets_a_text 0 "5 due"
ebb status --i3blocks
claim i3blocks_gets_a_long_and_a_short_text 0 "5 due
5"
ebb status --xbar
claim xbar_gets_a_text_and_a_menu 0 "5 due
---
5 due: 0 learning, 5 review, 0 new
Reviewed today: 0
Next card | shell=ebb param1=next param2=--popup terminal=false
Later | shell=ebb param1=later terminal=false"
ebb deck
claim decks_have_columns 0 "Default${tab}1${tab}2${tab}3${tab}10${tab}Default
Languages::Japanese${tab}0${tab}0${tab}2${tab}2${tab}Fast"
ebb stats
grep -cE "^(today_reviews${tab}4|week_reviews${tab}14|due_2026-11-23${tab}5|cards_total${tab}60|forecast_later${tab}7)$" "$work/out" >"$work/count"
mv "$work/count" "$work/out"
claim stats_sums_days 0 5
ebb notetypes
claim note_types_have_columns 0 "Basic${tab}Front,Back${tab}Card 1
Cloze${tab}Text,Extra${tab}Cloze"
ebb verify
claim an_older_daemon_is_named 1 "" "of another version"

# --follow: a line now, a line when something changes, off when the daemon leaves, and back again.
mkfifo "$work/fifo"
{
        "$EBB" status --follow >"$work/fifo"
        : >"$work/ended"
} &
exec 5<"$work/fifo"
read -r -t 5 line <&5
echo "$line" >"$work/out"
status=0
claim follow_begins_with_the_present 0 "5${tab}0${tab}5${tab}0${tab}idle"
printf '\n3\nq\n' | "$EBB" review >/dev/null
read -r -t 5 line <&5
echo "$line" >"$work/out"
claim follow_prints_a_line_at_a_change 0 "4${tab}0${tab}4${tab}0${tab}idle"
kill "$daemon"
wait "$daemon" 2>/dev/null
daemon=''
read -r -t 5 line <&5
echo "$line" >"$work/out"
claim follow_says_when_the_daemon_leaves 0 ""
daemon_start
read -r -t 5 line <&5
echo "$line" >"$work/out"
claim follow_goes_on_when_the_daemon_is_back 0 "5${tab}0${tab}5${tab}0${tab}idle"
exec 5<&-
status=1
for _ in $(seq 100); do
        [ -e "$work/ended" ] && status=0 && break
        sleep 0.02
done
: >"$work/out"
claim follow_ends_when_nobody_reads 0 ""

daemon_start empty
ebb due
claim nothing_due_is_status_3 3 "0${tab}0${tab}0${tab}0"
ebb next
claim nothing_to_show_is_status_3 3 ""
ebb review
claim a_review_of_nothing_is_status_3 3 "Nothing is due."
ebb status --waybar
claim with_nothing_due_the_bar_is_empty 0 '{"text":"","tooltip":"Nothing is due.\nReviewed today: 0","class":"idle"}'

daemon_start hostile
ebb flag 1 99
tr -dc '\033' <"$work/err" >"$work/out"
claim sentences_of_the_daemon_cannot_send_sequences 5 ""

kill "$daemon"
wait "$daemon" 2>/dev/null
daemon=''
ebb due
claim without_a_daemon_it_says_how_to_start_one 4 "" "systemctl --user start ebbd"
DBUS_SESSION_BUS_ADDRESS=unix:path=/nonexistent XDG_RUNTIME_DIR=/nonexistent ebb due
claim without_a_bus_it_says_what_to_do 4 "" "There is no session bus"

# A stale address, but the bus of the login is there.
socket=${DBUS_SESSION_BUS_ADDRESS#unix:path=}
socket=${socket%%,*}
if [ -S "$socket" ]; then
        daemon_start
        mkdir "$work/runtime"
        ln -s "$socket" "$work/runtime/bus"
        DBUS_SESSION_BUS_ADDRESS=unix:path=/nonexistent XDG_RUNTIME_DIR=$work/runtime ebb due
        claim a_bus_in_its_usual_place_is_found 0 "5${tab}0${tab}5${tab}0"
fi

ebb
claim without_a_verb_it_explains_itself 2 "$(cat "$work/out")"
ebb due extra
claim an_argument_too_many_is_wrong_usage 2 "" "takes no arguments"
ebb answer
claim an_argument_too_few_is_wrong_usage 2 "" "needs: GRADE"
ebb due --deck
claim an_option_without_its_value_is_wrong_usage 2 "" "needs its DECK"
if [ -e /dev/full ]; then
        "$EBB" help >/dev/full 2>"$work/err"
        status=$?
        : >"$work/out"
        claim a_full_disk_is_not_success 1 "" "Writing the output failed"
fi

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
