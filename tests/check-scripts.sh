#!/bin/bash
# check-scripts.sh SOURCE_ROOT: shellcheck finds nothing in the shell scripts, Python compiles the Python.
set -euo pipefail
cd "$1"
passed=0 failed=0 skipped=0 found=

while IFS= read -r file; do
        case "$file" in
        *.py)
                problems=$(python3 -c 'import sys; compile(open(sys.argv[1]).read(), sys.argv[1], "exec")' "$file" 2>&1 | tail -3) || true
                ;;
        *)
                if ! command -v shellcheck >/dev/null; then
                        skipped=$((skipped + 1))
                        continue
                fi
                problems=$(shellcheck -x -S warning -f gcc "$file" 2>&1 | head -8) || true
                ;;
        esac
        [ -z "$problems" ] || found+="$problems"$'\n'
done < <({
        find tests systemd client config tools \( -name '*.sh' -o -name '*.py' \) 2>/dev/null
        find run.sh test.sh .ci/run 2>/dev/null
} | sort)

if [ "$skipped" != 0 ]; then
        echo "skip $skipped scripts: shellcheck is not installed"
        skipped=1
fi
if [ -z "$found" ]; then
        passed=1
        echo "ok the_scripts_are_without_known_mistakes"
else
        failed=1
        printf '%s' "$found" | awk '{ print "  " $0 }' | head -20
        echo "FAIL the_scripts_are_without_known_mistakes"
fi
echo "$passed passed, $failed failed$([ "$skipped" = 0 ] || echo ", $skipped skipped")"
[ "$failed" = 0 ]
