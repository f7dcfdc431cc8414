#!/usr/bin/python3
"""A click of a virtual pointer in a Wayland compositor that has wlr-virtual-pointer-unstable-v1, as sway.

    wl-pointer.py WIDTH HEIGHT X Y      left click at X, Y of an output of that size, then out of the way

Speaks the wire protocol itself: four requests are not worth a library.
"""
import os
import socket
import struct
import sys
import time

DISPLAY, REGISTRY, CALLBACK, MANAGER, POINTER = range(1, 6)
MOTION_ABSOLUTE, BUTTON, FRAME = 1, 2, 4
BTN_LEFT = 0x110

width, height, x, y = map(int, sys.argv[1:5])
compositor = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
compositor.connect(os.path.join(os.environ["XDG_RUNTIME_DIR"], os.environ["WAYLAND_DISPLAY"]))


def text(s):
    raw = s.encode() + b"\0"
    return struct.pack("=I", len(raw)) + raw + b"\0" * (-len(raw) % 4)


def request(target, opcode, *args):
    body = b"".join(a if isinstance(a, bytes) else struct.pack("=I", a) for a in args)
    compositor.sendall(struct.pack("=II", target, (8 + len(body)) << 16 | opcode) + body)


def events_until_sync():
    request(DISPLAY, 0, CALLBACK)
    data = b""
    while True:
        more = compositor.recv(65536)
        if not more:
            sys.exit("wl-pointer: the compositor hung up")
        data += more
        while len(data) >= 8:
            target, size = struct.unpack_from("=II", data)
            if len(data) < size >> 16:
                break
            yield target, size & 0xffff, data[8:size >> 16]
            data = data[size >> 16:]
            if target == CALLBACK:
                return


def now():
    return int(time.monotonic() * 1000) & 0xffffffff


def move(to_x, to_y):
    request(POINTER, MOTION_ABSOLUTE, now(), to_x, to_y, width, height)
    request(POINTER, FRAME)


request(DISPLAY, 1, REGISTRY)
name = None
for target, opcode, body in events_until_sync():
    if target == DISPLAY and opcode == 0:
        sys.exit("wl-pointer: the compositor refuses")
    if target == REGISTRY and b"zwlr_virtual_pointer_manager_v1" in body:
        name = struct.unpack_from("=I", body)[0]
if name is None:
    sys.exit("wl-pointer: the compositor has no virtual pointer")

request(REGISTRY, 0, name, text("zwlr_virtual_pointer_manager_v1"), 1, MANAGER)
request(MANAGER, 0, 0, POINTER)
# A program takes the pointer of its seat only when it hears that there is one.
move(x - 3, y)
time.sleep(.4)
move(x, y)
time.sleep(.2)
for state in (1, 0):
    request(POINTER, BUTTON, now(), BTN_LEFT, state)
    request(POINTER, FRAME)
    time.sleep(.05)
time.sleep(.1)
move(2, height - 2)
time.sleep(.1)
