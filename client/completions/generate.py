#!/usr/bin/env python3
"""Completions for bash, zsh and fish from the client's own table of verbs.

    generate.py SHELL EBB

EBB is the program; `EBB help --table` is what everything comes from. Names of decks, tags and presets are
asked from the daemon when they are needed, and only when it runs already.
"""
import subprocess
import sys


def table(ebb):
    verbs, options = [], {}
    for line in subprocess.run([ebb, "help", "--table"], check=True, capture_output=True,
                               text=True).stdout.splitlines():
        row = line.split("\t")
        if row[0].startswith("--"):
            options[row[0][2:]] = {"letter": row[1].strip("-"), "argument": row[2], "complete": row[3],
                                   "help": row[4]}
        else:
            verbs.append({"name": row[0], "arguments": row[1], "options": [o for o in row[2].split(",") if o],
                          "complete": row[3], "summary": row[6]})
    return verbs, options


# What an argument may be: fixed words, or a command that lists them, one a line.
WORDS = {
    "grade": "again hard good easy",
    "hush": "30m 90m 3h today until off",
    "format": "text",
    "match": "update keep both",
    "scope": "notetype notetype+deck",
    "when": "auto yes no",
}
ASK = {
    "deck": "deck",
    "tag": "tag",
    "preset": "deck presets",
    "notetype": "notetypes",
    "backup": "backup list",
}


def words_of(kind, verbs):
    if kind == "verb":
        return " ".join(sorted({v["name"].split()[0] for v in verbs}))
    return WORDS.get(kind, "")


def first_words(verbs):
    return sorted({v["name"].split()[0] for v in verbs})


def under(verbs, first):
    return sorted({v["name"].split()[1] for v in verbs if v["name"].startswith(first + " ")})


def flags(verb, options):
    out = ["--help"]
    for name in verb["options"]:
        out.append("--" + name)
        if options[name]["letter"]:
            out.append("-" + options[name]["letter"])
    return out


def bash(verbs, options):
    out = ["# bash completion for ebb", "",
           "_ebb_ask() {",
           "        # Completing must not start a daemon that somebody stopped.",
           "        busctl --user --no-pager status org.ebbd.Ebb1 >/dev/null 2>&1 || return",
           "        ebb \"$@\" 2>/dev/null | cut -f1",
           "}", "",
           "_ebb_words() { # KIND",
           "        case $1 in"]
    for kind in WORDS:
        out.append(f"        {kind}) printf '%s\\n' {WORDS[kind]} ;;")
    out.append(f"        verb) printf '%s\\n' {' '.join(first_words(verbs))} ;;")
    for kind, command in ASK.items():
        out.append(f"        {kind}) _ebb_ask {command} ;;")
    out += ["        esac", "}", "",
            "_ebb() {",
            "        local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} verb='' kind='' flags='' under=''",
            "        local IFS=$'\\n'",
            "        COMPREPLY=()",
            "        if [ \"$COMP_CWORD\" -eq 1 ]; then",
            "                COMPREPLY=($(compgen -W \"$(_ebb_words verb)\" -- \"$cur\"))",
            "                return",
            "        fi",
            "        case $prev in"]
    for name, o in options.items():
        if o["argument"]:
            names = "--" + name + (" | -" + o["letter"] if o["letter"] else "")
            out.append(f"        {names}) kind={o['complete'] or 'none'} ;;")
    out += ["        esac",
            "        verb=${COMP_WORDS[1]}",
            "        [ \"$COMP_CWORD\" -gt 2 ] && case \"$verb ${COMP_WORDS[2]}\" in"]
    two = [v["name"] for v in verbs if " " in v["name"]]
    out.append("        " + " | ".join(f"'{name}'" for name in two) + ") verb=\"$verb ${COMP_WORDS[2]}\" ;;")
    out += ["        esac",
            "        case $verb in"]
    for v in verbs:
        kind = v["complete"] or "none"
        below = " ".join(under(verbs, v["name"])) if " " not in v["name"] else ""
        out.append(f"        '{v['name']}')")
        out.append(f"                flags='{chr(10).join(flags(v, options))}'")
        if below:
            out.append(f"                [ \"$COMP_CWORD\" -eq 2 ] && under='{chr(10).join(below.split())}'")
        out.append(f"                kind=${{kind:-{kind}}}")
        out.append("                ;;")
    out += ["        esac",
            "        case $cur in",
            "        -*) COMPREPLY=($(compgen -W \"$flags\" -- \"$cur\")) ;;",
            "        *)",
            "                if [ \"$kind\" = file ] || [ \"$kind\" = backup ]; then",
            "                        compopt -o filenames 2>/dev/null",
            "                        COMPREPLY=($(compgen -f -- \"$cur\"))",
            "                        [ \"$kind\" = file ] && return",
            "                fi",
            "                COMPREPLY+=($(compgen -W \"$under\"$'\\n'\"$(_ebb_words \"$kind\")\" -- \"$cur\"))",
            "                # The words before a colon are already there for readline.",
            "                declare -F __ltrim_colon_completions >/dev/null && __ltrim_colon_completions \"$cur\"",
            "                ;;",
            "        esac",
            "        return 0",
            "}", "",
            "complete -F _ebb ebb"]
    return "\n".join(out)


def quote(text):
    return text.replace("'", "'\\''")


def zsh_argument(kind):
    if kind == "file":
        return "_files"
    if kind in WORDS:
        return f"({WORDS[kind]})"
    if kind == "verb":
        return "_ebb_verbs"
    if kind in ASK:
        return f"_ebb_ask_{kind}"
    return ""


def zsh(verbs, options):
    out = ["#compdef ebb", "# zsh completion for ebb", "",
           "_ebb_ask() {",
           "        local -a found",
           "        # Completing must not start a daemon that somebody stopped.",
           "        busctl --user --no-pager status org.ebbd.Ebb1 >/dev/null 2>&1 || return",
           "        found=(${(f)\"$(ebb \"$@\" 2>/dev/null | cut -f1)\"})",
           "        compadd -a found",
           "}", ""]
    for kind, command in ASK.items():
        out.append(f"_ebb_ask_{kind}() {{ _ebb_ask {command}; }}")
    out += ["", "_ebb_verbs() {", "        local -a verbs", "        verbs=("]
    for v in verbs:
        if " " not in v["name"]:
            out.append(f"                '{v['name']}:{quote(v['summary'])}'")
    out += ["        )", "        _describe verb verbs", "}", "",
            "_ebb() {",
            "        local verb context state line",
            "        if (( CURRENT == 2 )); then",
            "                _ebb_verbs",
            "                return",
            "        fi",
            "        verb=$words[2]"]
    for first in sorted({v["name"].split()[0] for v in verbs if " " in v["name"]}):
        below = [v for v in verbs if v["name"].startswith(first + " ")]
        names = "|".join(v["name"].split()[1] for v in below)
        out += [f"        if [[ $verb == {first} ]]; then",
                "                if (( CURRENT == 3 )); then",
                "                        local -a below",
                "                        below=("]
        for v in below:
            out.append(f"                                '{v['name'].split()[1]}:{quote(v['summary'])}'")
        out += ["                        )",
                "                        _describe verb below",
                "                fi",
                f"                [[ $words[3] == ({names}) ]] && verb=\"$verb $words[3]\" && shift words && (( CURRENT-- ))",
                "        fi"]
    out += ["        shift words", "        (( CURRENT-- ))", "        case $verb in"]
    for v in verbs:
        specs = ["'(- *)--help[explain this verb]'"]
        for name in v["options"]:
            o = options[name]
            argument = f":{quote(o['argument'].lower())}:{zsh_argument(o['complete'])}" if o["argument"] else ""
            help_ = quote(o["help"]).replace("[", "\\[").replace("]", "\\]").replace(":", "\\:")
            star = "*" if name == "tag" else ""
            equals = "=" if o["argument"] else ""
            specs.append(f"'{star}--{name}{equals}[{help_}]{argument}'")
            if o["letter"]:
                specs.append(f"'{star}-{o['letter']}[{help_}]{argument}'")
        kind = zsh_argument(v["complete"])
        if v["arguments"]:
            specs.append(f"'*:{quote(v['arguments'].lower()).replace(':', chr(92) + ':')}:{kind}'")
        out.append(f"        '{v['name']}') _arguments -s {' '.join(specs)} ;;")
    out += ["        esac", "}", "", "_ebb \"$@\""]
    return "\n".join(out)


def fish(verbs, options):
    firsts = first_words(verbs)
    out = ["# fish completion for ebb", "",
           "function __ebb_ask",
           "    # Completing must not start a daemon that somebody stopped.",
           "    busctl --user --no-pager status org.ebbd.Ebb1 >/dev/null 2>&1; or return",
           "    ebb $argv 2>/dev/null | cut -f1",
           "end", "",
           "function __ebb_verb --description 'the verb on the command line is one of these'",
           "    set -l words (commandline -opc)",
           "    set -l verb $words[2]",
           "    if contains -- \"$words[2] $words[3]\" " +
           " ".join(f"'{v['name']}'" for v in verbs if " " in v["name"]),
           "        set verb \"$words[2] $words[3]\"",
           "    end",
           "    contains -- \"$verb\" $argv",
           "end", "",
           "complete -c ebb -f",
           "complete -c ebb -l help -s h -d 'explain the verb'",
           "complete -c ebb -n __fish_use_subcommand -l version -d 'print the version'"]
    for v in verbs:
        name, summary = v["name"], quote(v["summary"])
        if " " in name:
            first, second = name.split()
            out.append(f"complete -c ebb -n 'test (count (commandline -opc)) -eq 2; and __ebb_verb {first}'"
                       f" -a {second} -d '{summary}'")
        else:
            out.append(f"complete -c ebb -n __fish_use_subcommand -a {name} -d '{summary}'")
    assert firsts

    def argument(kind):
        if kind in ASK:
            return f" -a '(__ebb_ask {ASK[kind]})'"
        words = words_of(kind, verbs)
        return f" -a '{words}'" if words else ""

    for v in verbs:
        when = f"-n '__ebb_verb \"{v['name']}\"'"
        if v["complete"] == "file":
            out.append(f"complete -c ebb {when} -F")
        elif argument(v["complete"]):
            out.append(f"complete -c ebb {when}{argument(v['complete'])}")
    for name, o in options.items():
        users = " ".join(f"\"{v['name']}\"" for v in verbs if name in v["options"])
        if not users:
            continue
        letter = f" -s {o['letter']}" if o["letter"] else ""
        value = ""
        if o["argument"]:
            value = " -r -F" if o["complete"] == "file" else " -x" + argument(o["complete"])
        out.append(f"complete -c ebb -n '__ebb_verb {users}' -l {name}{letter}{value} -d '{quote(o['help'])}'")
    return "\n".join(out)


def main():
    shell, ebb = sys.argv[1:3]
    verbs, options = table(ebb)
    print({"bash": bash, "zsh": zsh, "fish": fish}[shell](verbs, options))


if __name__ == "__main__":
    main()
