#!/bin/bash
# check-words.sh SOURCE_ROOT: what is written agrees with what is there.
set -euo pipefail
cd "$1"
passed=0 failed=0 skipped=0

result() { # CLAIM PROBLEMS
        if [ -z "$2" ]; then
                passed=$((passed + 1))
                echo "ok $1"
        else
                failed=$((failed + 1))
                head -12 <<<"$2" | sed 's/^/  /'
                echo "FAIL $1"
        fi
}

everything() { # grep over all that is ours, this file left out
        grep -rIn --exclude-dir=.git --exclude-dir='build*' --exclude-dir=artefacts --exclude-dir=data \
                --exclude-dir=corpus --exclude=check-words.sh --exclude=.git "$@" . || true
}

result no_path_of_a_machine_it_was_written_on "$(everything -E '(^|[^A-Za-z0-9_.~$}-])/(work|root|workspace)/')"
result no_unfinished_business "$(everything -E '\b(TODO|FIXME|HACK)\b' || true)"

# A source without its row is never built, and its test never runs.
problems=
for file in $(find tests -name 'test-*.c' -o -name 'fuzz-*.c' -o -name 'bench-*.c' | sort); do
        name=$(basename "$file" .c)
        grep -qE "['\"/](${name#*-}|$name|$name\.c)['\"]" "$(dirname "$file")/meson.build" || problems+="$file"$'\n'
done
result every_test_source_has_its_row "${problems%$'\n'}"

# Every row of the option table is explained in the man page and shown in the example file.
if [ -f config/ebb.conf ] && [ -f config/ebb.conf.5 ]; then
        problems=
        # Hyphens are written \- in the man page.
        page=$(sed 's/\\-/-/g' config/ebb.conf.5)
        options=$(sed -nE 's/^#? ?([a-z][a-z0-9-]*) *=.*/\1/p' config/ebb.conf | sort -u)
        for option in $options; do
                grep -qwF -e "$option" <<<"$page" || problems+="$option"$'\n'
        done
        result every_option_of_the_example_is_in_the_man_page "${problems%$'\n'}"
fi

# Every verb of the client is in its man page. More of it, and the completions: tests/client/check-words.py.
if [ -f client/cmd-table.c ]; then
        verbs=$(sed -nE '/verbs\[\] = \{/,/^\};/s/.*\{ "([a-z-]+)", .*/\1/p' client/cmd-table.c | sort -u)
        problems=
        text=$(sed 's/\\-/-/g' client/ebb.1)
        for verb in $verbs; do
                grep -qwF -e "$verb" <<<"$text" || problems+="$verb"$'\n'
        done
        result every_verb_is_in_the_man_page "${problems%$'\n'}"
fi

# Every member of the promised interface has its paragraph in the man page.
if [ -f config/org.ebbd.Ebb1.xml ]; then
        manual=$(find config daemon client -name 'org.ebbd.Ebb1.5*' | head -1)
        if [ -n "$manual" ]; then
                problems=
                page=$(sed 's/\\-/-/g' "$manual")
                for member in $(sed -nE 's/.*<(method|signal|property) name="([A-Za-z0-9]+)".*/\2/p' config/org.ebbd.Ebb1.xml | sort -u); do
                        grep -qw "$member" <<<"$page" || problems+="$member"$'\n'
                done
                result every_bus_member_is_in_the_man_page "${problems%$'\n'}"
        fi
fi

echo "$passed passed, $failed failed$([ "$skipped" = 0 ] || echo ", $skipped skipped")"
[ "$failed" = 0 ]
