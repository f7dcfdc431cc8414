#!/bin/bash
# ebb and ebbd together, on a bus of their own: what is added, imported, reviewed and undone in one is there in the
# other, also after the daemon was killed. Needs $EBB, $EBBD, $EBB_LIBEXEC and $DECKS.
set -uo pipefail

if ! command -v dbus-run-session >/dev/null; then
        echo "skip: there is no dbus-run-session"
        exit 77
fi
if [ -z "${EBB_TEST_BUS:-}" ]; then
        unset DBUS_SESSION_BUS_ADDRESS NO_COLOR COLUMNS EDITOR VISUAL DISPLAY WAYLAND_DISPLAY TMUX
        EBB_TEST_BUS=1 exec dbus-run-session -- "$0" "$@" 2> >(grep -v 'fd limit' >&2)
fi

work=$(mktemp -d)
export LC_ALL=C.UTF-8 TZ=UTC HOME=$work XDG_RUNTIME_DIR=$work/run EBB EBB_LIBEXEC
unset XDG_CONFIG_HOME XDG_DATA_HOME XDG_STATE_HOME XDG_CACHE_HOME
mkdir -m 700 "$XDG_RUNTIME_DIR"
passed=0 failed=0 daemon='' problem=''
tm() {
        tmux -L "ebb-bus-test-$$" -f /dev/null "$@"
}
trap 'tm kill-server 2>/dev/null; [ -z "$daemon" ] || kill "$daemon" 2>/dev/null; rm -rf "$work"' EXIT

daemon_start() {
        local _
        "$EBBD" >>"$work/log" 2>&1 5<&- &
        daemon=$!
        for _ in $(seq 250); do
                "$EBB" version >/dev/null 2>&1 && return
                sleep 0.02
        done
        problem="ebbd does not start: $(tail -3 "$work/log")"
}

daemon_end() { # SIGNAL
        kill -"$1" "$daemon"
        wait "$daemon" 2>/dev/null
        daemon=''
}

# Runs ebb and compares its status and output; an output of * is not looked at.
expect() { # STATUS OUTPUT ARGUMENT...
        local status out want=$1 output=$2
        shift 2
        out=$("$EBB" "$@" 2>"$work/err")
        status=$?
        [ "$status" = "$want" ] || problem+="ebb $*: status $status, expected $want: $(cat "$work/err"); "
        [ "$output" = '*' ] || [ "$out" = "$output" ] || problem+="ebb $*: $(printf %q "$out"), expected $(printf %q "$output"); "
}

finish() { # CLAIM
        if [ -z "$problem" ]; then
                passed=$((passed + 1))
                echo "ok $1"
        else
                failed=$((failed + 1))
                head -c 2000 <<<"  $problem"
                echo "FAIL $1"
        fi
        problem=''
}

tab=$'\t'
daemon_start

expect 3 "0${tab}0${tab}0${tab}0" due
expect 3 '' list
expect 3 '' next
finish an_empty_collection_has_nothing_due

out=$("$EBB" hush until 2999-12-31 2>&1) && problem+="a hush of centuries is taken: $out; "
out=$("$EBB" hush 90m)
[[ "$out" =~ ^20[0-9-]+T[0-9:]+Z$ ]] || problem+="hush 90m: $out; "
status=$("$EBB" status)
[[ "$status" == *"HushedUntil${tab}$out"* ]] || problem+="status does not say until when: $status; "
expect 0 '' hush off
expect 2 '' hush tomorrow
expect 2 '' hush for 90m
finish hush_says_until_when_and_status_too

expect 0 "1${tab}1" add 'Capital of France? :: Paris' -d Geo::Europe -t city
expect 0 "2${tab}2,3" add 'The {{c1::moon}} pulls the {{c2::tide}}'
expect 0 "3${tab}4" add $'1 < 2 & so :: first\nsecond'
expect 0 "4${tab}0${tab}0${tab}4" due
expect 0 "1${tab}0${tab}0${tab}1" due -d Geo
expect 0 "1${tab}1${tab}Geo::Europe${tab}new${tab}${tab}Capital of France?" list tag:city
expect 0 "4${tab}3${tab}Default${tab}new${tab}${tab}1 < 2 & so" list -- -deck:Geo -note:Cloze
out=$("$EBB" show 4)
[[ "$out" == *"answer${tab}first\\nsecond"* ]] || problem+="show: $out"
finish added_notes_are_found_and_shown_as_they_were_written

printf '\n3\nq\n' | "$EBB" review -d Geo >"$work/out" 2>&1
grep -q Paris "$work/out" || problem+="the answer was not shown"
out=$("$EBB" history 1 | cut -f2,3,8)
[ "$out" = "review${tab}3${tab}no" ] || problem+="history: $out"
expect 0 '*' undo
expect 0 '*' redo
expect 0 '*' undo
out=$("$EBB" history 1 | cut -f2,3,8)
[ "$out" = "review${tab}3${tab}yes" ] || problem+="history after undo: $out"
expect 0 "4${tab}0${tab}0${tab}4" due
finish a_review_is_recorded_and_undone

cat >"$work/editor" <<'X'
#!/bin/sh
sed -i 's/^Paris$/Paris, on the Seine/' "$1"
X
chmod +x "$work/editor"
EDITOR=$work/editor expect 0 '' edit 1
[[ "$("$EBB" show 1)" == *'Paris, on the Seine'* ]] || problem+="not edited; "
EDITOR=true expect 3 '' edit 1
finish an_edit_changes_the_card

expect 0 1 suspend 1
expect 0 "3${tab}0${tab}0${tab}3" due
expect 3 0 suspend 1
expect 0 1 unsuspend is:suspended
expect 0 2 bury 1 2
expect 0 2 unbury is:buried
expect 0 1 flag 3 1
expect 0 "1${tab}1${tab}Geo::Europe${tab}new${tab}${tab}Capital of France?" list flag:3
expect 0 1 move 1 Other
expect 0 1 tag add a,b 1
expect 0 "a${tab}1
b${tab}1
city${tab}1" tag
expect 0 1 tag remove a,b 1
expect 5 '' suspend 1 999
expect 5 '' delete 999
expect 0 1 delete 1
expect 5 '' show 1
expect 0 '*' undo
expect 0 '*' show 1
finish cards_are_changed_by_number_and_query

expect 0 '' deck create A::B
expect 5 '' deck create A::B
expect 0 '' deck rename A::B A::C
expect 0 '' deck options Fast new-per-day=7 learning-steps='1m 20m'
expect 2 '' deck options Fast desired-retention=2
expect 0 '' deck preset A::C Fast
out=$("$EBB" deck options Fast | grep -E '^(new-per-day|learning-steps)' | cut -f1,2)
[ "$out" = "learning-steps${tab}1m 20m
new-per-day${tab}7" ] || problem+="options: $out"
expect 0 '' deck delete A::C
finish decks_and_presets_are_changed

# Notes of the file: 718 records, each with its guid.
deck=$DECKS/open-anki-jlpt-n5.csv
added="added${tab}718
updated${tab}0
unchanged${tab}0
kept${tab}0
refused${tab}0"
out=$("$EBB" import --dry-run "$deck" -d JLPT | grep -v ^backup)
[ "$out" = "$added" ] || problem+="dry run: $out; "
expect 3 '' list deck:JLPT
out=$("$EBB" import "$deck" -d JLPT | grep -v ^backup)
[ "$out" = "$added" ] || problem+="import: $out; "
[ "$("$EBB" list deck:JLPT | wc -l)" = 718 ] || problem+="not 718 cards; "
expect 3 '*' import "$deck" -d JLPT
[ "$("$EBB" list deck:JLPT | wc -l)" = 718 ] || problem+="not 718 cards the second time; "
finish an_import_is_complete_and_repeatable

"$EBB" export -o "$work/first.txt" -d JLPT
"$EBB" export -d JLPT >"$work/second.txt"
cmp -s "$work/first.txt" "$work/second.txt" || problem+="a file and a pipe differ; "
expect 3 '*' import "$work/first.txt"
[ "$(grep -vc '^#' "$work/first.txt")" = 718 ] || problem+="not 718 lines; "
compgen -G "$work/first.txt.*" >/dev/null && problem+="a temporary file was left; "
finish an_export_comes_back_as_it_was

printf 'a\tb\nc\td\n\xff\te\n' >"$work/broken.txt"
"$EBB" import "$work/broken.txt" >"$work/out" 2>"$work/err"
grep -qx "added${tab}2" "$work/out" && grep -qx "refused${tab}1" "$work/out" || problem+="$(cat "$work/out"); "
grep -q 'ine 3' "$work/err" || problem+="no reason: $(cat "$work/err"); "
expect 1 '' import "$work/nothing-there"
finish a_refused_line_is_named_with_its_reason

expect 0 '*' backup
backup=$("$EBB" backup list | grep "${tab}manual$" | cut -f1 | head -1)
[ -s "$backup" ] || problem+="no file $backup; "
expect 0 '*' delete -y deck:JLPT
expect 2 '' backup restore "$backup" </dev/null
expect 0 '*' backup restore "$backup" -y
[ "$("$EBB" list deck:JLPT | wc -l)" = 718 ] || problem+="not restored; "
expect 5 '' backup restore /nonexistent -y
finish a_backup_is_made_listed_and_restored

expect 0 "differences${tab}0" verify
expect 0 '' config check
[ "$("$EBB" config | wc -l)" -gt 10 ] || problem+="the configuration is short; "
mkdir -p "$HOME/.config/ebb"
printf '[general]\nday-starts = 25:00\nnonsense = 1\n' >"$HOME/.config/ebb/ebb.conf"
expect 1 '' config check
[ "$(grep -c 'ebb.conf:[23]:' "$work/err")" = 2 ] || problem+="errors: $(cat "$work/err"); "
rm "$HOME/.config/ebb/ebb.conf"
expect 0 '*' stats --json
expect 0 '*' notetypes
expect 3 '' show-answer
expect 3 '' answer good
finish the_rest_answers_too

before=$("$EBB" list | wc -l)
expect 2 '' sho
grep -q 'Did you mean "show"' "$work/err" || problem+="sho: $(cat "$work/err"); "
expect 2 '' move 1 ''
expect 1 '' import "$work"
grep -q 'is a folder' "$work/err" || problem+="a folder: $(cat "$work/err"); "
expect 1 '' import "$EBB"
[ "$("$EBB" list | wc -l)" = "$before" ] || problem+="a program became notes; "
finish what_cannot_be_meant_is_refused_and_changes_nothing

note=$("$EBB" list | head -1 | cut -f1)
EDITOR=false expect 1 '' edit "$note"
[ -z "$(find "$XDG_RUNTIME_DIR" -name '*ebb-note*')" ] || problem+="left behind: $(ls "$XDG_RUNTIME_DIR"); "
finish an_editor_that_fails_and_wrote_nothing_leaves_no_file

if command -v tmux >/dev/null; then
        sees() {
                local _
                for _ in $(seq 250); do
                        tm capture-pane -p 2>/dev/null | grep -qF -- "$1" && return
                        sleep 0.02
                done
                problem+="not seen: $1 on $(tm capture-pane -p)"
        }
        tm -u new-session -d -x 40 -y 14 'PS1="ebb> " exec bash --norc --noprofile'
        sees 'ebb>'
        tm send-keys -l "clear; $EBB backup list; echo status=\$?"
        tm send-keys Enter
        sees 'status=0'
        tm capture-pane -pJ | grep -q ' manual .*/backups/ebb-.*-manual\.db$' || problem+="backup list: $(tm capture-pane -pJ)"
        finish a_narrow_terminal_shows_the_whole_path_of_a_backup

        tm send-keys -l "clear; $EBB review -d JLPT; echo status=\$?"
        tm send-keys Enter
        sees '1/20'
        tm send-keys Space
        sees '1 Again'
        tm send-keys 3
        sees '2/20'
        # Killed and started again in the middle: the next grade counts all the same, and nothing is lost.
        daemon_end KILL
        daemon_start
        tm send-keys Space
        sees '1 Again'
        tm send-keys 4
        sees '3/20'
        tm send-keys u
        sees 'Undone'
        tm send-keys q
        sees '1 review in'
        sees 'status=0'
        tm kill-server
        [ "$("$EBB" list deck:JLPT rated:1 | wc -l)" = 1 ] || problem+="not one card was reviewed: $("$EBB" list rated:1); "
        finish a_review_in_the_terminal_goes_on_after_the_daemon_was_killed
fi

daemon_end TERM
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
