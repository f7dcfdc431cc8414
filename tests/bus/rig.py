"""What the bus tests share: a bus of their own, a daemon on it, claims that are counted.

A test is a function whose name begins with `claim_` and which takes a Rig. Each gets a fresh home.
"""
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback

import dbus
import dbus.bus

NAME, PATH = 'org.ebbd.Ebb1', '/org/ebbd/Ebb1'
ERROR = NAME + '.Error.'

BUS_CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:dir={dir}</listen>
  <auth>EXTERNAL</auth>
  <servicedir>{dir}/services</servicedir>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
  <limit name="max_incoming_bytes">1000000000</limit>
  <limit name="max_outgoing_bytes">1000000000</limit>
  <limit name="max_message_size">134217728</limit>
  <limit name="service_start_timeout">20000</limit>
  <limit name="max_completed_connections">5000</limit>
  <limit name="max_connections_per_user">5000</limit>
</busconfig>
"""


class Skip(Exception):
    pass


class Failed(Exception):
    pass


def check(condition, what):
    if not condition:
        raise Failed(what)


def equal(expected, actual, what):
    if expected != actual:
        raise Failed(f'{what}: {actual!r}, expected {expected!r}')


@contextlib.contextmanager
def refused(name, *words):
    """The calls inside fail with this error, and its sentence holds the words."""
    try:
        yield
    except dbus.DBusException as e:
        got = e.get_dbus_name()
        full = name if '.' in name else ERROR + name
        if got != full:
            raise Failed(f'refused with {got} ({e.get_dbus_message()}), expected {full}') from None
        for word in words:
            check(word in e.get_dbus_message(), f'"{e.get_dbus_message()}" does not say "{word}"')
        return
    raise Failed(f'was not refused with {name}')


class Rig:
    def __init__(self, ebbd, source, tools):
        self.ebbd, self.source, self.tools = ebbd, source, tools
        self.dir = tempfile.mkdtemp(prefix='ebb-bus-')
        # A test that has none must not see the machine's.
        self.system_address = f'unix:path={self.dir}/system-bus'
        self.home = os.path.join(self.dir, 'home')
        self.data = os.path.join(self.home, '.local/share/ebb')
        self.store = os.path.join(self.data, 'ebb.db')
        self.conf = os.path.join(self.home, '.config/ebb/ebb.conf')
        os.makedirs(os.path.join(self.dir, 'services'))
        os.makedirs(os.path.dirname(self.conf))
        self.daemons, self.connections = [], []
        self.log_path = os.path.join(self.dir, 'log')
        config = os.path.join(self.dir, 'bus.conf')
        with open(config, 'w') as f:
            f.write(BUS_CONFIG.format(dir=self.dir))
        self.bus_process = subprocess.Popen(
            ['dbus-daemon', '--config-file=' + config, '--nofork', '--print-address=1'],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=self.env(bus=False))
        self.address = self.bus_process.stdout.readline().strip()
        check(self.address, 'the private bus does not start')

    def env(self, bus=True):
        env = {'HOME': self.home, 'PATH': os.environ['PATH'], 'TZ': 'UTC', 'LANG': 'C.UTF-8',
               'EBB_NOTIFY': '/nonexistent', 'DBUS_SYSTEM_BUS_ADDRESS': self.system_address}
        for key in ('ASAN_OPTIONS', 'UBSAN_OPTIONS', 'LSAN_OPTIONS'):
            if key in os.environ:
                env[key] = os.environ[key]
        if bus:
            env['DBUS_SESSION_BUS_ADDRESS'] = self.address
        return env

    def connect(self):
        connection = dbus.bus.BusConnection(self.address)
        connection.set_exit_on_disconnect(False)
        self.connections.append(connection)
        return connection

    @property
    def connection(self):
        if not self.connections:
            self.connect()
        return self.connections[0]

    def interface(self, name, path=PATH, connection=None):
        proxy = (connection or self.connection).get_object(NAME, path, introspect=False)
        return dbus.Interface(proxy, f'{NAME}.{name}')

    def call(self, interface, method, signature, *args, connection=None, path=PATH, timeout=30):
        return (connection or self.connection).call_blocking(
            NAME, path, f'{NAME}.{interface}', method, signature, args, timeout=timeout,
            byte_arrays=False)

    def get(self, name, interface='Manager', path=PATH):
        return self.connection.call_blocking(
            NAME, path, 'org.freedesktop.DBus.Properties', 'Get', 'ss',
            (f'{NAME}.{interface}', name))

    # ---- the daemon

    def spawn(self, *args):
        log = open(self.log_path, 'ab')
        process = subprocess.Popen([self.ebbd, *args], env=self.env(), stdin=subprocess.DEVNULL,
                                   stdout=log, stderr=log)
        log.close()
        self.daemons.append(process)
        return process

    def start(self, *args):
        process = self.spawn(*args)
        for _ in range(1000):
            if process.poll() is not None:
                raise Failed(f'ebbd ended with {process.returncode}: {self.log()}')
            if self.connection.name_has_owner(NAME):
                return process
            time.sleep(0.01)
        raise Failed(f'ebbd does not take its name: {self.log()}')

    def run(self, *args, timeout=20):
        """To its end: (exit code, what it said)."""
        r = subprocess.run([self.ebbd, *args], env=self.env(), stdin=subprocess.DEVNULL,
                           capture_output=True, text=True, timeout=timeout)
        return r.returncode, r.stdout + r.stderr

    def stop(self, process=None, sig=signal.SIGTERM):
        process = process or self.daemons[-1]
        if process.poll() is None:
            process.send_signal(sig)
        return process.wait(20)

    def log(self):
        if not os.path.exists(self.log_path):
            return ""
        with open(self.log_path, 'r', errors='replace') as f:
            return f.read()

    # ---- short forms

    def add(self, front, back='back', deck='', tags=()):
        note, cards = self.call('Cards', 'Add', 'ssa{ss}as', '', deck,
                                {'Front': front, 'Back': back}, dbus.Array(tags, 's'))
        return int(note), [int(c) for c in cards]

    def next(self, deck='', **options):
        return self.call('Review', 'Next', 'sa{sv}', deck, dbus.Dictionary(options, 'sv'))

    def grade(self, card, revision, grade, took_ms=1000):
        return self.call('Review', 'Grade', 'xtuu', card, revision, grade, took_ms)

    def count(self, query=''):
        return int(self.call('Cards', 'Search', 'suu', query, 0, 0)[0])

    def job(self, method, fd=None, options=None, connection=None):
        if fd is None:
            return self.call('Jobs', method, '', connection=connection)
        return self.call('Jobs', method, 'ha{sv}', dbus.types.UnixFd(fd),
                         dbus.Dictionary(options or {}, 'sv'), connection=connection)

    def wait(self, path, connection=None):
        ok, message, result = self.call('Job', 'Wait', '', path=path, connection=connection,
                                        timeout=120)
        return bool(ok), str(message), result

    def import_stream(self, text, **options):
        """The stream through a pipe, written by a thread as a reader would."""
        r, w = os.pipe()
        path = self.job('Import', r, options)
        os.close(r)

        def write():
            with contextlib.suppress(BrokenPipeError), os.fdopen(w, 'wb') as f:
                f.write(text)
        writer = threading.Thread(target=write)
        writer.start()
        try:
            return self.wait(path)
        finally:
            writer.join()

    def close(self):
        for p in self.daemons:
            if p.poll() is None:
                p.kill()
            p.wait()
        for c in self.connections:
            with contextlib.suppress(dbus.DBusException):
                c.close()
        self.bus_process.kill()
        self.bus_process.wait()
        self.bus_process.stdout.close()
        shutil.rmtree(self.dir, ignore_errors=True)


def main(module):
    """EBBD SOURCE [TOOL=PATH ...] [PART OF A CLAIM'S NAME ...]"""
    ebbd, source = sys.argv[1:3]
    tools = dict(a.split('=', 1) for a in sys.argv[3:] if '=' in a)
    wanted = [a for a in sys.argv[3:] if '=' not in a]
    passed = failed = skipped = 0
    for name, test in list(vars(module).items()):
        if not name.startswith('claim_') or (wanted and not any(w in name for w in wanted)):
            continue
        claim = name[len('claim_'):]
        rig = None
        try:
            rig = Rig(ebbd, source, tools)
            test(rig)
            for p in rig.daemons:
                if p.returncode is None and p.poll() is not None and p.returncode != 0:
                    raise Failed(f'ebbd ended with {p.returncode} on the way')
            if 'Sanitizer' in rig.log() or 'runtime error' in rig.log():
                raise Failed('a sanitizer found something')
            passed += 1
            print(f'ok {claim}')
        except Skip as e:
            skipped += 1
            print(f'skip {claim}: {e}')
        except Exception as e:
            failed += 1
            if not isinstance(e, Failed):
                traceback.print_exc(file=sys.stdout)
            print(f'  {e}')
            if rig:
                print('  ' + rig.log()[-3000:].replace('\n', '\n  '))
            print(f'FAIL {claim}')
        finally:
            if rig:
                rig.close()
            sys.stdout.flush()
    print(f'{passed} passed, {failed} failed' + (f', {skipped} skipped' if skipped else ''))
    sys.exit(1 if failed else 0 if passed or not skipped else 77)
