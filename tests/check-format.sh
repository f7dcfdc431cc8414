#!/bin/bash
# check-format.sh SOURCE_ROOT: every C file is as clang-format 14 would write it, no line ends in blanks.
set -euo pipefail
cd "$1"
passed=0 failed=0 skipped=0

format=
for candidate in clang-format-14 clang-format; do
        if command -v "$candidate" >/dev/null && [[ "$("$candidate" --version)" =~ version\ 14\. ]]; then
                format=$candidate
                break
        fi
done
if [ -z "$format" ]; then
        # Other versions lay out some constructs in another way.
        echo "skip format: there is no clang-format 14"
        skipped=1
else
        problems=
        while IFS= read -r file; do
                "$format" --dry-run -Werror "$file" 2>/dev/null || problems+=" $file"
        done < <(find daemon client tests -name '*.[ch]' | sort)
        if [ -z "$problems" ]; then
                passed=$((passed + 1))
                echo "ok every_c_file_is_laid_out_by_clang_format"
        else
                failed=$((failed + 1))
                echo "  $format -i$problems"
                echo "FAIL every_c_file_is_laid_out_by_clang_format"
        fi
fi

if grep -rnE --include='*.[ch]' --include='*.sh' --include='*.py' --include='meson.build' ' +$' \
        daemon client tests systemd meson.build run.sh test.sh tools 2>/dev/null | head -10 | sed 's/^/  /' | grep .; then
        failed=$((failed + 1))
        echo "FAIL no_line_ends_in_blanks"
else
        passed=$((passed + 1))
fi

echo "$passed passed, $failed failed$([ "$skipped" = 0 ] || echo ", $skipped skipped")"
[ "$failed" = 0 ]
