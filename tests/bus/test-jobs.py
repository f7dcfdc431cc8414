#!/usr/bin/env python3
"""Imports, exports, verification and backups, as a client sees them, also one that goes away."""
import csv
import json
import os
import signal
import subprocess
import sys
import time

import dbus

import rig as rig_module
from rig import Failed, Skip, check, equal, refused


def stream(notes, source='text', name='test.csv', **rest):
    """A note stream of (guid, front, back) or of whole note objects."""
    lines = [{'ebb': 'notes', 'v': 1, 'source': source, 'name': name}]
    refused_lines = rest.pop('refused', [])
    lines += rest.pop('before', [])
    for i, n in enumerate(notes):
        if isinstance(n, tuple):
            n = {'guid': n[0], 'fields': {'Front': n[1], 'Back': n[2]}, 'line': i + 1}
        lines.append({'note': n})
    lines += [{'refused': r} for r in refused_lines]
    lines.append({'end': {'notes': len(notes), 'refused': len(refused_lines)}})
    return '\n'.join(json.dumps(l, ensure_ascii=False) for l in lines).encode() + b'\n'


def many(n):
    return [(f'g{i}', f'question {i}', f'answer {i}') for i in range(n)]


def jlpt(rig):
    with open(os.path.join(rig.source, 'tests/data/decks/open-anki-jlpt-n5.csv'), newline='') as f:
        rows = list(csv.DictReader(f))
    notes = [{'guid': r['guid'], 'deck': 'Japanese::N5', 'tags': r['tags'].split(),
              'fields': {'Front': r['expression'], 'Back': f"{r['reading']}<br>{r['meaning']}"},
              'line': i + 2} for i, r in enumerate(rows)]
    return stream(notes, name='open-anki-jlpt-n5.csv')


def counts(result):
    return {str(k): int(v) for k, v in result.items() if k in ('added', 'updated', 'unchanged', 'kept', 'refused')}


def wait_gone(rig):
    while rig.connection.name_has_owner(rig_module.NAME):
        time.sleep(0.01)


# ---- import

def claim_718_notes_are_imported_once(rig):
    rig.start()
    ok, message, result = rig.import_stream(jlpt(rig))
    check(ok, message)
    equal({'added': 718, 'updated': 0, 'unchanged': 0, 'kept': 0, 'refused': 0}, counts(result), 'counts')
    equal(718, rig.count('deck:Japanese'), 'cards')
    equal(718, rig.get('CardCount'), 'CardCount')
    equal(1, rig.count('"to meet, to see"'), 'one of them')

    ok, message, result = rig.import_stream(jlpt(rig))
    check(ok, message)
    equal({'added': 0, 'updated': 0, 'unchanged': 718, 'kept': 0, 'refused': 0}, counts(result), 'second time')
    check(os.path.exists(str(result['backup'])), 'no backup before the second import')
    equal((True, 'Everything agrees with the operations.'), rig.wait(rig.job('Verify'))[:2], 'verify')

    rig.call('Manager', 'Undo', '')
    equal(0, rig.count(), 'cards after undo')


def claim_the_reader_and_the_daemon_agree_on_718_rows(rig):
    reader = rig.tools.get('read-text')
    if not reader or not os.path.exists(reader):
        raise Skip('there is no ebb-read-text')
    rig.start()
    with open(os.path.join(rig.source, 'tests/data/decks/open-anki-jlpt-n5.csv'), 'rb') as f:
        r, w = os.pipe()
        process = subprocess.Popen([reader], stdin=f, stdout=w)
        os.close(w)
        path = rig.job('Import', r, {'label': 'n5'})
        os.close(r)
        ok, message, result = rig.wait(path)
        process.wait()
    check(ok, message)
    equal(718, counts(result)['added'], 'added')


def claim_a_dry_run_counts_and_changes_nothing(rig):
    rig.start()
    ok, message, result = rig.import_stream(stream(many(20)), **{'dry-run': True})
    check(ok, message)
    equal(20, counts(result)['added'], 'added')
    equal(0, rig.get('CardCount'), 'CardCount')
    with refused('NothingToUndo'):
        rig.call('Manager', 'Undo', '')


def claim_what_becomes_of_a_known_note_can_be_chosen(rig):
    rig.start()
    rig.import_stream(stream([('a', 'q', 'old')]))
    _, _, result = rig.import_stream(stream([('a', 'q', 'new')]), match='keep')
    equal(1, counts(result)['kept'], 'kept')
    equal(1, rig.count('old'), 'the old text')
    _, _, result = rig.import_stream(stream([('a', 'q', 'new')]))
    equal(1, counts(result)['updated'], 'updated')
    equal((0, 1), (rig.count('old'), rig.count('new')), 'the texts')
    r, w = os.pipe()
    with refused('Invalid', 'update, keep or both'):
        rig.job('Import', r, {'match': 'perhaps'})
    with refused('Invalid', 'no option'):
        rig.job('Import', r, {'colour': 'red'})
    os.close(r)
    os.close(w)


def claim_refused_notes_are_named_and_the_others_taken(rig):
    rig.start()
    notes = many(3) + [{'guid': 'x', 'fields': {'Front': '', 'Back': 'y'}, 'line': 9},
                       {'guid': 'y', 'notetype': 'Unheard of', 'fields': {'Front': 'x'}, 'line': 10},
                       {'guid': 'z', 'cols': ['f', 'b', 'too much'], 'line': 11},
                       {'guid': 'w', 'cols': ['by column', 'b', ''], 'line': 12}]
    ok, message, result = rig.import_stream(stream(notes, refused=[{'line': 13, 'why': 'holds invalid UTF-8', 'text': 'x'}]))
    check(ok, message)
    equal({'added': 4, 'updated': 0, 'unchanged': 0, 'kept': 0, 'refused': 4}, counts(result), 'counts')
    said = [str(m) for m in result['messages']]
    equal(4, len(said), f'messages {said}')
    for line, text in zip((9, 10, 11, 13), sorted(said, key=lambda s: int(s.split()[1].strip(':')))):
        check(text.startswith(f'Line {line}: '), text)
    equal(1, rig.count('"by column"'), 'the note by column')


def claim_half_of_100000_lines_broken_are_named_up_to_a_bound(rig):
    rig.start()
    broken = [{'line': 2 * i + 1, 'why': 'has no second field', 'text': 'x'} for i in range(50000)]
    ok, message, result = rig.import_stream(stream(many(500), refused=broken))
    check(ok, message)
    equal((500, 50000), (counts(result)['added'], counts(result)['refused']), 'counts')
    equal((1000, 49000), (len(result['messages']), int(result['more'])), 'messages')


def claim_a_malformed_stream_changes_nothing(rig):
    rig.start()
    whole = stream(many(10))
    lines = whole.split(b'\n')
    for name, text, words in (
            ('cut off', b'\n'.join(lines[:6]) + b'\n', 'end'),
            ('cut within a line', whole[:len(whole) // 2], ''),
            ('not JSON', lines[0] + b'\n{"note":\n', 'line 2'),
            ('not UTF-8', lines[0] + b'\n{"note":{"fields":{"Front":"\xff"}}}\n', 'line 2'),
            ('no header', b'\n'.join(lines[1:]), 'line 1'),
            ('unknown key', lines[0] + b'\n{"nonsense":{}}\n', 'line 2'),
            ('wrong count', whole.replace(b'"notes": 10', b'"notes": 11'), ''),
            ('empty', b'', ''),
            ('endless line', lines[0] + b'\n' + b'x' * (5 << 20), '4 mib')):
        ok, message, _ = rig.import_stream(text)
        check(not ok and message and words in message.lower(), f'{name}: {ok} "{message}"')
        equal(0, rig.get('CardCount'), f'CardCount after {name}')
    ok, message, _ = rig.import_stream(whole)
    check(ok, message)


def claim_a_file_is_imported_as_well_as_a_pipe(rig):
    rig.start()
    path = os.path.join(rig.dir, 'stream')
    with open(path, 'wb') as f:
        f.write(stream(many(300)))
    with open(path, 'rb') as f:
        ok, message, result = rig.wait(rig.job('Import', f.fileno(), {}))
    check(ok, message)
    equal(300, counts(result)['added'], 'added')
    folder = os.open(rig.dir, os.O_RDONLY)
    with refused('Invalid', 'cannot be read'):
        rig.job('Import', folder, {})
    os.close(folder)


def claim_a_stalled_stream_delays_nobody(rig):
    rig.start()
    r, w = os.pipe()
    path = rig.job('Import', r, {})
    os.write(w, stream(many(10))[:200])
    begin = time.monotonic()
    for i in range(20):
        rig.add(f'meanwhile {i}')
    check(time.monotonic() - begin < 5, 'slow while a stream stalls')
    equal('running', rig.get('State', 'Job', path), 'State')
    with refused('Busy'):
        rig.job('Import', r, {})
    rig.call('Job', 'Cancel', '', path=path)
    ok, message, _ = rig.wait(path)
    equal((False, 'Cancelled.'), (ok, message), 'end')
    equal('cancelled', rig.get('State', 'Job', path), 'State')
    equal([path], [str(p) for p in rig.call('Jobs', 'List', '')], 'jobs')
    os.close(r)
    os.close(w)


def claim_a_client_that_goes_away_in_the_middle_leaves_nothing_behind(rig):
    rig.start()
    client = rig.connect()
    r, w = os.pipe()
    path = rig.job('Import', r, {}, connection=client)
    os.close(r)
    os.write(w, stream(many(400))[:20000])
    time.sleep(0.2)
    client.close()
    ok, message, _ = rig.wait(path)
    check(not ok and 'is gone' in message, message)
    equal('cancelled', rig.get('State', 'Job', path), 'State')
    equal(0, rig.get('CardCount'), 'CardCount')
    os.close(w)
    ok, message, result = rig.import_stream(stream(many(400)))
    equal(400, counts(result)['added'], message)


def claim_a_client_that_goes_away_while_notes_are_applied_leaves_nothing_or_all(rig):
    rig.start()
    client = rig.connect()
    path_in = os.path.join(rig.dir, 'stream')
    with open(path_in, 'wb') as f:
        f.write(stream(many(20000)))
    with open(path_in, 'rb') as f:
        path = rig.job('Import', f.fileno(), {}, connection=client)
    while rig.get('Total', 'Job', path) == 0 and rig.get('State', 'Job', path) == 'running':
        time.sleep(0.005)
    client.close()
    ok, _, _ = rig.wait(path)
    equal(20000 if ok else 0, rig.get('CardCount'), 'CardCount')
    equal((True, 'Everything agrees with the operations.'), rig.wait(rig.job('Verify'))[:2], 'verify')


def claim_sigterm_in_an_import_ends_it_with_nothing_changed(rig):
    process = rig.start()
    rig.add('before')
    r, w = os.pipe()
    rig.job('Import', r, {})
    os.write(w, stream(many(400))[:20000])
    time.sleep(0.2)
    begin = time.monotonic()
    equal(0, rig.stop(process), 'exit code')
    check(time.monotonic() - begin < 5, 'slow to end')
    os.close(r)
    os.close(w)
    wait_gone(rig)
    rig.start()
    equal(1, rig.get('CardCount'), 'CardCount')
    equal((True, 'Everything agrees with the operations.'), rig.wait(rig.job('Verify'))[:2], 'verify')


def claim_kill_9_in_an_import_leaves_nothing_or_all(rig):
    process = rig.start()
    path_in = os.path.join(rig.dir, 'stream')
    with open(path_in, 'wb') as f:
        f.write(stream(many(5000)))
    with open(path_in, 'rb') as f:
        path = rig.job('Import', f.fileno(), {})
    while rig.get('Total', 'Job', path) == 0 and rig.get('State', 'Job', path) == 'running':
        time.sleep(0.005)
    rig.stop(process, signal.SIGKILL)
    wait_gone(rig)
    rig.start()
    check(int(rig.get('CardCount')) in (0, 5000), f'{rig.get("CardCount")} cards')
    equal((True, 'Everything agrees with the operations.'), rig.wait(rig.job('Verify'))[:2], 'verify')
    ok, message, _ = rig.import_stream(stream(many(5000)))
    check(ok, message)
    equal(5000, rig.get('CardCount'), 'CardCount')


def claim_calls_are_answered_while_an_import_runs(rig):
    rig.start()
    path_in = os.path.join(rig.dir, 'stream')
    with open(path_in, 'wb') as f:
        f.write(stream(many(10000)))
    with open(path_in, 'rb') as f:
        path = rig.job('Import', f.fileno(), {})
    longest, n, state = 0, 0, 'running'
    while state == 'running':
        begin = time.monotonic()
        state = rig.get('State', 'Job', path)
        longest = max(longest, time.monotonic() - begin)
        n += 1
    ok, message, _ = rig.wait(path)
    check(ok, message)
    # Slices are some milliseconds; a busy machine and sanitizers get a wide margin.
    check(longest < 2, f'a call waited {longest * 1000:.0f} ms')
    print(f'  {n} calls during an import of 10,000 notes, the longest waited {longest * 1000:.1f} ms')


def claim_a_full_disk_in_an_import_leaves_nothing_behind(rig):
    if os.environ.get('EBB_TEST_MOUNTS') != 'yes':
        raise Skip('needs root, to mount')
    os.makedirs(rig.data)
    subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=4m', 'none', rig.data], check=True)
    try:
        rig.start()
        for i in range(5):
            rig.add(f'before {i}')
        big = [(f'g{i}', f'question {i} ' + 'x' * 2000, 'y' * 2000) for i in range(3000)]
        ok, message, _ = rig.import_stream(stream(big))
        check(not ok, 'it was imported')
        check('full' in message.lower() or 'space' in message.lower(), message)
        equal(5, rig.get('CardCount'), 'CardCount')
        rig.add('and goes on')
        equal((True, 'Everything agrees with the operations.'), rig.wait(rig.job('Verify'))[:2], 'verify')
    finally:
        rig.stop()
        subprocess.run(['umount', '-l', rig.data], check=False)


# ---- export

def export(rig, query=''):
    path = os.path.join(rig.dir, 'export.txt')
    with open(path, 'wb') as f:
        ok, message, result = rig.wait(rig.job('Export', f.fileno(), {'query': query}))
    check(ok, message)
    with open(path, newline='') as f:
        return f.read(), result


def claim_an_export_is_an_anki_text_file(rig):
    rig.start()
    rig.add('plain', 'back', 'A::B', ['t1', 't2'])
    rig.add('with\ttab', 'with "quotes"', 'A')
    rig.add('#hash', 'two\nlines')
    text, result = export(rig)
    lines = text.split('\n')
    equal(['#separator:tab', '#html:true', '#guid column:1', '#notetype column:2', '#deck column:3',
           '#tags column:6'], lines[:6], 'header')
    rows = list(csv.reader([l + '\n' for l in lines[6:]], delimiter='\t'))
    equal(3, result['notes'], 'notes')
    equal(len(text.encode()), result['bytes'], 'bytes')
    rows = list(csv.reader(text.split('#tags column:6\n')[1].splitlines(keepends=True), delimiter='\t'))
    equal([['Basic', 'A::B', 'plain', 'back', 't1 t2'], ['Basic', 'A', 'with\ttab', 'with "quotes"', ''],
           ['Basic', 'Default', '#hash', 'two\nlines', '']], [r[1:] for r in rows], 'rows')
    equal(1, export(rig, 'deck:A::B')[1]['notes'], 'notes of one deck')
    with refused('Invalid'):
        rig.job('Export', 1, {'query': 'is:nonsense'})


def claim_an_export_comes_back_as_it_was(rig):
    reader = rig.tools.get('read-text')
    if not reader or not os.path.exists(reader):
        raise Skip('there is no ebb-read-text')
    process = rig.start()
    rig.add('front', 'back')
    rig.import_stream(jlpt(rig))
    rig.add('with\ttab', 'with "quotes" <b>&amp;</b>', 'A', ['t'])
    rig.add('#hash', 'two\nlines')
    text, _ = export(rig)
    rig.stop(process)
    wait_gone(rig)
    rig.data += '-2'
    rig.start('--data', rig.data)
    with open(os.path.join(rig.dir, 'export.txt'), 'rb') as f:
        said = subprocess.run([reader], stdin=f, stdout=subprocess.PIPE, check=True).stdout
    ok, message, result = rig.import_stream(said)
    check(ok, message)
    equal(721, counts(result)['added'], 'added')
    again, _ = export(rig)
    # Guids too: an exported note is the same note wherever it comes back.
    equal(sorted(text.split('\n')), sorted(again.split('\n')), 'the second export')
    ok, message, result = rig.import_stream(said)
    check(ok, message)
    equal(721, counts(result)['unchanged'], 'unchanged the second time')


def claim_a_pipe_that_nobody_reads_blocks_nobody(rig):
    rig.start()
    rig.import_stream(jlpt(rig))
    r, w = os.pipe()
    path = rig.job('Export', w, {})
    os.close(w)
    time.sleep(0.3)
    begin = time.monotonic()
    for i in range(20):
        rig.add(f'meanwhile {i}')
    check(time.monotonic() - begin < 5, 'slow while an export waits')
    equal('running', rig.get('State', 'Job', path), 'State')
    got = b''
    while chunk := os.read(r, 65536):
        got += chunk
    os.close(r)
    ok, message, result = rig.wait(path)
    check(ok, message)
    equal(len(got), result['bytes'], 'bytes')
    equal(718 + 6, got.count(b'\n'), 'lines')


def claim_a_pipe_that_is_closed_ends_the_export_with_a_sentence(rig):
    rig.start()
    rig.import_stream(jlpt(rig))
    r, w = os.pipe()
    path = rig.job('Export', w, {})
    os.close(w)
    os.close(r)
    ok, message, _ = rig.wait(path)
    check(not ok and 'nobody reads it' in message, message)
    rig.add('and goes on')


# ---- verify, backup, restore

def claim_a_difference_is_found_by_verify(rig):
    import sqlite3
    process = rig.start()
    _, (card,) = rig.add('q')
    rig.grade(card, rig.call('Cards', 'Get', 'x', card)['revision'], 4)
    rig.stop(process)
    wait_gone(rig)
    db = sqlite3.connect(rig.store)
    db.execute('UPDATE card SET stability = stability + 1 WHERE id = ?', (card,))
    db.commit()
    db.close()
    rig.start()
    ok, message, result = rig.wait(rig.job('Verify'))
    check(not ok and result['differences'] >= 1 and len(result['messages']) >= 1, f'{ok} {message}')


def claim_a_backup_can_be_listed_and_put_back(rig):
    rig.start()
    rig.add('one')
    ok, message, result = rig.wait(rig.job('Backup'))
    check(ok, message)
    path = str(result['path'])
    equal(0o600, os.stat(path).st_mode & 0o777, 'mode of the backup')
    rig.add('two')
    listed = [(str(b[0]), str(b[3])) for b in rig.call('Manager', 'ListBackups', '')]
    equal([(path, 'manual')], listed, 'backups')
    for name in ('nowhere.db', '/etc/passwd', '../ebb.db'):
        with refused('NoSuchBackup'):
            rig.call('Manager', 'RestoreBackup', 's', name)
    r, w = os.pipe()
    stalled = rig.job('Import', r, {})
    with refused('Busy'):
        rig.call('Manager', 'RestoreBackup', 's', path)
    rig.call('Job', 'Cancel', '', path=stalled)
    os.close(r)
    os.close(w)
    saved = str(rig.call('Manager', 'RestoreBackup', 's', os.path.basename(path)))
    equal((1, 0), (rig.count('one'), rig.count('two')), 'after restoring')
    equal(1, rig.get('DueCount'), 'DueCount')
    check(os.path.exists(saved), f'"{saved}" is not there')
    rig.add('three')
    rig.call('Manager', 'RestoreBackup', 's', saved)
    equal((1, 1, 0), (rig.count('one'), rig.count('two'), rig.count('three')), 'after going back')
    equal((True, 'Everything agrees with the operations.'), rig.wait(rig.job('Verify'))[:2], 'verify')


def claim_jobs_tell_their_progress_and_their_end(rig):
    rig.start()
    watch = subprocess.Popen(['dbus-monitor', '--address', rig.address, "type='signal'"],
                             stdout=subprocess.PIPE, text=True)
    for line in watch.stdout:
        if 'NameAcquired' in line:
            break
    time.sleep(0.2)
    rig.import_stream(jlpt(rig))
    time.sleep(0.3)
    watch.terminate()
    said = watch.stdout.read()
    watch.wait()
    check('member=Finished' in said, 'no Finished')
    check('"State"' in said and '"Done"' in said, 'no PropertiesChanged of the job')
    check(said.count('"org.ebbd.Ebb1.Job"') < 50, 'too many signals')


if __name__ == '__main__':
    if os.geteuid() == 0 and 'EBB_TEST_MOUNTS' not in os.environ:
        works = subprocess.run(['unshare', '-m', 'true'], stderr=subprocess.DEVNULL).returncode == 0
        os.environ['EBB_TEST_MOUNTS'] = 'yes' if works else 'no'
        if works:
            os.execvp('unshare', ['unshare', '-m', sys.executable, *sys.argv])
    rig_module.main(sys.modules['__main__'])
