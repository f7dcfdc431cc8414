#!/usr/bin/env python3
"""Measures what docs/figures.md promises, each figure beside its bar and, where there is one, a peer.

    bench.py [--smoke] [--build FOLDER] [--keep FOLDER] [PART ...]

Prints a table in Markdown. --smoke: tiny collections, seconds instead of minutes, and no bar is held against them: that it
all still runs. --keep: where big collections are made and stay, for the next time. Parts: see the end of this file.
"""
import argparse
import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.realpath(__file__))
SOURCE = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(SOURCE, 'tests/bus'))
import rig as bus_rig  # noqa: E402


class Skip(Exception):
    pass


class Bench:
    def __init__(self, args):
        self.build, self.smoke = os.path.abspath(args.build), args.smoke
        self.folder = tempfile.mkdtemp(prefix='bench-', dir=os.environ.get('TMPDIR'))
        self.keep = os.path.abspath(args.keep) if args.keep else self.folder
        os.makedirs(self.keep, exist_ok=True)
        self.rows, self.broken = [], False

    # ---- programs

    def path(self, *names):
        return os.path.join(self.build, *names)

    def tool(self, name, *args, env=None, timeout=900):
        program = self.path('tests/bench', name)
        out = subprocess.run([program, *map(str, args)], env=env, stdout=subprocess.PIPE, text=True,
                             stdin=subprocess.DEVNULL, timeout=timeout)
        if out.returncode != 0:
            raise RuntimeError(f'{name} {" ".join(map(str, args))} failed')
        return out.stdout

    def times(self, *args, env=None):
        """Of `measure`: smallest, median, 99th percentile, largest in microseconds, and how many."""
        return [float(x) for x in self.tool('measure', *args, env=env).split()]

    def store(self, verb, file, *args):
        """Of `bench-store`: {name: [numbers]}."""
        lines = self.tool('bench-store', verb, file, *args).splitlines()
        return {line.split()[0]: [float(x) for x in line.split()[1:]] for line in lines}

    def collection(self, name, cards, *options):
        """A copy of one that was made in the last hours: what is due depends on the day."""
        path = os.path.join(self.keep, f'{name}-{cards}.db')
        if not os.path.exists(path) or time.time() - os.path.getmtime(path) > 6 * 3600:
            for end in ('', '-wal', '-shm'):
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(path + end)
            started = time.monotonic()
            self.tool('make-collection', path, cards, *options)
            note(f'{name}: {cards} cards made in {time.monotonic() - started:.0f} s, '
                 f'{os.path.getsize(path) / cards:.0f} bytes a card')
        copy = os.path.join(self.folder, f'{name}.db')
        shutil.copyfile(path, copy)
        return copy

    def big(self):
        return self.collection('big', 2000 if self.smoke else 1000000, '--fresh', 95,
                               '--due', 200 if self.smoke else 4500)

    def quiet(self):
        return self.collection('quiet', 1000 if self.smoke else 100000)

    # ---- results

    def row(self, what, figure, bar='', holds=None, beside=''):
        """`holds` None: there is no bar. Small sizes prove nothing about bars."""
        mark = '' if holds is None or self.smoke else 'holds' if holds else '**falls short**'
        self.rows.append((what, figure, bar, mark, beside))
        note(f'{what}: {figure}   [{bar}] {mark}   {beside}')

    def table(self):
        print('\n| what | figure | bar | | beside it |\n|---|---|---|---|---|')
        for row in self.rows:
            print('| ' + ' | '.join(row) + ' |')

    # ---- a daemon

    @contextlib.contextmanager
    def rig(self, file=None, conf='', notify=False):
        class Rig(bus_rig.Rig):
            def env(rig, bus=True):
                env = super().env(bus)
                if notify:
                    env['EBB_NOTIFY'] = self.path('client/notify/ebb-notify')
                    env['XDG_RUNTIME_DIR'] = rig.dir
                env['EBB_LIBEXEC'] = self.path('client/readers')
                return env
        rig = Rig(self.path('daemon/ebbd'), SOURCE, {})
        try:
            os.makedirs(rig.data)
            if file:
                os.rename(file, rig.store)
            with open(rig.conf, 'w') as f:
                f.write('[backup]\ndaily = no\n' + conf)
            yield rig
        finally:
            rig.close()


def note(text):
    print(text, file=sys.stderr, flush=True)


def ms(us):
    return f'{us / 1000:.2f} ms' if us < 100000 else f'{us / 1000:.0f} ms'


def us(value):
    return f'{value:.0f} µs' if value >= 10 else f'{value:.1f} µs'


def pss_kib(pid):
    with open(f'/proc/{pid}/smaps_rollup') as f:
        return int(re.search(r'^Pss:\s+(\d+)', f.read(), re.M).group(1))


def private_kib(pid):
    with open(f'/proc/{pid}/smaps_rollup') as f:
        return sum(int(x) for x in re.findall(r'^Private_\w+:\s+(\d+)', f.read(), re.M))


def wakeups(pid):
    """Times that any of its threads was put to sleep and woken."""
    total = 0
    for task in os.listdir(f'/proc/{pid}/task'):
        with open(f'/proc/{pid}/task/{task}/status') as f:
            total += sum(int(x) for x in re.findall(r'ctxt_switches:\s+(\d+)', f.read()))
    return total


def children(pid):
    with open(f'/proc/{pid}/task/{pid}/children') as f:
        return [int(x) for x in f.read().split()]


def mib(kib):
    return f'{kib / 1024:.2f} MiB'


def wait_for(test, seconds, what):
    end = time.monotonic() + seconds
    while not test():
        if time.monotonic() > end:
            raise RuntimeError(f'{what} has not come')
        time.sleep(0.02)


# ---- parts --------------------------------------------------------------------------------------

def sizes(b):
    """Binary sizes, stripped."""
    total = 0
    for name, path in (('ebb', 'client/ebb'), ('ebbd', 'daemon/ebbd'), ('ebb-notify', 'client/notify/ebb-notify'),
                       ('ebb-read-text', 'client/readers/ebb-read-text')):
        stripped = os.path.join(b.folder, name)
        subprocess.run(['strip', '-o', stripped, b.path(path)], check=True)
        size = os.path.getsize(stripped)
        total += size
        bar = 150 * 1024 if name == 'ebb' else 0
        b.row(f'`{name}`, stripped', f'{size / 1024:.0f} KiB', '<= 150 KiB' if bar else '',
              size <= bar if bar else None)
    b.row('all four', f'{total / 1024:.0f} KiB')


def idle(b):
    """Wakeups and memory with nothing due."""
    with b.rig(b.quiet(), notify=True) as rig:
        pid = rig.start().pid
        rig.get('DueCount')
        # The client of this test is gone, the first tidying up is over.
        time.sleep(2 if b.smoke else 15)
        before = wakeups(pid)
        seconds = 2 if b.smoke else 120
        time.sleep(seconds)
        n = wakeups(pid) - before
        b.row('wakeups of `ebbd`, 100,000 cards, nothing due', f'{n * 60 / seconds:.1f} a minute',
              '0 a minute', n == 0, f'{n} in {seconds} s, service manager without a watchdog')
        pss = pss_kib(pid)
        b.row('PSS of `ebbd`, the same', mib(pss), '<= 3 MiB', pss <= 3 * 1024,
              f'private {mib(private_kib(pid))}')
    with b.rig(b.big(), notify=True) as rig:
        pid = rig.start().pid
        b.times('grades', 20 if b.smoke else 500, env=rig.env())
        time.sleep(1 if b.smoke else 12)
        pss = pss_kib(pid)
        b.row('PSS of `ebbd`, 1,000,000 cards, idle after 500 grades', mib(pss), '<= 3 MiB', pss <= 3 * 1024,
              f'private {mib(private_kib(pid))}')


def client(b):
    """`ebb due` from fork to exit."""
    with b.rig(b.big()) as rig:
        rig.start()
        n = 20 if b.smoke else 500
        t = b.times('run', n, b.path('client/ebb'), 'due', env=rig.env())
        true = b.times('run', n, '/bin/true', env=rig.env())
        b.row('`ebb due`, warm daemon, 1,000,000 cards', f'median {ms(t[1])}, p99 {ms(t[2])}', '<= 10 ms',
              t[1] <= 10000, f'/bin/true {ms(true[1])}')
        if shutil.which('busctl'):
            busctl = b.times('run', 20 if b.smoke else 200, 'busctl', '--user', 'get-property', bus_rig.NAME,
                             bus_rig.PATH, bus_rig.NAME + '.Manager', 'DueCount', env=rig.env())
            b.row('the same property by `busctl`', f'median {ms(busctl[1])}', '', None,
                  f'{busctl[1] / t[1]:.1f} times `ebb due`')


def start(b):
    """From exec to READY=1."""
    with b.rig(b.big()) as rig:
        t = b.times('ready', 3 if b.smoke else 15, b.path('daemon/ebbd'), env=rig.env())
        b.row('start to ready, 1,000,000 cards, 1,000,000 reviews', f'median {ms(t[1])}, worst {ms(t[3])}',
              '<= 100 ms', t[1] <= 100000, f'best {ms(t[0])}')


def click(b):
    """From the click on Good to the signal that it is committed."""
    n = 5 if b.smoke else 150
    with b.rig(b.big(), conf='[review]\nbatch = 100\n[remind]\nenabled = no\n', notify=True) as rig:
        rig.start()
        t = b.times('clicks', n, env=rig.env())
        b.row('click on Good to told on the bus, 1,000,000 cards', f'median {ms(t[1])}, p99 {ms(t[2])}', '', None,
              'through the bus, ebb-notify, ebbd, commit, and the bus again')
        t = b.times('grades', 20 if b.smoke else 1000, env=rig.env())
        b.row('`Review.Grade` from call to answer', f'median {ms(t[1])}, p99 {ms(t[2])}')


def grade(b):
    """What a grade costs in the daemon, and how it syncs."""
    file = b.big()
    raw = b.times('sync', b.folder, 50 if b.smoke else 2000)
    t = b.store('grades', file, 100 if b.smoke else 2000)
    again = b.times('sync', b.folder, 50 if b.smoke else 2000)
    sync = min(raw[1], again[1])
    full, off = t['grade-full'], t['grade-off']
    b.row('grade, committed, 1,000,000 cards', f'median {us(full[1])}, p99 {us(full[2])}',
          '<= 1 ms median + one fdatasync', full[1] <= 1000 + sync,
          f'raw overwrite and fdatasync {us(sync)}: {full[1] / sync:.1f} times it')
    b.row('the same without waiting for the disk', f'median {us(off[1])}, p99 {us(off[2])}', '', None,
          f'{1e6 / full[1]:.0f} grades a second with synchronous=FULL, {1e6 / off[1]:.0f} with OFF, '
          f'{1e6 / sync:.0f} raw fdatasync')
    syncs(b)


def syncs(b):
    if not shutil.which('strace'):
        raise Skip('strace is not installed')
    n = 20 if b.smoke else 200
    with b.rig(b.collection('small', 2000, '--due', 1000, '--no-search')) as rig:
        pid = rig.start().pid
        b.times('grades', 5, env=rig.env())
        log = os.path.join(b.folder, 'strace')
        tracer = subprocess.Popen(['strace', '-f', '-y', '-e', 'trace=fdatasync,fsync', '-o', log, '-p', str(pid)],
                                  stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        tracer.stderr.readline()  # "attached"
        b.times('grades', n, env=rig.env())
        tracer.send_signal(signal.SIGINT)
        tracer.wait(20)
        tracer.stderr.close()
        with open(log) as f:
            files = re.findall(r'f(?:data)?sync\(\d+<([^>]*)>', f.read())
        wal = sum(f.endswith('-wal') for f in files)
        rest = len(files) - wal
        # Once in thousands of pages the log is moved into the file, which costs two more.
        b.row('syncs of the disk for a grade', f'{len(files)} for {n} grades', 'one', len(files) == n,
              f'{wal} of the log, {rest} of the file')


def queries(b):
    """Due count and next due."""
    t = b.store('queries', b.big())
    for key, what in (('due-count', 'due count, 1,000,000 cards'), ('next-due', 'next due, 1,000,000 cards'),
                      ('due-count-with-learning', 'due count with 300 cards in their steps')):
        b.row(what, f'median {us(t[key][1])}, p99 {us(t[key][2])}', '<= 100 µs', t[key][1] <= 100)
    b.row('which card to ask next, by risk among 4,500 due', f'median {us(t["next-card"][1])}')


def imports(b):
    """A table of 10,000 notes, as a file, through the reader and the daemon."""
    n = 300 if b.smoke else 10000
    table = os.path.join(b.folder, 'notes.csv')
    with open(table, 'w') as f:
        f.write('#separator:Comma\n#columns:Front,Back,Tags\n#tags column:3\n')
        for i in range(n):
            f.write(f'question number {i} of the table,"an answer with some words in it, '
                    f'as long as they usually are: {i}",verb n5\n')
    best = None
    for attempt in range(1 if b.smoke else 3):
        with b.rig(b.quiet()) as rig:
            pid = rig.start().pid
            rig.get('DueCount')
            before, peak = private_kib(pid), 0
            started = time.monotonic()
            job = subprocess.Popen([b.path('client/ebb'), 'import', table], env=rig.env(),
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
            while job.poll() is None:
                peak = max(peak, private_kib(pid))
                time.sleep(0.01)
            took = time.monotonic() - started
            bus_rig.equal(0, job.returncode, 'exit code of ebb import')
            bus_rig.equal(n, rig.count('"of the table"') if n < 1000 else n, 'cards that were imported')
            time.sleep(1 if b.smoke else 7)
            after = private_kib(pid)
            if not best or took < best[0]:
                best = (took, peak - before, after - before)
    b.row('`ebb import` of 10,000 notes into 100,000', f'{best[0]:.2f} s', '<= 2 s', best[0] <= 2,
          f'{n / best[0]:.0f} notes a second')
    b.row('growth of `ebbd` by it', f'{mib(best[1])} at most, {mib(best[2])} after it', '<= 16 MiB',
          best[1] <= 16 * 1024)


def fold(b):
    """State from reviews."""
    cards = 1000 if b.smoke else 50000
    many = b.collection('history', cards, '--no-search')
    t = b.store('fold', many)['fold']
    b.row(f'fold of {t[1]:,.0f} reviews of {cards:,} cards', f'{t[0]:.2f} s, {t[0] / t[1] * 1e6:.2f} s a million',
          '<= 3 s a million', t[0] / t[1] * 1e6 <= 3)
    t = b.store('fold', b.big())['fold']
    b.row(f'the same of 1,000,000 cards and {t[1]:,.0f} reviews', f'{t[0]:.2f} s')
    t = b.store('verify', many)['verify']
    b.row(f'`ebb verify` of the former, every hash and every row', f'{t[0]:.2f} s')


def frozen(b):
    """The notification server stops answering while a card is on screen."""
    with b.rig(b.quiet() if b.smoke else b.big(), conf='[remind]\nenabled = no\n', notify=True) as rig:
        daemon = rig.start()
        server = subprocess.Popen([b.path('tests/servers/fake-server')], env=rig.env(), stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE, text=True)
        try:
            server.stdout.readline()
            _, cards = rig.add('frozen?', 'yes')
            rig.call('Review', 'Popup', 's', '')
            wait_for(lambda: rig.get('OnScreen') != '', 10, 'the card')
            time.sleep(0.2)
            usual = b.times('calls', 300 if b.smoke else 3000, env=rig.env())
            server.send_signal(signal.SIGSTOP)
            rig.call('Review', 'ShowAnswer', '')
            watch = subprocess.Popen([b.path('tests/bench/measure'), 'calls', str(1000 if b.smoke else 15000)],
                                     env=rig.env(), stdout=subprocess.PIPE, text=True)
            # Whatever one may want of a server while it hangs.
            for _ in range(1 if b.smoke else 6):
                for method, signature, args in (('Answer', 'u', (3,)), ('Popup', 's', ('',)), ('ShowAnswer', '', ())):
                    with contextlib.suppress(bus_rig.dbus.DBusException):
                        rig.call('Review', method, signature, *args)
                    time.sleep(0.3 if b.smoke else 0.8)
            out, _ = watch.communicate()
            t = [float(x) for x in out.split()]
            server.send_signal(signal.SIGCONT)
            bus_rig.check(daemon.poll() is None, 'ebbd has ended')
        finally:
            server.kill()
            server.communicate()
        b.row('slowest answer while the notification server is frozen', ms(t[3]), '<= 50 ms', t[3] <= 50000,
              f'of {t[4]:.0f}; median {ms(t[1])}; otherwise slowest {ms(usual[3])}, median {ms(usual[1])}')


# In notify-rig.sh, which gives a desktop and calls this file again.
INSIDE = '''
import os, sys, time, subprocess
sys.path.insert(0, sys.argv[1])
import bench
pid, ebbd, ebb = int(os.environ['RIG_SERVER_PID']), sys.argv[2], sys.argv[3]
def ask(*words):
    return subprocess.run([ebb, *words], stdin=subprocess.DEVNULL, capture_output=True, text=True)
ours = subprocess.Popen([ebbd], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
try:
    bench.wait_for(lambda: ask('status').returncode == 0, 10, 'ebbd')
    ask('add', 'What is the memory of this for? :: For a card on the screen')
    bench.wait_for(lambda: ask('next', '--popup').returncode == 0, 10, 'the card')
    bench.wait_for(lambda: bench.children(ours.pid), 10, 'ebb-notify')
    time.sleep(2)
    notify = bench.children(ours.pid)[0]
    print('FIGURES', bench.pss_kib(pid), bench.pss_kib(ours.pid), bench.pss_kib(notify),
          bench.private_kib(pid), bench.private_kib(ours.pid), bench.private_kib(notify))
finally:
    ours.terminate()
    ours.wait()
'''


def memory(b):
    """With a card on a real screen, beside the servers' own."""
    script = os.path.join(b.folder, 'inside.py')
    with open(script, 'w') as f:
        f.write(INSIDE)
    done = False
    for server, needs in (('dunst', 'dunst Xvfb openbox'), ('mako', 'mako sway')):
        if not all(shutil.which(x) for x in needs.split()):
            continue
        env = dict(os.environ, EBB_NOTIFY=b.path('client/notify/ebb-notify'), TZ='UTC')
        out = subprocess.run([os.path.join(SOURCE, 'tests/servers/notify-rig.sh'), '-g', '800x450', server, '--',
                              sys.executable, script, HERE, b.path('daemon/ebbd'), b.path('client/ebb')],
                             env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=90)
        figures = re.search(r'^FIGURES (.*)$', out.stdout, re.M)
        if not figures:
            raise RuntimeError(f'{server}: {out.stdout} {out.stderr}')
        peer, ours, notify, peer_own, ours_own, notify_own = map(int, figures.group(1).split())
        b.row(f'PSS with a card on {server}: `ebbd` + `ebb-notify`',
              f'{mib(ours)} + {mib(notify)} = {mib(ours + notify)}', '<= 8 MiB', ours + notify <= 8 * 1024,
              f'{server} itself {mib(peer)}; private {mib(ours_own)} + {mib(notify_own)}, {server} {mib(peer_own)}')
        done = True
    if not done:
        raise Skip('no notification server is installed')


def policy(b):
    """Steps of the policies."""
    for line in b.tool('bench-remind').splitlines():
        name, _, _, ns = line.split()
        b.row(f'reminder policy: a {name.replace("-", " ")}', f'{float(ns):.0f} ns')


def schedule(b):
    """Decisions, beside ts-fsrs where it can be had."""
    out = subprocess.run([os.path.join(HERE, 'bench-schedule.sh'), b.path('tests/bench/bench-schedule')], check=True,
                         stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, timeout=300).stdout
    ns = float(re.search(r'^answer +\d+ +[\d.]+ +(\d+)$', out, re.M).group(1))
    peer = re.search(r"costs 1/(\d+) of the peer's", out)
    b.row('a decision of the scheduler', f'{ns:.0f} ns', '<= 1 µs', ns <= 1000,
          f'ts-fsrs 5.4.2: {peer.group(1)} times it' if peer else 'ts-fsrs: not to be had here')


def verified(b):
    """That the big collections are what the fold makes of their operations."""
    b.tool('make-collection', os.path.join(b.folder, 'verified.db'), 1000 if b.smoke else 20000, '--due', 100,
           '--fresh', 30, '--verify')
    b.row('a collection as above, verified', 'no differences')


PARTS = [sizes, queries, grade, start, client, click, fold, imports, frozen, memory, policy, schedule, verified,
         idle]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--smoke', action='store_true')
    parser.add_argument('--build', default=os.path.join(SOURCE, 'build'))
    parser.add_argument('--keep')
    parser.add_argument('parts', nargs='*')
    args = parser.parse_args()
    names = {p.__name__: p for p in PARTS}
    for name in args.parts:
        if name not in names:
            parser.error(f'there is no part {name}: {" ".join(names)}')
    b = Bench(args)
    failed = 0
    try:
        for part in [names[n] for n in args.parts] or PARTS:
            if args.smoke and part in (memory, schedule, policy):
                continue  # these have tests of their own, and take their time
            try:
                part(b)
            except Skip as e:
                note(f'skip {part.__name__}: {e}')
            except Exception as e:  # the other parts still count
                failed += 1
                note(f'FAIL {part.__name__}: {type(e).__name__}: {e}')
    finally:
        shutil.rmtree(b.folder, ignore_errors=True)
    if not args.smoke:
        b.table()
    else:
        print(f'{len(b.rows)} passed, {failed} failed')
    sys.exit(1 if failed else 0)


if __name__ == '__main__':
    main()
