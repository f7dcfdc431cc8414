#!/usr/bin/env python3
"""What the daemon knows of the desktop: a logind that is mocked on a system bus of its own, screen savers,
session managers and notification servers that are mocked on the session bus."""
import contextlib
import json
import os
import pwd
import subprocess
import sys
import time

import dbus
import dbus.bus

import rig as rig_module
from rig import NAME, PATH, Failed, check, equal

MOCK = 'org.freedesktop.DBus.Mock'
LOGIND, LOGIND_PATH = 'org.freedesktop.login1', '/org/freedesktop/login1'
SESSION = LOGIND + '.Session'

SYSTEM_CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>unix:path={dir}/system-bus</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
    <allow user="*"/>
  </policy>
</busconfig>
"""


# ---- the mocks

def until(what, condition, seconds=20):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise Failed(f'never: {what}')
        time.sleep(0.02)


def spawn(rig, *command):
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=rig.env())
    rig.mocks.append(process)
    return process


def end(process):
    process.kill()
    process.wait()


@contextlib.contextmanager
def mocks(rig):
    rig.mocks, rig.system = [], None
    try:
        yield
    finally:
        for p in rig.mocks:
            end(p)


def start_system_bus(rig):
    config = os.path.join(rig.dir, 'system.conf')
    with open(config, 'w') as f:
        f.write(SYSTEM_CONFIG.format(dir=rig.dir))
    with contextlib.suppress(FileNotFoundError):
        os.unlink(os.path.join(rig.dir, 'system-bus'))
    process = subprocess.Popen(['dbus-daemon', '--config-file=' + config, '--nofork', '--nopidfile', '--print-address=1'],
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=rig.env())
    rig.mocks.append(process)
    check(process.stdout.readline(), 'the system bus does not start')
    process.stdout.close()
    check(rig.connection, 'the session is the first connection')
    rig.system = dbus.bus.BusConnection(rig.system_address)
    rig.system.set_exit_on_disconnect(False)
    rig.connections.append(rig.system)
    return process


def system_call(rig, path, interface, method, signature, *args):
    return rig.system.call_blocking(LOGIND, path, interface, method, signature, args)


def start_logind(rig, session=True):
    process = spawn(rig, sys.executable, '-m', 'dbusmock', '--system', '--template', 'logind')
    until('logind is there', lambda: rig.system.name_has_owner(LOGIND))
    uid, path = os.getuid(), f'{LOGIND_PATH}/session/c1'
    # What the template lacks or gets wrong; no system has a user without a name for its number here.
    system_call(rig, LOGIND_PATH, MOCK, 'AddMethod', 'sssss', LOGIND + '.Manager', 'GetUser', 'u', 'o',
                f'ret = dbus.ObjectPath("{LOGIND_PATH}/user/{uid}")')
    if session:
        system_call(rig, LOGIND_PATH, MOCK, 'AddSession', 'ssusb', 'c1', 'seat0', dbus.UInt32(uid),
                    pwd.getpwuid(uid).pw_name, True)
        # Newer templates have it.
        with contextlib.suppress(dbus.DBusException):
            system_call(rig, path, MOCK, 'AddProperty', 'ssv', SESSION, 'LockedHint', False)
        display(rig, 'c1', path)
        system_call(rig, LOGIND_PATH, MOCK, 'EmitSignal', 'sssav', LOGIND + '.Manager', 'SessionNew', 'so',
                    dbus.Array(['c1', dbus.ObjectPath(path)], 'v'))
    else:
        system_call(rig, LOGIND_PATH, MOCK, 'AddObject', 'ssa{sv}a(ssss)', f'{LOGIND_PATH}/user/{uid}', LOGIND + '.User',
                    {'Display': dbus.Struct(['', dbus.ObjectPath('/')], signature='so')}, dbus.Array([], '(ssss)'))
    return process


def display(rig, session, path):
    user = f'{LOGIND_PATH}/user/{os.getuid()}'
    value = dbus.Struct([session, dbus.ObjectPath(path)], signature='so')
    system_call(rig, user, 'org.freedesktop.DBus.Properties', 'Set', 'ssv', LOGIND + '.User', 'Display', value)


def hint(rig, name, on):
    system_call(rig, f'{LOGIND_PATH}/session/c1', 'org.freedesktop.DBus.Properties', 'Set', 'ssv', SESSION, name, on)


def sleep(rig, start):
    system_call(rig, LOGIND_PATH, MOCK, 'EmitSignal', 'sssav', LOGIND + '.Manager', 'PrepareForSleep', 'b',
                dbus.Array([start], 'v'))


def start_fake(rig, name, path, interface):
    process = spawn(rig, sys.executable, '-m', 'dbusmock', '--session', name, path, interface)
    until(f'{name} is there', lambda: rig.connection.name_has_owner(name))
    return process


def fake_call(rig, name, path, method, signature, *args, interface=MOCK):
    return rig.connection.call_blocking(name, path, interface, method, signature, args)


def fake_bool(rig, name, path, interface, method, argument, on, signal=None):
    """The method answers `on` from now on, and a signal says that something changed."""
    fake_call(rig, name, path, 'AddMethod', 'sssss', interface, method, argument, 'b', f'ret = {on}')
    if signal:
        fake_call(rig, name, path, 'EmitSignal', 'sssav', interface, signal, 'b', dbus.Array([on], 'v'))


# ---- what the daemon says

def presence(rig):
    return {str(f): (str(v), str(s)) for f, v, s in rig.get('Presence')}


def wait_for(rig, fact, value, source=None):
    seen = []

    def there():
        seen[:] = presence(rig)[fact]
        return seen[0] == value and (source is None or source in seen[1])
    try:
        until(fact, there)
    except Failed:
        raise Failed(f'{fact} is {seen}, expected {value} from {source}') from None


# ---- claims

def claim_without_any_source_everything_is_unknown_and_says_why(rig):
    rig.start()
    with mocks(rig):
        wait_for(rig, 'do-not-disturb', 'unknown', 'no notification server')
        said = presence(rig)
        equal(['active', 'asleep', 'do-not-disturb', 'idle', 'locked', 'presenting'], sorted(said), 'facts')
        equal({'unknown'}, {v for v, s in said.values()}, 'values')
        equal('there is no system bus', said['locked'][1], 'source')
        equal('there is no system bus', said['asleep'][1], 'source')


def claim_logind_tells_locked_idle_and_active(rig):
    with mocks(rig):
        start_system_bus(rig)
        start_logind(rig)
        rig.start()
        wait_for(rig, 'active', 'yes', 'logind, session c1')
        # False is what it is where nobody sets it.
        equal('unknown', presence(rig)['locked'][0], 'locked')
        equal('unknown', presence(rig)['idle'][0], 'idle')
        hint(rig, 'LockedHint', True)
        wait_for(rig, 'locked', 'yes', 'session c1')
        hint(rig, 'LockedHint', False)
        wait_for(rig, 'locked', 'no', 'session c1')
        hint(rig, 'IdleHint', True)
        wait_for(rig, 'idle', 'yes')
        hint(rig, 'IdleHint', False)
        wait_for(rig, 'idle', 'unknown')
        hint(rig, 'Active', False)
        wait_for(rig, 'active', 'no')


def claim_status_verbose_shows_what_is_known_and_from_where(rig):
    with mocks(rig):
        start_system_bus(rig)
        start_logind(rig)
        rig.start()
        wait_for(rig, 'active', 'yes')
        r = subprocess.run([rig.tools['ebb'], 'status', '-v'], env=rig.env(), capture_output=True, text=True, timeout=20)
        equal(0, r.returncode, 'exit status')
        check('Presence.active\tyes\tlogind, session c1\n' in r.stdout, r.stdout)
        check('Presence.do-not-disturb\tunknown\tno notification server answers\n' in r.stdout, r.stdout)
        r = subprocess.run([rig.tools['ebb'], 'status', '-v', '--json'], env=rig.env(), capture_output=True, text=True,
                           timeout=20)
        said = json.loads(r.stdout)['Presence']
        equal({'fact': 'active', 'value': 'yes', 'source': 'logind, session c1'}, said[0], 'in JSON')


# A reminder at any time of the day would be allowed.
HOLDS = """[remind]
slots = 00:00, 03:00, 06:00, 09:00, 12:00, 15:00, 18:00, 21:00
slots-weekend = 00:00, 03:00, 06:00, 09:00, 12:00, 15:00, 18:00, 21:00
slot-window = 180m
quiet = 00:00-00:00
min-due = 1
"""


def claim_a_locked_screen_is_why_nothing_is_asked(rig):
    with open(rig.conf, 'w') as f:
        f.write(HOLDS)
    with mocks(rig):
        start_system_bus(rig)
        start_logind(rig)
        start_fake(rig, SERVER, SERVER_PATH, SERVER)
        rig.start()
        wait_for(rig, 'active', 'yes')
        hint(rig, 'LockedHint', True)
        wait_for(rig, 'locked', 'yes')
        rig.add('q')
        until('a decision about the locked screen',
              lambda: any('locked' in str(d[3]) for d in rig.call('Manager', 'Why', 'u', 50)))


def claim_sleep_is_seen_from_beginning_to_end(rig):
    with mocks(rig):
        start_system_bus(rig)
        start_logind(rig)
        rig.start()
        wait_for(rig, 'asleep', 'no')
        sleep(rig, True)
        wait_for(rig, 'asleep', 'yes', 'logind')
        sleep(rig, False)
        wait_for(rig, 'asleep', 'no')


def claim_a_user_without_a_session_is_no_error(rig):
    with mocks(rig):
        start_system_bus(rig)
        start_logind(rig, session=False)
        rig.start()
        wait_for(rig, 'locked', 'unknown', 'without a session')
        wait_for(rig, 'asleep', 'no', 'logind')


def claim_logind_may_come_later_and_go(rig):
    with mocks(rig):
        start_system_bus(rig)
        rig.start()
        wait_for(rig, 'active', 'unknown', 'logind')
        logind = start_logind(rig)
        wait_for(rig, 'active', 'yes', 'session c1')
        hint(rig, 'LockedHint', True)
        wait_for(rig, 'locked', 'yes')
        sleep(rig, True)
        wait_for(rig, 'asleep', 'yes')
        end(logind)
        # Who is gone keeps nobody from being asked.
        wait_for(rig, 'locked', 'unknown', 'there is no logind')
        wait_for(rig, 'asleep', 'unknown')


def claim_a_system_bus_that_dies_is_found_again_by_a_reload(rig):
    with mocks(rig):
        bus = start_system_bus(rig)
        start_logind(rig)
        daemon = rig.start()
        wait_for(rig, 'active', 'yes')
        end(bus)
        wait_for(rig, 'active', 'unknown', 'the system bus went away')
        check(daemon.poll() is None, 'the daemon died with it')
        start_system_bus(rig)
        start_logind(rig)
        rig.call('Manager', 'Reload', '')
        wait_for(rig, 'active', 'yes', 'session c1')


SCREENSAVERS = [
    ('org.gnome.ScreenSaver', '/org/gnome/ScreenSaver'),
    ('org.freedesktop.ScreenSaver', '/ScreenSaver'),
    ('org.freedesktop.ScreenSaver', '/org/freedesktop/ScreenSaver'),
    ('org.cinnamon.ScreenSaver', '/org/cinnamon/ScreenSaver'),
    ('org.mate.ScreenSaver', '/org/mate/ScreenSaver'),
]


def claim_each_screen_saver_is_followed_as_it_comes_and_goes(rig):
    rig.start()
    with mocks(rig):
        for name, path in SCREENSAVERS:
            fake = start_fake(rig, name, path, name)
            fake_bool(rig, name, path, name, 'GetActive', '', False, 'ActiveChanged')
            wait_for(rig, 'locked', 'no', name)
            fake_bool(rig, name, path, name, 'GetActive', '', True, 'ActiveChanged')
            wait_for(rig, 'locked', 'yes', name)
            end(fake)
            wait_for(rig, 'locked', 'unknown')


def claim_whoever_keeps_the_screen_awake_is_presenting(rig):
    rig.start()
    with mocks(rig):
        name, path = 'org.gnome.SessionManager', '/org/gnome/SessionManager'
        fake = start_fake(rig, name, path, name)
        fake_call(rig, name, path, 'AddMethod', 'sssss', name, 'IsInhibited', 'u', 'b', 'ret = args[0] == 8')
        fake_call(rig, name, path, 'EmitSignal', 'sssav', name, 'InhibitorAdded', 'o',
                  dbus.Array([dbus.ObjectPath('/x')], 'v'))
        wait_for(rig, 'presenting', 'yes', name)
        fake_call(rig, name, path, 'AddMethod', 'sssss', name, 'IsInhibited', 'u', 'b', 'ret = args[0] != 8')
        fake_call(rig, name, path, 'EmitSignal', 'sssav', name, 'InhibitorRemoved', 'o',
                  dbus.Array([dbus.ObjectPath('/x')], 'v'))
        wait_for(rig, 'presenting', 'no', name)
        end(fake)
        wait_for(rig, 'presenting', 'unknown')
        name, path = 'org.freedesktop.PowerManagement.Inhibit', '/org/freedesktop/PowerManagement/Inhibit'
        start_fake(rig, name, path, name)
        fake_bool(rig, name, path, name, 'HasInhibit', '', True, 'HasInhibitChanged')
        wait_for(rig, 'presenting', 'yes', name)


SERVER, SERVER_PATH = 'org.freedesktop.Notifications', '/org/freedesktop/Notifications'


@contextlib.contextmanager
def server(rig, title):
    """A notification server of this name; before it owns its name nobody can ask it who it is."""
    fake = start_fake(rig, SERVER, SERVER_PATH, SERVER)
    fake_call(rig, SERVER, SERVER_PATH, 'AddMethod', 'sssss', SERVER, 'GetServerInformation', '', 'ssss',
              f'ret = ("{title}", "", "1", "1.2")')
    rig.call('Manager', 'Reload', '')
    yield fake
    end(fake)
    wait_for(rig, 'do-not-disturb', 'unknown', 'no notification server')


def set_property(rig, interface, name, on, path=SERVER_PATH):
    fake_call(rig, SERVER, path, 'Set', 'ssv', interface, name, on, interface='org.freedesktop.DBus.Properties')


def claim_dnd_of_dunst_and_plasma_is_followed(rig):
    rig.start()
    with mocks(rig):
        for title, interface, name in [('dunst', 'org.dunstproject.cmd0', 'paused'), ('Plasma', SERVER, 'Inhibited')]:
            fake = start_fake(rig, SERVER, SERVER_PATH, SERVER)
            fake_call(rig, SERVER, SERVER_PATH, 'AddProperty', 'ssv', interface, name, False)
            fake_call(rig, SERVER, SERVER_PATH, 'AddMethod', 'sssss', SERVER, 'GetServerInformation', '', 'ssss',
                      f'ret = ("{title}", "", "1", "1.2")')
            rig.call('Manager', 'Reload', '')
            wait_for(rig, 'do-not-disturb', 'no', title)
            set_property(rig, interface, name, True)
            wait_for(rig, 'do-not-disturb', 'yes', title)
            set_property(rig, interface, name, False)
            wait_for(rig, 'do-not-disturb', 'no', title)
            end(fake)
            wait_for(rig, 'do-not-disturb', 'unknown', 'no notification server')


def claim_modes_of_mako_that_hide_everything_are_dnd(rig):
    rig.start()
    with mocks(rig), server(rig, 'mako'):
        path, interface = '/fr/emersion/Mako', 'fr.emersion.Mako'
        fake_call(rig, SERVER, SERVER_PATH, 'AddObject', 'ssa{sv}a(ssss)', path, interface,
                  dbus.Dictionary({}, 'sv'),
                  dbus.Array([('ListModes', '', 'as', 'ret = dbus.Array(["default"], "s")')], '(ssss)'))
        # This mako says nothing when its modes change: it is asked again on the way.
        rig.call('Manager', 'Reload', '')
        wait_for(rig, 'do-not-disturb', 'no', 'mako')
        fake_call(rig, SERVER, path, 'AddMethod', 'sssss', interface, 'ListModes', '', 'as',
                  'ret = dbus.Array(["default", "do-not-disturb"], "s")')
        rig.call('Manager', 'Reload', '')
        wait_for(rig, 'do-not-disturb', 'yes', 'mako')


def claim_dnd_of_swaync_is_followed(rig):
    rig.start()
    with mocks(rig), server(rig, 'SwayNotificationCenter'):
        name, path = 'org.erikreider.swaync.cc', '/org/erikreider/swaync/cc'
        start_fake(rig, name, path, name)
        fake_bool(rig, name, path, name, 'GetDnd', '', False, 'Subscribe')
        wait_for(rig, 'do-not-disturb', 'no', 'SwayNotificationCenter')
        fake_bool(rig, name, path, name, 'GetDnd', '', True, 'Subscribe')
        wait_for(rig, 'do-not-disturb', 'yes')


def claim_dnd_of_xfce_that_was_never_set_is_off(rig):
    rig.start()
    with mocks(rig), server(rig, 'Xfce Notify Daemon'):
        name, path = 'org.xfce.Xfconf', '/org/xfce/Xfconf'
        start_fake(rig, name, path, name)

        def answer(code):
            fake_call(rig, name, path, 'AddMethod', 'sssss', name, 'GetProperty', 'ss', 'v', code)
            fake_call(rig, name, path, 'EmitSignal', 'sssav', name, 'PropertyChanged', 'ssb',
                      dbus.Array(['xfce4-notifyd', '/do-not-disturb', True], 'v'))
        answer('raise dbus.exceptions.DBusException("never set", name="org.xfce.Xfconf.Error.PropertyNotFound")')
        wait_for(rig, 'do-not-disturb', 'no', 'Xfce')
        answer('ret = args[0] == "xfce4-notifyd" and args[1] == "/do-not-disturb"')
        wait_for(rig, 'do-not-disturb', 'yes', 'Xfce')


def claim_a_server_without_a_way_to_ask_is_unknown_and_named_so(rig):
    rig.start()
    with mocks(rig), server(rig, 'gnome-shell'):
        wait_for(rig, 'do-not-disturb', 'unknown', 'does not tell')


def claim_nothing_is_started_by_asking(rig):
    marker = os.path.join(rig.dir, 'started')
    for name in ('org.gnome.ScreenSaver', 'org.xfce.Xfconf', SERVER, 'org.gnome.SessionManager'):
        with open(os.path.join(rig.dir, 'services', name + '.service'), 'w') as f:
            f.write(f'[D-BUS Service]\nName={name}\nExec=/usr/bin/touch {marker}\n')
    rig.connection.call_blocking('org.freedesktop.DBus', '/org/freedesktop/DBus', 'org.freedesktop.DBus',
                                 'ReloadConfig', '', ())
    rig.start()
    wait_for_answers = presence(rig)
    check('locked' in wait_for_answers, 'it tells nothing')
    time.sleep(0.3)
    check(not os.path.exists(marker), 'asking started a program')


def claim_a_change_is_told_as_a_signal(rig):
    with mocks(rig):
        start_system_bus(rig)
        start_logind(rig)
        rig.start()
        wait_for(rig, 'active', 'yes')
        watcher = subprocess.Popen(['dbus-monitor', '--address', rig.address,
                                    f"type='signal',path='{PATH}',member='PropertiesChanged'"],
                                   stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        rig.mocks.append(watcher)
        watcher.stdout.readline()
        hint(rig, 'LockedHint', True)
        wait_for(rig, 'locked', 'yes')
        hint(rig, 'LockedHint', False)
        wait_for(rig, 'locked', 'no')
        for line in watcher.stdout:
            if '"Presence"' in line:
                break
        watcher.stdout.close()


if __name__ == '__main__':
    rig_module.main(sys.modules['__main__'])
