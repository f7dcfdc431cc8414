#!/usr/bin/env python3
"""The running daemon as its clients see it: started, called, refused, reloaded, ended."""
import os
import signal
import socket
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree

import dbus
import dbus.lowlevel

import rig as rig_module
from rig import NAME, PATH, Failed, Skip, check, equal, refused


# ---- starting and ending

def claim_the_first_call_starts_the_daemon_without_systemd(rig):
    with open(os.path.join(rig.dir, 'services', NAME + '.service'), 'w') as f:
        f.write(f'[D-BUS Service]\nName={NAME}\nExec=/usr/bin/env HOME={rig.home} EBB_NOTIFY=/x {rig.ebbd}\n')
    # Activation needs the bus to know the file.
    rig.connection.call_blocking('org.freedesktop.DBus', '/org/freedesktop/DBus',
                                 'org.freedesktop.DBus', 'ReloadConfig', '', ())
    note, cards = rig.add('2 + 2', '4')
    check(note > 0 and len(cards) == 1, 'the note has no card')
    equal(0o700, os.stat(rig.data).st_mode & 0o777, 'mode of the folder')
    equal(0o600, os.stat(rig.store).st_mode & 0o777, 'mode of the collection')
    pid = rig.connection.call_blocking('org.freedesktop.DBus', '/org/freedesktop/DBus', 'org.freedesktop.DBus',
                                       'GetConnectionUnixProcessID', 's', (NAME,))
    os.kill(pid, signal.SIGTERM)
    for _ in range(500):
        if not rig.connection.name_has_owner(NAME):
            return
        time.sleep(0.01)
    raise Failed('it does not end')


def claim_a_second_daemon_says_so_and_ends(rig):
    rig.start()
    code, said = rig.run()
    equal(75, code, 'exit code')
    check('Another ebbd runs in this session already' in said, said)
    rig.add('still', 'there')


def claim_without_a_bus_it_says_so_and_ends(rig):
    r = subprocess.run([rig.ebbd], env=dict(rig.env(), DBUS_SESSION_BUS_ADDRESS='unix:path=/nonexistent'),
                       capture_output=True, text=True, timeout=20)
    equal(69, r.returncode, 'exit code')
    check('There is no session bus' in r.stderr, r.stderr)


def claim_when_the_bus_goes_away_it_ends_with_everything_saved(rig):
    process = rig.start()
    rig.add('kept', 'yes')
    rig.bus_process.kill()
    rig.bus_process.wait()
    equal(69, process.wait(20), 'exit code')
    check('The session bus went away' in rig.log(), rig.log())
    db = subprocess.run(['sqlite3', rig.store, 'PRAGMA integrity_check; SELECT count(*) FROM note'],
                        capture_output=True, text=True) if which('sqlite3') else None
    if db:
        equal('ok\n1\n', db.stdout, 'the collection')


def which(program):
    return any(os.access(os.path.join(p, program), os.X_OK) for p in os.environ['PATH'].split(':'))


def claim_sigterm_and_sigint_end_it_cleanly(rig):
    for sig in (signal.SIGTERM, signal.SIGINT):
        process = rig.start()
        equal(0, rig.stop(process, sig), 'exit code')
        while rig.connection.name_has_owner(NAME):
            time.sleep(0.01)


def claim_arguments_are_checked(rig):
    equal((0, True), (lambda r: (r[0], '--check-config' in r[1]))(rig.run('--help')), '--help')
    equal((0, True), (lambda r: (r[0], r[1].startswith('ebbd ')))(rig.run('--version')), '--version')
    for arguments in (['--bogus'], ['surplus'], ['--config'], ['--data', 'relative']):
        equal(64, rig.run(*arguments)[0], f'exit code of {arguments}')
    equal(78, rig.run('--config', '/nonexistent')[0], 'exit code of a missing configuration')


def claim_readiness_and_the_end_are_told_to_the_service_manager(rig):
    path = os.path.join(rig.dir, 'notify')
    s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    s.bind(path)
    s.settimeout(10)
    env, rig.env = rig.env, lambda bus=True: dict(env_of(bus), NOTIFY_SOCKET=path)
    env_of = env
    process = rig.start()
    equal(b'READY=1', s.recv(4096), 'first message')
    process.send_signal(signal.SIGHUP)
    check(s.recv(4096).startswith(b'RELOADING=1\nMONOTONIC_USEC='), 'no RELOADING=1')
    equal(b'READY=1', s.recv(4096), 'after the reload')
    rig.stop(process)
    equal(b'STOPPING=1', s.recv(4096), 'last message')


# ---- configuration

def claim_check_config_names_every_mistake(rig):
    with open(rig.conf, 'w') as f:
        f.write('[review]\nbatch = 0\nbach = 1\n')
    code, said = rig.run('--check-config')
    equal(78, code, 'exit code')
    equal(f'{rig.conf}:2: "batch" is "0", but must be a whole number from 1 to 100.\n'
          f'{rig.conf}:3: There is no option "bach" in [review]; did you mean "batch"?\n', said, 'said')
    code, said = rig.run('--check-config', os.path.join(rig.source, 'config/ebb.conf'))
    equal(0, code, said)


def claim_a_bad_configuration_at_the_start_ends_it(rig):
    with open(rig.conf, 'w') as f:
        f.write('[reveiw]\n')
    code, said = rig.run()
    equal(78, code, 'exit code')
    check('There is no section [reveiw]; did you mean [review]?' in said, said)


def config_value(rig, option):
    for name, value, _, where in rig.call('Manager', 'GetConfig', ''):
        if name == option:
            return str(value), str(where)
    raise Failed(f'no option {option}')


def claim_a_bad_reload_keeps_the_old_values_and_says_so(rig):
    with open(rig.conf, 'w') as f:
        f.write('[review]\nbatch = 7\n')
    process = rig.start()
    equal(('7', rig.conf + ':2'), config_value(rig, 'review.batch'), 'batch')
    with open(rig.conf, 'w') as f:
        f.write('[review]\nbatch = 8\ntext = loud\n')
    with refused('Config', 'ebb.conf:3: "text" is "loud"'):
        rig.call('Manager', 'Reload', '')
    equal('7', config_value(rig, 'review.batch')[0], 'batch after the bad reload')
    check('ebb.conf:3' in rig.get('Problem'), 'the property Problem does not tell')

    process.send_signal(signal.SIGHUP)
    while rig.log().count('old values stay in force') < 2:
        time.sleep(0.01)
    equal('7', config_value(rig, 'review.batch')[0], 'batch after the bad SIGHUP')

    with open(rig.conf, 'w') as f:
        f.write('[review]\nbatch = 8\n')
    rig.call('Manager', 'Reload', '')
    equal('8', config_value(rig, 'review.batch')[0], 'batch after the good reload')
    equal('', rig.get('Problem'), 'Problem')


# ---- the promised interface

def members(node):
    found = set()
    for interface in node.findall('interface'):
        if interface.get('name').startswith('org.freedesktop.'):
            continue
        for member in interface:
            if member.tag not in ('method', 'signal', 'property'):
                continue
            direction = 'in' if member.tag == 'method' else ''
            args = tuple((a.get('name'), a.get('type'), a.get('direction', direction) if direction else '')
                         for a in member.findall('arg'))
            notes = tuple(sorted((a.get('name'), a.get('value')) for a in member.findall('annotation')))
            found.add((interface.get('name'), member.tag, member.get('name'), member.get('type'),
                       member.get('access'), args, notes))
    return found


def compare(rig, path, file):
    text = rig.connection.call_blocking(NAME, path, 'org.freedesktop.DBus.Introspectable',
                                        'Introspect', '', ())
    served = members(ElementTree.fromstring(text))
    promised = members(ElementTree.parse(os.path.join(rig.source, 'config', file)).getroot())
    equal(set(), promised - served, f'promised in {file} and not served')
    equal(set(), served - promised, f'served and not promised in {file}')
    check(len(promised) > 5, 'hardly anything was compared')


def claim_the_running_daemon_serves_what_the_xml_promises(rig):
    rig.start()
    compare(rig, PATH, 'org.ebbd.Ebb1.xml')
    job = rig.job('Verify')
    compare(rig, job, 'org.ebbd.Ebb1.Job.xml')


# ---- cards

def claim_an_added_note_is_found_read_and_asked(rig):
    rig.start()
    note, cards = rig.add('What is <b>2 + 2</b>?', '4 &amp; no more', 'Sums::Small', ['easy'])
    total, found = rig.call('Cards', 'Search', 'suu', 'deck:Sums tag:easy', 0, 10)
    equal(1, total, 'total')
    equal((cards[0], note, 'Sums::Small', 'new', 0, 'What is 2 + 2?'), tuple(found[0]), 'found')
    info = rig.call('Cards', 'Get', 'x', cards[0])
    equal('What is 2 + 2?', info['question'], 'question')
    equal('4 & no more', info['answer'], 'answer')
    equal('new', info['state'], 'state')
    equal(['easy'], [str(t) for t in info['tags']], 'tags')
    equal([('Front', 'What is <b>2 + 2</b>?'), ('Back', '4 &amp; no more')],
          [(str(n), str(v)) for n, v in info['fields']], 'fields')
    equal([1, 2, 3, 4], [int(g) for g, _ in info['previews']], 'grades')
    equal(1, rig.get('DueCount'), 'DueCount')
    equal(1, rig.get('CardCount'), 'CardCount')

    card, revision, info = rig.next()
    equal(cards[0], card, 'card asked')
    equal(info['revision'], revision, 'revision')
    check('fields' not in info, 'Next gives fields')
    notetype, deck, fields, tags, ids = rig.call('Cards', 'GetNote', 'x', note)
    equal(('Basic', 'Sums::Small', 2, ['easy'], cards),
          (notetype, deck, len(fields), list(tags), [int(i) for i in ids]), 'note')


def claim_a_grade_counts_once(rig):
    rig.start()
    _, (card,) = rig.add('q', 'a')
    _, revision, _ = rig.next()
    new_revision, due, interval = rig.grade(card, revision, 4)
    check(new_revision > revision, 'the revision does not grow')
    check(due > time.time() * 1e6 + 86400e6, 'Easy is due within a day')
    check(interval.endswith('d'), f'interval "{interval}"')
    with refused('Stale'):
        rig.grade(card, revision, 4)
    equal(1, rig.get('ReviewedToday'), 'ReviewedToday')
    equal(1, len(rig.call('Cards', 'History', 'x', card)), 'entries')
    for grade in (0, 5, 4294967295):
        with refused('Invalid', 'no grade'):
            rig.grade(card, new_revision, grade)
    with refused('NoSuchCard'):
        rig.grade(4711, 1, 3)


def claim_a_grade_is_there_after_the_daemon_was_killed(rig):
    process = rig.start()
    _, (card,) = rig.add('q', 'a')
    _, revision, _ = rig.next()
    new_revision, due, _ = rig.grade(card, revision, 3)
    rig.stop(process, signal.SIGKILL)
    while rig.connection.name_has_owner(NAME):
        time.sleep(0.01)
    rig.start()
    info = rig.call('Cards', 'Get', 'x', card)
    equal((new_revision, due, 1), (info['revision'], info['due'], info['reps']), 'after the kill')


def claim_the_card_just_answered_is_not_asked_again_while_another_is_due(rig):
    rig.start()
    rig.add('one')
    rig.add('two')
    first, revision, _ = rig.next()
    rig.grade(first, revision, 1)
    second, revision, _ = rig.next()
    check(second not in (0, first), f'card {second} after {first}')
    rig.grade(second, revision, 4)
    # Now only the first is left, a learning card a minute early.
    again, _, _ = rig.next()
    equal(first, again, 'the only card left')
    nothing, _, info = rig.next(**{'learn-ahead': dbus.UInt32(0)})
    equal((0, 0), (int(nothing), len(info)), 'nothing is due yet')


def claim_undo_and_redo_reach_back(rig):
    rig.start()
    _, (card,) = rig.add('q', 'a')
    _, revision, _ = rig.next()
    rig.grade(card, revision, 4)
    rig.call('Manager', 'Undo', '')
    equal('new', rig.call('Cards', 'Get', 'x', card)['state'], 'state after undo')
    rig.call('Manager', 'Redo', '')
    equal('review', rig.call('Cards', 'Get', 'x', card)['state'], 'state after redo')
    rig.call('Manager', 'Undo', '')
    rig.call('Manager', 'Undo', '')
    with refused('NoSuchCard'):
        rig.call('Cards', 'Get', 'x', card)
    with refused('NothingToUndo'):
        rig.call('Manager', 'Undo', '')


def claim_cards_are_changed_many_at_once_or_not_at_all(rig):
    rig.start()
    notes, cards = zip(*[(n, c[0]) for n, c in (rig.add(f'q{i}') for i in range(3))])
    ids = dbus.Array(cards, 'x')
    equal(3, rig.call('Cards', 'Suspend', 'axb', ids, True), 'suspended')
    equal(0, rig.get('DueCount'), 'DueCount')
    equal(3, rig.count('is:suspended'), 'is:suspended')
    equal(3, rig.call('Cards', 'Suspend', 'axb', ids, False), 'unsuspended')
    equal(3, rig.call('Cards', 'Bury', 'axb', ids, True), 'buried')
    equal(3, rig.call('Cards', 'Bury', 'axb', ids, False), 'unburied')
    equal(3, rig.call('Cards', 'Flag', 'axu', ids, 7), 'flagged')
    equal(3, rig.count('flag:7'), 'flag:7')
    with refused('Invalid', '8 is no flag'):
        rig.call('Cards', 'Flag', 'axu', ids, 8)
    equal(3, rig.call('Cards', 'Move', 'axs', ids, 'Elsewhere'), 'moved')
    equal(3, rig.count('deck:Elsewhere'), 'deck:Elsewhere')
    equal(3, rig.call('Cards', 'Tag', 'axasas', dbus.Array(notes, 'x'), ['a', 'b'], dbus.Array([], 's')), 'tagged')
    equal([('a', 3), ('b', 3)], [(str(t), int(n)) for t, n in rig.call('Cards', 'ListTags', '')], 'tags')
    with refused('NoSuchCard'):
        rig.call('Cards', 'Suspend', 'axb', dbus.Array(list(cards) + [4711], 'x'), True)
    equal(0, rig.count('is:suspended'), 'suspended by the refused call')
    equal(0, rig.call('Cards', 'Suspend', 'axb', dbus.Array([], 'x'), True), 'of none')
    rig.call('Cards', 'Edit', 'xa{ss}', notes[0], {'Back': 'changed'})
    equal('changed', rig.call('Cards', 'Get', 'x', cards[0])['answer'], 'answer')
    with refused('Invalid'):
        rig.call('Cards', 'Edit', 'xa{ss}', notes[0], {'Sideways': 'x'})
    equal(2, rig.call('Cards', 'Delete', 'ax', dbus.Array(notes[:2], 'x')), 'deleted')
    equal(1, rig.get('CardCount'), 'CardCount')
    with refused('NoSuchNote'):
        rig.call('Cards', 'GetNote', 'x', notes[0])


def claim_decks_and_presets_are_managed(rig):
    rig.start()
    rig.call('Decks', 'Create', 's', 'A::B')
    with refused('Exists'):
        rig.call('Decks', 'Create', 's', 'A::B')
    rig.add('q', deck='A::B')
    rig.call('Decks', 'Rename', 'ss', 'A', 'Z')
    decks = {str(d[0]): d for d in rig.call('Decks', 'List', '')}
    equal({'Default', 'Z', 'Z::B'}, set(decks), 'decks')
    equal((1, 1), (int(decks['Z'][2]), int(decks['Z'][5])), 'new and total of Z')
    with refused('NoSuchDeck'):
        rig.call('Decks', 'Rename', 'ss', 'A', 'Y')
    rig.call('Decks', 'PutPreset', 'sa{ss}', 'Hard', {'desired-retention': '0.95'})
    rig.call('Decks', 'SetPreset', 'ss', 'Z::B', 'Hard')
    options = {str(o[0]): str(o[1]) for o in rig.call('Decks', 'GetPreset', 's', 'Hard')}
    equal(0.95, float(options['desired-retention']), 'desired-retention')
    equal(['Default', 'Hard'], sorted(str(p) for p in rig.call('Decks', 'ListPresets', '')), 'presets')
    with refused('Invalid', 'desired-retention'):
        rig.call('Decks', 'PutPreset', 'sa{ss}', 'Hard', {'desired-retention': '1.5'})
    with refused('NoSuchPreset'):
        rig.call('Decks', 'GetPreset', 's', 'nowhere')
    rig.call('Decks', 'Delete', 'ss', 'Z', '')
    equal(1, rig.count('deck:Default'), 'the card of the deleted deck')


def claim_statistics_count_what_was_reviewed(rig):
    rig.start()
    for i in range(3):
        _, (card,) = rig.add(f'q{i}')
        rig.grade(card, rig.call('Cards', 'Get', 'x', card)['revision'], (1, 3, 4)[i])
    s = rig.call('Manager', 'GetStatistics', 'su', '', 7)
    equal(7, len(s['days']), 'days')
    equal((3, 1, 0, 1, 1), tuple(int(n) for n in s['days'][6][1:6]), 'today')
    equal(3, s['cards-total'], 'cards-total')
    equal(7, len(s['forecast']), 'forecast')
    equal([('Default', 3, 1)], [(str(d[0]), int(d[1]), int(d[2])) for d in s['decks']], 'decks')
    with refused('NoSuchDeck'):
        rig.call('Manager', 'GetStatistics', 'su', 'nowhere', 7)
    for days in (0, 4000):
        with refused('Invalid'):
            rig.call('Manager', 'GetStatistics', 'su', '', days)


def claim_why_tells_decisions(rig):
    rig.start()
    equal([], list(rig.call('Manager', 'Why', 'u', 0)), 'of none')
    for when, _, kind, sentence in rig.call('Manager', 'Why', 'u', 100):
        check(when > 0 and kind and sentence, 'an empty decision')


# A name is enough for the daemon to believe in a server; what it then cannot show is not asked here.
def with_server(rig):
    rig.connection.request_name('org.freedesktop.Notifications')


def remind_conf(rig, *lines):
    now = time.gmtime(time.time() - 60)
    slot = f'{now.tm_hour:02}:{now.tm_min:02}'
    with open(rig.conf, 'w') as f:
        f.write('\n'.join(['[remind]', f'slots = {slot}', f'slots-weekend = {slot}', 'settle = 0',
                           'quiet = never', 'min-due = 2', *lines, '']))
    return slot


def why(rig):
    return [(bool(asked), str(kind), str(sentence))
            for _, asked, kind, sentence in rig.call('Manager', 'Why', 'u', 100)]


def wait_for_decision(rig, sentence):
    for _ in range(200):
        if any(sentence == s for _, _, s in why(rig)):
            return
        time.sleep(0.02)
    raise Failed(f'"{sentence}" is not among {why(rig)}')


def claim_an_open_slot_asks_as_soon_as_enough_is_due_and_only_once(rig):
    slot = remind_conf(rig)
    with_server(rig)
    rig.start()
    rig.add('one')
    wait_for_decision(rig, f'{slot} not asked: 1 card is due, fewer than min-due (2).')
    rig.add('two')
    wait_for_decision(rig, f'{slot} asked: 2 cards are due.')
    rig.add('three')
    rig.stop()

    # It was asked, also for the daemon that starts after it.
    rig.start()
    rig.add('four')
    time.sleep(0.3)
    equal([], [s for asked, _, s in why(rig) if asked], 'asked again')


def claim_only_the_chosen_decks_are_asked_about(rig):
    slot = remind_conf(rig, 'decks = Law >= 3, Art')
    with_server(rig)
    rig.start()
    for i in range(4):
        rig.add(f'other {i}')
    rig.add('a', deck='Law')
    rig.add('b', deck='Law::Tax')
    wait_for_decision(rig, f'{slot} not asked: nothing is due.')
    equal([], [s for asked, _, s in why(rig) if asked], 'asked')
    rig.add('c', deck='Law')
    wait_for_decision(rig, f'{slot} asked: 3 cards are due.')


def claim_a_holiday_is_silent_and_says_so(rig):
    day = time.strftime('%Y-%m-%d', time.gmtime(time.time() - 4 * 3600))
    slot = remind_conf(rig, '[holiday]', f'dates = {day}')
    with_server(rig)
    rig.start()
    rig.add('one')
    rig.add('two')
    wait_for_decision(rig, f'{slot} not asked: holiday until {day}.')


def claim_hush_is_kept_over_a_restart_and_lifted(rig):
    slot = remind_conf(rig)
    with_server(rig)
    rig.start()
    until = rig.call('Manager', 'Hush', 's', '90m')
    check(abs(int(until) / 1e6 - time.time() - 5400) < 10, f'until {until}')
    rig.add('one')
    rig.add('two')
    check(any(s.startswith(f'{slot} not asked: hushed until ') for _, _, s in why(rig)), why(rig))
    rig.stop()

    rig.start()
    equal(until, rig.get('HushedUntil'), 'after a restart')
    equal(0, rig.call('Manager', 'Hush', 's', 'off'), 'off')
    equal(0, rig.get('HushedUntil'), 'lifted')
    wait_for_decision(rig, f'{slot} asked: 2 cards are due.')


def claim_hush_understands_a_time_a_date_and_today_and_nothing_else(rig):
    rig.start()
    day = time.strftime('%Y-%m-%d', time.gmtime(time.time() + 3 * 86400))
    begins = time.mktime(time.strptime(day + ' 04:00 UTC', '%Y-%m-%d %H:%M %Z')) - time.timezone
    equal(int(begins), int(rig.call('Manager', 'Hush', 's', day)) // 1000000, 'a date')
    left = int(rig.call('Manager', 'Hush', 's', 'today')) / 1e6 - time.time()
    check(0 < left <= 86400, f'today ends in {left} s')
    for how in ('', '0', '-5m', '367d', '2001-01-01', 'tomorrow', 'until 2030-01-01', 'x' * 5000):
        with refused('Invalid', 'hushed'):
            rig.call('Manager', 'Hush', 's', how)


# ---- signals

def claim_changes_of_one_turn_are_told_in_one_signal(rig):
    rig.start()
    watch = subprocess.Popen(['dbus-monitor', '--address', rig.address,
                              f"type='signal',path='{PATH}',member='PropertiesChanged'"],
                             stdout=subprocess.PIPE, text=True)
    for line in watch.stdout:
        if 'NameLost' in line or 'NameAcquired' in line:
            break
    time.sleep(0.2)
    # Sent without waiting, so that the daemon finds many in one turn.
    for i in range(50):
        m = dbus.lowlevel.MethodCallMessage(NAME, PATH, NAME + '.Cards', 'Add')
        m.append('', '', {'Front': f'q{i}', 'Back': 'a'}, dbus.Array([], 's'), signature='ssa{ss}as')
        m.set_no_reply(True)
        rig.connection.send_message(m)
    rig.connection.flush()
    while rig.get('CardCount') < 50:
        time.sleep(0.02)
    time.sleep(0.3)
    watch.terminate()
    signals = watch.stdout.read()
    watch.wait()
    n = signals.count('member=PropertiesChanged')
    check(1 <= n <= 30, f'{n} signals for 50 changes')
    check('"DueCount"' in signals and '"NewCount"' in signals, 'DueCount is not told')


def claim_a_grade_is_told_to_everybody(rig):
    rig.start()
    _, (card,) = rig.add('q')
    watch = subprocess.Popen(['dbus-monitor', '--address', rig.address, "type='signal',member='Graded'"],
                             stdout=subprocess.PIPE, text=True)
    for line in watch.stdout:
        if 'NameLost' in line or 'NameAcquired' in line:
            break
    time.sleep(0.2)
    _, due, _ = rig.grade(card, rig.next()[1], 3)
    time.sleep(0.3)
    watch.terminate()
    said = watch.stdout.read()
    watch.wait()
    for part in (f'int64 {card}', 'uint32 3', f'uint64 {due}', 'string "client"'):
        check(part in said, f'"{part}" is not in {said}')


# ---- what is refused

def claim_wrong_signatures_are_refused(rig):
    rig.start()
    for interface, method, signature, args in (
            ('Review', 'Grade', 's', ('x',)), ('Review', 'Grade', '', ()),
            ('Cards', 'Add', 'ss', ('', '')), ('Cards', 'Delete', 'as', (['1'],)),
            ('Jobs', 'Import', 's', ('/etc/passwd',)), ('Manager', 'Undo', 'u', (1,))):
        with refused('org.freedesktop.DBus.Error.InvalidArgs'):
            rig.call(interface, method, signature, *args)
    with refused('org.freedesktop.DBus.Error.UnknownMethod'):
        rig.call('Cards', 'Explode', '')
    with refused('org.freedesktop.DBus.Error.UnknownObject'):
        rig.call('Cards', 'Get', 'x', 1, path='/elsewhere')
    rig.add('still', 'there')


def claim_huge_arguments_are_refused_with_a_sentence(rig):
    rig.start()
    note, cards = rig.add('q')
    with refused('Invalid', '10001 numbers are too many'):
        rig.call('Cards', 'Suspend', 'axb', dbus.Array([cards[0]] * 10001, 'x'), True)
    with refused('Invalid', '1000000 numbers are too many'):
        rig.call('Cards', 'Delete', 'ax', dbus.Array([note] * 1000000, 'x'))
    with refused('Invalid', '1000 strings'):
        rig.call('Cards', 'Tag', 'axasas', [note], ['t'] * 1001, dbus.Array([], 's'))
    with refused('Invalid', '64 entries'):
        rig.call('Cards', 'Edit', 'xa{ss}', note, {f'f{i}': '' for i in range(65)})
    with refused('Invalid', 'longer than 1 MiB'):
        rig.call('Cards', 'Edit', 'xa{ss}', note, {'Back': 'x' * (1 << 20) + 'x'})
    with refused('Invalid'):
        rig.call('Cards', 'Search', 'suu', 'x ' * 100000, 0, 10)
    with refused('Invalid', '1001 cards are too many'):
        rig.call('Cards', 'Search', 'suu', '', 0, 1001)
    rig.call('Cards', 'Edit', 'xa{ss}', note, {'Back': 'x' * (1 << 20)})
    check(len(rig.call('Cards', 'Get', 'x', cards[0])['answer']) > 1000000, 'the answer of 1 MiB')


def claim_hostile_text_is_kept_but_shown_safely(rig):
    rig.start()
    _, (card,) = rig.add('a\u202eb\x1b[31mc\ufeff', 'x')
    info = rig.call('Cards', 'Get', 'x', card)
    check(not set('\u202e\x1b\ufeff') & set(info['question']), repr(info['question']))
    equal('a\u202eb\x1b[31mc\ufeff', info['fields'][0][1], 'field')


def claim_bad_requests_are_sentences(rig):
    rig.start()
    with refused('Invalid'):
        rig.call('Cards', 'Add', 'ssa{ss}as', '', '', {'Front': '', 'Back': 'x'}, dbus.Array([], 's'))
    with refused('Invalid'):
        rig.call('Cards', 'Add', 'ssa{ss}as', 'No such type', '', {'Front': 'x'}, dbus.Array([], 's'))
    with refused('Invalid'):
        rig.add('q', tags=['two words'])
    with refused('Invalid'):
        rig.call('Cards', 'Search', 'suu', 'is:nonsense', 0, 10)
    with refused('NoSuchCard', 'There is no card 9.'):
        rig.call('Cards', 'Get', 'x', 9)
    with refused('NoSuchDeck'):
        rig.next('nowhere')
    with refused('Invalid', 'no option "bogus"'):
        rig.next(bogus=1)
    with refused('Invalid', 'must be of type "u"'):
        rig.next(**{'learn-ahead': 'soon'})
    with refused('NothingOnScreen'):
        rig.call('Review', 'ShowAnswer', '')
    with refused('NothingOnScreen'):
        rig.call('Review', 'Answer', 'u', 3)
    with refused('NothingOnScreen'):
        rig.call('Review', 'Later', '')
    equal('idle', rig.get('OnScreen'), 'OnScreen')


def claim_without_a_notification_server_popup_says_so(rig):
    rig.start()
    rig.add('q')
    with refused('NoServer'):
        rig.call('Review', 'Popup', 's', '')


# ---- many

def claim_a_thousand_clients_are_served(rig):
    rig.start()
    rig.add('q')
    sockets = []
    path = rig.address.split('unix:path=')[1].split(',')[0]
    try:
        for i in range(1000):
            s = socket.socket(socket.AF_UNIX)
            sockets.append(s)
            s.connect(path)
            uid = str(os.getuid()).encode().hex().encode()
            s.sendall(b'\0AUTH EXTERNAL ' + uid + b'\r\nBEGIN\r\n')
            s.sendall(hello(1) + due_count(2))
    except OSError as e:
        check(len(sockets) > 200, f'only {len(sockets)} clients: {e}')
    begin = time.monotonic()
    equal(1, rig.get('DueCount'), 'DueCount for one more')
    check(time.monotonic() - begin < 20, 'answered after 20 s')
    answered = 0
    for s in sockets:
        s.settimeout(20)
        data = b''
        # The answer to the property ends in the variant "u" 1.
        while b'\x01u\x00\x00\x01\x00\x00\x00' not in data:
            more = s.recv(65536)
            if not more:
                break
            data += more
        else:
            answered += 1
        s.close()
    equal(len(sockets), answered, 'clients that were answered')
    rig.add('and goes on')


def wire(serial, destination, path, interface, member, signature, body):
    def text(s):
        return len(s).to_bytes(4, 'little') + s.encode() + b'\0'

    def pad(b, n):
        return b + b'\0' * (-len(b) % n)
    fields = b''
    for code, kind, value in ((1, 'o', path), (2, 's', interface), (3, 's', member), (6, 's', destination)):
        fields = pad(fields, 8) + bytes([code, 1]) + kind.encode() + b'\0' + text(value)
    if signature:
        fields = pad(fields, 8) + bytes([8, 1]) + b'g\0' + bytes([len(signature)]) + signature.encode() + b'\0'
    head = b'l\x01\x00\x01' + len(body).to_bytes(4, 'little') + serial.to_bytes(4, 'little')
    return pad(head + len(fields).to_bytes(4, 'little') + fields, 8) + body


def hello(serial):
    return wire(serial, 'org.freedesktop.DBus', '/org/freedesktop/DBus', 'org.freedesktop.DBus', 'Hello', '', b'')


def due_count(serial):
    body = b''
    for s in (NAME + '.Manager', 'DueCount'):
        body += b'\0' * (-len(body) % 4) + len(s).to_bytes(4, 'little') + s.encode() + b'\0'
    return wire(serial, NAME, PATH, 'org.freedesktop.DBus.Properties', 'Get', 'ss', body)


# ---- the file

def claim_a_collection_that_cannot_be_used_is_left_as_it_is(rig):
    process = rig.start()
    rig.add('q')
    rig.stop(process)
    with open(rig.store, 'rb') as f:
        good = f.read()

    def refuse(content, code, *words):
        with open(rig.store, 'wb') as f:
            f.write(content)
        for extra in ('-wal', '-shm'):
            if os.path.exists(rig.store + extra):
                os.unlink(rig.store + extra)
        got, said = rig.run()
        equal(code, got, f'exit code ({said.strip()})')
        for word in words:
            check(word in said, f'"{said.strip()}" does not say "{word}"')
        with open(rig.store, 'rb') as f:
            equal(content, f.read(), 'the file')

    # user_version is at offset 60, big endian.
    refuse(good[:60] + (999).to_bytes(4, 'big') + good[64:], 65, 'ebb.db', 'newer')
    refuse(good[:len(good) // 2 + 100], 65, 'ebb.db')
    refuse(b'this is not a database, it is a letter' * 100, 65, 'ebb.db')
    # application_id, at offset 68.
    refuse(good[:68] + b'\0\0\0\1' + good[72:], 65, 'ebb.db')

    with open(rig.store, 'wb') as f:
        f.write(good)
    process = rig.start()
    equal(1, rig.count(), 'cards of the good one')


def claim_an_empty_file_is_a_new_collection(rig):
    os.makedirs(rig.data)
    open(rig.store, 'w').close()
    rig.start()
    equal(0, rig.get('CardCount'), 'CardCount')


def claim_a_collection_held_by_another_bus_is_refused(rig):
    rig.start()
    other = rig_module.Rig(rig.ebbd, rig.source, rig.tools)
    try:
        code, said = other.run('--data', rig.data)
        equal(75, code, f'exit code ({said})')
        check('ebb.db' in said, said)
    finally:
        other.close()
    rig.add('still', 'there')


def claim_a_writer_from_outside_is_survived(rig):
    import sqlite3
    rig.start()
    _, (card,) = rig.add('q')
    db = sqlite3.connect(rig.store, timeout=0, isolation_level=None)
    try:
        db.execute('BEGIN IMMEDIATE')
    except sqlite3.OperationalError:
        pass  # the daemon keeps everybody else out
    else:
        begin = time.monotonic()
        with refused('Store', 'ebb.db'):
            rig.add('while it is held')
        check(time.monotonic() - begin < 10, 'waits for long')
        equal(1, rig.count(), 'cards')
        db.execute('ROLLBACK')
    db.close()
    rig.add('afterwards')
    rig.grade(card, rig.call('Cards', 'Get', 'x', card)['revision'], 3)
    equal(2, rig.get('CardCount'), 'CardCount')


def claim_a_change_of_the_time_zone_is_noticed(rig):
    if os.environ.get('EBB_TEST_MOUNTS') != 'yes':
        raise Skip('needs root, to mount')
    etc = os.path.join(rig.dir, 'etc')
    subprocess.run(['cp', '-a', '/etc', etc], check=True)
    subprocess.run(['mount', '--bind', etc, '/etc'], check=True)
    try:
        env = rig.env
        rig.env = lambda bus=True: {k: v for k, v in env(bus).items() if k != 'TZ'}
        rig.start()
        rig.get('DueCount')  # it has its name before it is up
        os.symlink('/usr/share/zoneinfo/Pacific/Kiritimati', '/etc/localtime.new')
        os.rename('/etc/localtime.new', '/etc/localtime')
        for _ in range(500):
            if 'The time zone was changed' in rig.log():
                break
            time.sleep(0.01)
        else:
            raise Failed('it was not noticed')
        # 14 hours ahead of UTC; days begin at four there.
        expected = int((time.time() + 14 * 3600 - 4 * 3600) // 86400)
        equal(expected, rig.call('Manager', 'GetStatistics', 'su', '', 1)['today'], 'today')
    finally:
        subprocess.run(['umount', '-l', '/etc'], check=True)


def mount(rig, options):
    """A small file system at the data folder; the test runs in a mount namespace of its own."""
    if os.environ.get('EBB_TEST_MOUNTS') != 'yes':
        raise Skip('needs root, to mount')
    os.makedirs(rig.data, exist_ok=True)
    subprocess.run(['mount', '-t', 'tmpfs', '-o', options, 'none', rig.data], check=True)


def unmount(rig):
    rig.stop()
    subprocess.run(['umount', '-l', rig.data], check=False)


def claim_a_read_only_collection_can_be_read(rig):
    mount(rig, 'size=8m')
    try:
        process = rig.start()
        _, (card,) = rig.add('q', 'a')
        rig.stop(process)
        while rig.connection.name_has_owner(NAME):
            time.sleep(0.01)
        subprocess.run(['mount', '-o', 'remount,ro', rig.data], check=True)
        rig.start()
        equal('q', rig.call('Cards', 'Get', 'x', card)['question'], 'question')
        equal(1, rig.count('q'), 'found')
        check(rig.get('Problem'), 'Problem is empty')
        with refused('Store'):
            rig.add('more')
        with refused('Store'):
            rig.grade(card, rig.call('Cards', 'Get', 'x', card)['revision'], 3)
    finally:
        unmount(rig)


def fill(rig, leave=0):
    path = os.path.join(rig.data, 'filler')
    with open(path, 'wb', buffering=0) as f:
        try:
            while True:
                f.write(b'\0' * 4096)
        except OSError:
            pass
        if leave:
            f.truncate(max(0, f.tell() - leave))
    return path


def claim_a_full_disk_refuses_a_grade_and_loses_nothing(rig):
    mount(rig, 'size=4m')
    try:
        process = rig.start()
        cards = [rig.add(f'q{i}')[1][0] for i in range(60)]
        filler = fill(rig)
        acknowledged, problem = [], None
        for card in cards:
            revision = rig.call('Cards', 'Get', 'x', card)['revision']
            try:
                rig.grade(card, revision, 4)
                acknowledged.append(card)
            except dbus.DBusException as e:
                equal('org.ebbd.Ebb1.Error.Store', e.get_dbus_name(), e.get_dbus_message())
                problem = str(e.get_dbus_message())
                break
        check(problem, 'the disk was never full')
        check('full' in problem.lower() or 'space' in problem.lower(), problem)
        equal('new', rig.call('Cards', 'Get', 'x', card)['state'], 'the refused card')
        os.unlink(filler)
        rig.grade(card, rig.call('Cards', 'Get', 'x', card)['revision'], 4)
        acknowledged.append(card)
        rig.stop(process, signal.SIGKILL)
        while rig.connection.name_has_owner(NAME):
            time.sleep(0.01)
        rig.start()
        for card in acknowledged:
            equal(1, rig.call('Cards', 'Get', 'x', card)['reps'], f'reviews of card {card}')
        equal((True, 'Everything agrees with the operations.'), rig.wait(rig.job('Verify'))[:2], 'verify')
    finally:
        unmount(rig)


# ---- at rest

def claim_with_nothing_due_it_does_not_wake_up(rig):
    process = rig.start()
    rig.add('q')
    # Its idle work is done five seconds after the last call.
    time.sleep(7.5)

    def switches():
        with open(f'/proc/{process.pid}/status') as f:
            return sum(int(l.split()[1]) for l in f if 'ctxt_switches' in l)
    before = switches()
    time.sleep(3)
    equal(before, switches(), 'context switches')


if __name__ == '__main__':
    if os.geteuid() == 0 and 'EBB_TEST_MOUNTS' not in os.environ:
        works = subprocess.run(['unshare', '-m', 'true'], stderr=subprocess.DEVNULL).returncode == 0
        os.environ['EBB_TEST_MOUNTS'] = 'yes' if works else 'no'
        if works:
            os.execvp('unshare', ['unshare', '-m', sys.executable, *sys.argv])
    rig_module.main(sys.modules['__main__'])
