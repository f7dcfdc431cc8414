#!/bin/bash
# test-examples.sh FOLDER: the programs the examples are for read them without complaint.
set -uo pipefail
cd "$1" || exit 1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
passed=0 failed=0 skipped=0

result() { # CLAIM COMPLAINTS
        if [ -z "$2" ]; then
                passed=$((passed + 1))
                echo "ok $1"
        else
                failed=$((failed + 1))
                head -5 <<<"$2" | sed 's/^/  /'
                echo "FAIL $1"
        fi
}

skip() { # CLAIM WHY
        skipped=$((skipped + 1))
        echo "skip $1: $2"
}

# Every command of an example is one that ebb has, with arguments it takes.
problems=
while read -r line; do
        read -ra words <<<"$line"
        "$EBB" "${words[@]}" --help >/dev/null 2>&1 || problems+="ebb $line"$'\n'
done < <(cat ./* | grep -v '^ *\(#\|//\)' | grep -oE '\bebb (next|show-answer|answer|later|undo|status)( --[a-z0-9]+)*' | sed 's/^ebb //' | sort -u)
result the_examples_call_verbs_there_are "$problems"

if command -v sway >/dev/null; then
        cp ebb-keys.sway "$work/config"
        # sway refuses to run as root.
        as=()
        [ "$(id -u)" != 0 ] || as=(setpriv --reuid=65534 --regid=65534 --clear-groups)
        mkdir -m 700 "$work/run"
        [ "$(id -u)" != 0 ] || chown 65534:65534 "$work/run"
        export WLR_BACKENDS=headless WLR_RENDERER=pixman WLR_LIBINPUT_NO_DEVICES=1
        complaints=$(XDG_RUNTIME_DIR=$work/run HOME=$work timeout 20 "${as[@]}" sway -C -c "$work/config" 2>&1) && complaints=
        result sway_reads_the_keys "$complaints"
        echo 'bindsim x exec true' >>"$work/config"
        if XDG_RUNTIME_DIR=$work/run HOME=$work timeout 20 "${as[@]}" sway -C -c "$work/config" >/dev/null 2>&1; then
                result sway_would_have_complained "it accepts anything"
        else
                result sway_would_have_complained ""
        fi
else
        skip sway_reads_the_keys "there is no sway"
fi

if command -v mako >/dev/null; then
        # It reads its configuration first, and then finds no display.
        complaints=$(env -u WAYLAND_DISPLAY XDG_RUNTIME_DIR="$work" HOME="$work" timeout 10 mako -c "$PWD/mako-ebb.conf" 2>&1 |
                grep -iE 'config|parse|invalid|option')
        result mako_reads_the_example "$complaints"
else
        skip mako_reads_the_example "there is no mako"
fi

if command -v dunst >/dev/null && command -v Xvfb >/dev/null && command -v dbus-run-session >/dev/null; then
        # shellcheck disable=SC2016
        complaints=$(HOME=$work XDG_CONFIG_HOME=$work timeout 30 dbus-run-session -- bash -c '
                exec 3>"$2"
                Xvfb -displayfd 4 -screen 0 320x240x24 -nolisten tcp 4>"$2.display" >/dev/null 2>&1 &
                server=$!
                for _ in $(seq 200); do
                        [ -s "$2.display" ] && break
                        sleep 0.05
                done
                DISPLAY=:$(cat "$2.display") timeout 2 dunst -conf "$1" -verbosity debug 2>&1
                kill "$server"' - "$PWD/dunst-ebb.conf" "$work/x" 2>&1 |
                grep -iE "unknown|invalid|not a valid|doesn't exist|no such|cannot parse")
        result dunst_reads_the_example "$complaints"
else
        skip dunst_reads_the_example "there is no dunst or no Xvfb"
fi

echo "$passed passed, $failed failed$([ "$skipped" = 0 ] || echo ", $skipped skipped")"
[ "$failed" = 0 ]
