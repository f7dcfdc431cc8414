#!/usr/bin/env python3
"""The man page, the help and the completions of ebb say the same.

    check-words.py EBB EBB.1 [BASH ZSH FISH]
"""
import re
import shutil
import subprocess
import sys

ebb, page_path, *completions = sys.argv[1:]
passed = failed = skipped = 0


def claim(name, problems):
    global passed, failed
    if problems:
        failed += 1
        for problem in problems[:12]:
            print("  " + problem)
        print("FAIL " + name)
    else:
        passed += 1
        print("ok " + name)


def skip(name, why):
    global skipped
    skipped += 1
    print(f"skip {name}: {why}")


def run(*arguments):
    return subprocess.run(arguments, capture_output=True, text=True)


verbs, options = [], {}
for line in run(ebb, "help", "--table").stdout.splitlines():
    row = line.split("\t")
    if row[0].startswith("--"):
        options[row[0]] = row
    else:
        verbs.append({"name": row[0], "arguments": row[1], "options": [o for o in row[2].split(",") if o],
                      "columns": row[5].split(), "summary": row[6]})

with open(page_path, encoding="utf-8") as f:
    source = f.read()
page = re.sub(r"\\f[BIPR]", "", source).replace("\\-", "-").replace("\\(dq", '"').replace("\\(aq", "'")
entries = dict(re.findall(r"\.TP\n(ebb [^\n]*)\n(.*?)(?=\n\.(?:TP|SS|SH))", page, re.S))


def entry(verb):
    for head, text in entries.items():
        if re.match(r"ebb " + re.escape(verb["name"]) + r"(?= \[-| [^a-z]|$)", head):
            return head, text
    return None, ""


claim("the_table_has_verbs_and_options", [] if len(verbs) > 40 and len(options) > 10 else ["it is too short"])
claim("every_verb_is_in_the_man_page", [v["name"] for v in verbs if not entry(v)[0]])

problems = []
for v in verbs:
    head, _ = entry(v)
    if not head:
        continue
    for name in v["options"]:
        letter = options["--" + name][1]
        if not re.search(r"\[(--" + name + (r"|-" + letter if letter != "-" else "") + r")[ \]]", head):
            problems.append(f"{v['name']}: --{name}")
    if head.count("[-") != len(v["options"]):
        problems.append(f"{v['name']}: has {len(v['options'])} options, the page {head.count('[-')}")
claim("every_option_of_a_verb_is_in_its_synopsis_and_no_other", problems)

problems = []
for v in verbs:
    head, text = entry(v)
    if head and not head.endswith(v["arguments"]):
        problems.append(f"{v['name']}: arguments {v['arguments']}")
    if head and " ".join(v["summary"].split()).lower() not in " ".join(text.split()).lower():
        problems.append(f"{v['name']}: summary")
    found = re.search(r"^Lines: (.*)\.$", text, re.M)
    if (found.group(1).split(", ") if found else []) != v["columns"]:
        problems.append(f"{v['name']}: columns")
claim("arguments_summary_and_columns_are_those_of_the_table", problems)

claim("every_option_is_explained_in_the_man_page",
      [o for o in options if not re.search(r"^(\.B\S* )?(-\w(, |.*?))?" + o + r"\b", page, re.M)])

overview = run(ebb, "--help").stdout
claim("every_verb_is_in_the_help", [v["name"] for v in verbs
                                     if f"  {v['name']:15} {v['summary']}" not in overview])

problems = []
for v in verbs:
    for words in (["help"] + v["name"].split(), v["name"].split() + ["--help"]):
        result = run(ebb, *words)
        if result.returncode or f"ebb {v['name']}" not in result.stdout.splitlines()[0]:
            problems.append(" ".join(words))
        for name in v["options"]:
            if f"--{name}" not in result.stdout:
                problems.append(f"{' '.join(words)}: --{name}")
claim("every_verb_has_its_own_help", problems)

problems = []
for v in verbs:
    result = run(ebb, *v["name"].split(), "--no-such-option")
    if result.returncode != 2 or "no option" not in result.stderr:
        problems.append(v["name"])
claim("an_unknown_option_is_wrong_usage", problems)

claim("a_mistyped_verb_gets_a_hint",
      [w for w, near in (("reviw", "review"), ("serach", "search"), ("udno", "undo"),
                         ("sus", "suspend")) if f'"{near}"' not in run(ebb, w).stderr])

if shutil.which("mandoc"):
    lint = run("mandoc", "-T", "lint", "-W", "warning", page_path)
    claim("mandoc_finds_no_error_in_the_man_page", lint.stdout.splitlines())
else:
    skip("mandoc_finds_no_error_in_the_man_page", "there is no mandoc")

for path, shell in zip(completions, ("bash", "zsh", "fish")):
    with open(path, encoding="utf-8") as f:
        text = f.read()
    missing = [w for v in verbs for w in v["name"].split() if not re.search(r"\b" + re.escape(w) + r"\b", text)]
    missing += [o for o in options if o[2:] not in text]
    if shutil.which(shell):
        result = run(shell, "-n", path)
        missing += result.stderr.splitlines() if result.returncode else []
    claim(f"the_completion_for_{shell}_knows_all_and_is_valid", missing)

if len(completions) == 3:
    script = f""". {completions[0]}
complete_words() {{ COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _ebb; echo "${{COMPREPLY[*]}}"; }}
complete_words ebb susp; complete_words ebb answer e; complete_words ebb deck d; complete_words ebb deck delete --i
complete_words ebb import --match k; complete_words ebb help hist"""
    got = run("bash", "--norc", "-c", script).stdout.split()
    claim("bash_completes_verbs_options_and_values",
          [] if got == ["suspend", "easy", "delete", "--into", "keep", "history"] else [str(got)])
    if shutil.which("fish"):
        got = run("fish", "--no-config", "-c", f"source {completions[2]}; complete -C 'ebb susp'; complete -C 'ebb answer e';"
                  "complete -C 'ebb deck d'; complete -C 'ebb deck delete --i'").stdout
        got = [line.split("\t")[0] for line in got.splitlines()]
        claim("fish_completes_verbs_options_and_values",
              [] if got == ["suspend", "easy", "delete", "--into"] else [str(got)])

print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
sys.exit(failed > 0)
