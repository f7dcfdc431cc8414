#!/bin/bash
# read-text.sh EBB_READ_TEXT TEST_DATA: the program around the reader of tables: arguments, pipes, exit codes.
set -euo pipefail
reader=$1 data=$2
passed=0 failed=0
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT

check() { # CLAIM EXPECTED ACTUAL
        if [ "$2" = "$3" ]; then
                passed=$((passed + 1))
                echo "ok $1"
        else
                failed=$((failed + 1))
                printf '  expected: %s\n  got:      %s\n' "$2" "$3"
                echo "FAIL $1"
        fi
}

code() { # COMMAND...: its exit status; output is in $here/out, errors in $here/err
        local status=0
        "$@" >"$here/out" 2>"$here/err" || status=$?
        echo "$status"
}

to_full_disk() {
        "$reader" "$deck" >/dev/full
}

to_one_who_leaves() {
        "$reader" "$deck" | head -c 100 >/dev/null
        return "${PIPESTATUS[0]}"
}

from_endless_pipe() {
        head -c 200M /dev/zero | "$reader"
        return "${PIPESTATUS[1]}"
}

deck=$data/decks/open-anki-jlpt-n5.csv
check file_is_read 0 "$(code "$reader" "$deck")"
check file_gives_its_718_notes '{"end":{"notes":718,"refused":0}}' "$(tail -1 "$here/out")"
cp "$here/out" "$here/file"
# shellcheck disable=SC2002
check pipe_gives_the_same_as_the_file "" \
        "$(cat "$deck" | "$reader" --name=open-anki-jlpt-n5.csv | cmp - "$here/file" 2>&1)"
check file_on_standard_input_gives_the_same_too "" \
        "$("$reader" --name=open-anki-jlpt-n5.csv - <"$deck" | cmp - "$here/file" 2>&1)"

check missing_file_is_said 1 "$(code "$reader" "$here/none")"
check missing_file_is_named 1 "$(grep -c "none: No such file" "$here/err")"
check folder_is_no_file 1 "$(code "$reader" "$here")"
check unknown_option_is_wrong_usage 2 "$(code "$reader" --frobnicate)"
check bad_value_is_wrong_usage 2 "$(code "$reader" --header=perhaps "$deck")"
check two_files_are_wrong_usage 2 "$(code "$reader" "$deck" "$deck")"
check help_is_help 0 "$(code "$reader" --help)"
check help_names_every_option "" "$(for o in separator header columns html deck notetype tags match scope name confine-required help version; do
        grep -q -e "--$o" "$here/out" || echo "$o"; done)"
check version_is_told 0 "$(code "$reader" --version)"

printf '\xff\xfeq\0' >"$here/utf16"
check utf16_is_refused_as_a_whole 3 "$(code "$reader" "$here/utf16")"
check no_end_is_written_then 0 "$(grep -c '"end"' "$here/out" || true)"
check full_disk_is_a_failure 1 "$(code to_full_disk)"
check reader_that_went_away_is_a_failure 1 \
        "$(code to_one_who_leaves)"

printf 'front,back\nq,a\n"open,b\nr,c\n' >"$here/broken"
check refused_records_do_not_fail_the_rest 0 "$(code "$reader" "$here/broken")"
check and_are_counted '{"end":{"notes":2,"refused":1}}' "$(tail -1 "$here/out")"

# A hundred MiB without a line end, through a pipe and from a file, in little memory.
truncate -s 100M "$here/zeros"
check file_of_zeros_is_refused_as_a_whole 3 "$(code "$reader" "$here/zeros")"
check and_writes_no_end '' "$(cat "$here/out")"
head -c 8192 /dev/zero | tr '\0' x >"$here/endless"
truncate -s 100M "$here/endless"
check line_of_a_hundred_mebibytes_ends_well 0 "$(code "$reader" "$here/endless")"
check and_is_refused_as_one_record '{"end":{"notes":0,"refused":1}}' "$(tail -1 "$here/out")"
check pipe_that_never_ends_is_refused 1 "$(code from_endless_pipe)"
check and_says_what_to_do 1 "$(grep -c 'give the file' "$here/err")"

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
