#!/bin/bash
# Builds Ebb and runs its tests. See --help.
set -euo pipefail

usage() {
        cat <<'X'
./test.sh [--peers] [--no-install] [--quick]
  Installs what the tests need (root or sudo), builds, runs everything that is quick, and ends with
  `N passed, N failed`.

  --peers       instead, the slow suites against real peers: user manager, power cuts, desktops
  --no-install  use what is there
  --quick       the release build and its tests only: no sanitizers, no fuzzing

  EBB_FUZZ_SECONDS=3   how long each fuzz target runs (0: not at all)
  EBB_JOBS=N           how many compilers and tests run at a time (default: one a core)
X
}

PEERS=0 INSTALL=1 QUICK=0
for argument in "$@"; do
        case "$argument" in
        --peers) PEERS=1 ;;
        --no-install) INSTALL=0 ;;
        --quick) QUICK=1 ;;
        -h | --help)
                usage
                exit 0
                ;;
        *)
                usage >&2
                exit 2
                ;;
        esac
done

cd "$(dirname "$(realpath "$0")")"
# shellcheck source=tools/packages.sh
. tools/packages.sh

# The tests must not see the desktop, the bus or the settings of whoever runs them.
exec </dev/null
export PATH="${PATH:-/usr/bin:/bin}:/usr/local/sbin:/usr/sbin:/sbin" LC_ALL=C.UTF-8
unset DISPLAY WAYLAND_DISPLAY DBUS_SESSION_BUS_ADDRESS XDG_CURRENT_DESKTOP XDG_RUNTIME_DIR LANGUAGE
unset XDG_CONFIG_HOME XDG_DATA_HOME XDG_STATE_HOME XDG_CACHE_HOME NO_COLOR CFLAGS LDFLAGS CC
export ASAN_OPTIONS=abort_on_error=0:halt_on_error=1:detect_leaks=1
export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
FUZZ_SECONDS=${EBB_FUZZ_SECONDS:-3}
JOBS=${EBB_JOBS:-$(nproc)}
LOG=$(mktemp -d)
trap 'rm -rf "$LOG"' EXIT

passed=0 failed=0 skipped=0 started=$SECONDS
stage_started=$SECONDS

stage() { # TEXT: one line, with the time since the last one
        printf '%4d s  %s\n' $((SECONDS - stage_started)) "$*"
        stage_started=$SECONDS
}

fail() { # TEXT LOGFILE
        failed=$((failed + 1))
        echo "      FAIL $1"
        tail -25 "$2" | cut -c1-300 | sed 's/^/        /'
}

build() { # FOLDER LABEL SETUP-ARGUMENT...
        local folder=$1 label=$2
        local -a targets=()
        shift 2
        [ -z "${TARGETS:-}" ] || targets=("$TARGETS")
        # A folder of an interrupted or differently set up build is made anew.
        if ! meson setup "$folder" "$@" >"$LOG/setup" 2>&1 &&
                ! meson setup --wipe "$folder" "$@" >"$LOG/setup" 2>&1; then
                fail "$label: setting up the build" "$LOG/setup"
                return 1
        fi
        if ! ninja -C "$folder" -j "$JOBS" "${targets[@]}" >"$LOG/build" 2>&1 &&
                ! { grep -q "rebuilding 'build.ninja'" "$LOG/build" &&
                        meson setup --wipe "$folder" "$@" >"$LOG/setup" 2>&1 &&
                        ninja -C "$folder" -j "$JOBS" "${targets[@]}" >"$LOG/build" 2>&1; }; then
                grep -nE 'error|FAILED|undefined' "$LOG/build" >"$LOG/errors" || cp "$LOG/build" "$LOG/errors"
                fail "$label: building" "$LOG/errors"
                stage "$label: build failed"
                return 1
        fi
        stage "$label: built"
}

run_suites() { # FOLDER LABEL MESON-TEST-ARGUMENT...
        local folder=$1 label=$2 p f s
        shift 2
        rm -f "$folder/meson-logs/testlog.json"
        MESON_TESTTHREADS=$JOBS meson test -C "$folder" --no-rebuild "$@" >"$LOG/test" 2>&1 || true
        /usr/bin/env python3 tests/tally.py "$folder/meson-logs/testlog.json" >"$LOG/tally" 2>&1 || true
        if ! read -r p f s < <(tail -1 "$LOG/tally") || ! [[ "$p$f$s" =~ ^[0-9]+$ ]]; then
                fail "$label: counting" "$LOG/tally"
                return
        fi
        head -n -1 "$LOG/tally"
        passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
        [ $((p + f + s)) != 0 ] || fail "$label: no test ran" "$LOG/test"
        stage "$label: $p passed, $f failed$([ "$s" = 0 ] || echo ", $s skipped")"
}

run_fuzz_target() { # PROGRAM: its output in LOG/NAME.fuzz, its status in LOG/NAME.status
        local name=${1##*/fuzz-} status=0
        # On a copy of the seeds: libFuzzer adds what it finds to the first folder.
        mkdir -p "$LOG/seeds-$name"
        cp tests/fuzz/corpus/"$name"/* "$LOG/seeds-$name"/ 2>/dev/null || true
        "$1" -max_total_time="$FUZZ_SECONDS" -timeout=10 -rss_limit_mb=1024 -max_len=65536 \
                -artifact_prefix="artefacts/$name-" "$LOG/seeds-$name" >"$LOG/$name.fuzz" 2>&1 || status=$?
        echo "$status" >"$LOG/$name.status"
}

run_fuzz() {
        local program name running=0 ran=0 bad=0
        [ "$FUZZ_SECONDS" != 0 ] && compgen -G 'tests/fuzz/fuzz-*.c' >/dev/null || return 0
        TARGETS=fuzz-targets build build-fuzz "fuzzing" -Dfuzz=true -Db_lundef=false \
                --native-file tools/clang.ini || return 0
        mkdir -p artefacts
        for program in build-fuzz/tests/fuzz/fuzz-*; do
                # Beside each program lies its folder of objects.
                [ -f "$program" ] || continue
                run_fuzz_target "$program" &
                running=$((running + 1)) ran=$((ran + 1))
                if [ "$running" -ge "$JOBS" ]; then
                        wait -n || true
                        running=$((running - 1))
                fi
        done
        wait
        for program in "$LOG"/*.status; do
                [ -f "$program" ] || continue
                name=$(basename "$program" .status)
                if [ "$(cat "$program")" = 0 ]; then
                        passed=$((passed + 1))
                else
                        bad=$((bad + 1))
                        grep -vE '^#[0-9]+\s' "$LOG/$name.fuzz" | grep -vE '^(INFO|MS|Dictionary|0x)' >"$LOG/fuzz-end" || true
                        fail "fuzz-$name (the input is in artefacts/)" "$LOG/fuzz-end"
                fi
        done
        stage "fuzzing: $ran targets for $FUZZ_SECONDS s each, $bad failed"
}

finish() {
        echo "The whole took $((SECONDS - started)) s."
        if [ $((passed + failed)) = 0 ]; then
                echo "      FAIL nothing ran"
                failed=1
        fi
        echo "$passed passed, $failed failed$([ "$skipped" = 0 ] || echo ", $skipped skipped")"
        [ "$failed" = 0 ]
        exit
}

if [ "$INSTALL" = 1 ]; then
        # A server that cannot be had is skipped by its own tests, with the reason.
        packages_install build test servers || true
        [ "$PEERS" = 0 ] || packages_install peers || true
        stage "packages are there"
fi

# A locale whose decimal point is a comma, for the tests that must not be disturbed by one.
if localedef -i de_DE -f UTF-8 "$LOG/de_DE.UTF-8" >/dev/null 2>&1; then
        export LOCPATH=$LOG:/usr/lib/locale
fi

if [ "$PEERS" = 1 ]; then
        build build-test "release" --buildtype=release -Dwerror=true && run_suites build-test "peers" --suite peers
        finish
fi

if build build-test "release" --buildtype=release -Dwerror=true; then
        run_suites build-test "release" --no-suite peers --no-suite desktops --no-suite bench
fi
if [ "$QUICK" = 0 ]; then
        if command -v clang >/dev/null; then
                if build build-asan "sanitizers" -Db_sanitize=address,undefined -Db_lundef=false \
                        -Dwerror=true --native-file tools/clang.ini; then
                        run_suites build-asan "sanitizers" -t 4 --no-suite peers --no-suite desktops --no-suite bench \
                                --no-suite checks --no-suite servers
                fi
                run_fuzz
        else
                echo "      skip sanitizers and fuzzing: clang is not installed"
                skipped=$((skipped + 1))
        fi
fi
finish
