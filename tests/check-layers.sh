#!/bin/bash
# Includes point downwards only, and the pure core stays pure.
#
#   check-layers.sh SOURCE_ROOT [LIBEBB_CORE.a LIBEBB_UTIL.a]
#
# A file may include headers of its own layer's folder and of lower layers:
#   util <- core <- conf, store <- commands, desktop <- jobs, engine <- bus <- loop <- main
# core: of util only what is pure (usec, text, zone, cleanup, json, sha256, parse). client: only client, the bus names and util.
# With the libraries, also: core calls nothing but itself, libm, mem*() and str*(), and those parts of util.
set -euo pipefail
cd "$1"
passed=0 failed=0

result() { # CLAIM PROBLEMS
        if [ -z "$2" ]; then
                passed=$((passed + 1))
                echo "ok $1"
        else
                failed=$((failed + 1))
                sed 's/^/  /' <<<"$2"
                echo "FAIL $1"
        fi
}

layer_of() { # a path below daemon/
        case "$1" in
        util/*) echo 0 ;;
        core/*) echo 1 ;;
        conf/* | store/*) echo 2 ;;
        commands.* | commands/* | desktop/*) echo 3 ;;
        jobs/* | engine.*) echo 4 ;;
        bus/*) echo 5 ;;
        loop.*) echo 6 ;;
        main.*) echo 7 ;;
        *) echo unknown ;;
        esac
}

# Lines `FILE HEADER` for every #include of quotes or brackets.
includes() { # LEFT-DELIMITER FOLDER...
        local left=$1
        shift
        # Nothing found is a good answer.
        grep -rnE --include='*.[ch]' "^ *# *include *$left" "$@" 2>/dev/null |
                sed -E 's/^([^:]+):[0-9]+: *# *include *["<]([^">]+)[">].*/\1 \2/' || true
}

problems=
while read -r file header; do
        [ -n "$file" ] || continue
        from=${file#daemon/}
        mine=$(layer_of "$from")
        theirs=$(layer_of "$header")
        if [ "$mine" = unknown ]; then
                problems+="$file belongs to no layer"$'\n'
        elif [ "$theirs" = unknown ]; then
                # The protocol spoken with ebb-notify is the one header shared upwards.
                [[ "$header" == client/notify/*protocol.h ]] && [ "$mine" -ge 3 ] && continue
                problems+="$file includes $header, which belongs to no layer"$'\n'
        elif [ "$theirs" -gt "$mine" ]; then
                problems+="$file includes $header of a higher layer"$'\n'
        elif [ "$mine" = 2 ] && [ "$theirs" = 2 ] && [ "${from%%/*}" != "${header%%/*}" ]; then
                problems+="$file includes $header: conf and store do not know each other"$'\n'
        fi
done < <(includes '"' daemon)
result includes_of_the_daemon_point_downwards "${problems%$'\n'}"

problems=$(includes '"' daemon/core |
        grep -vE ' (core/[a-z0-9-]+|util/(usec|text|zone|cleanup|json|sha256|parse))\.h$' || true)
result core_includes_only_core_and_the_pure_part_of_util "$problems"

problems=$(includes '<' daemon/core |
        grep -vE ' (assert|ctype|errno|float|inttypes|limits|math|stdalign|stdarg|stdbool|stddef|stdint|stdio|stdlib|string|sys/types)\.h$' || true)
result core_includes_no_system_header_that_does_input_or_output "$problems"

problems=$(includes '"' client |
        grep -vE ' (bus/names|client/[a-z0-9/-]+|util/[a-z0-9-]+)\.h$' || true)
result client_includes_only_client_bus_names_and_util "$problems"

problems=$(includes '<' daemon client tests | grep ' sqlite3\.h$' | grep -vE '^(daemon/store|tests)/' || true)
result sqlite_is_known_to_the_store_only "$problems"

problems=$(includes '<' daemon client | grep -E ' (libnotify|glib|gio|gdk)' | grep -v '^client/notify/' || true)
result glib_is_known_to_ebb_notify_only "$problems"

problems=$(includes '<' daemon/util daemon/core daemon/conf daemon/store daemon/jobs | grep ' systemd/sd-bus\.h$' || true)
result nothing_below_the_engine_knows_a_bus "$problems"

if [ $# -ge 3 ]; then
        libm=$(/sbin/ldconfig -p | awk '/libm\.so\.6 .*=> / && !seen++ { print $NF }')
        allowed=$(mktemp)
        trap 'rm -f "$allowed"' EXIT
        {
                nm -D --defined-only "$libm" | awk '{ sub(/@.*/, "", $NF); print $NF }'
                nm --defined-only "$2" | awk 'NF == 3 { print $3 }'
                # Only the members of util that are pure.
                nm --defined-only "$3" | awk '
                        /:$/ { pure = /(usec|text|zone|json|sha256|parse)\.c\.o:$/ }
                        NF == 3 && pure { print $3 }'
        } >"$allowed"
        # Besides: the compiler's own calls, sorting, searching, and printing into a buffer.
        problems=$(nm -u "$2" 2>/dev/null | awk '$1 == "U" { print $2 }' | sort -u |
                grep -vxFf "$allowed" |
                grep -vE '^(mem|str)[a-z]+$|^__(mem|str)[a-z]+_chk$|^(__stack_chk_fail|__assert_fail|_GLOBAL_OFFSET_TABLE_|__isoc99_.*|__[a-z]+[sdt]i[0-9]|qsort|bsearch|snprintf|__snprintf_chk)$' || true)
        result core_calls_only_itself_libm_mem_and_str "$problems"
fi

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
