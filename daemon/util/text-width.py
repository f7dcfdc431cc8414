#!/usr/bin/env python3
"""Writes text-width.h from the Unicode character database.

Usage: text-width.py /usr/share/unicode > text-width.h   (Debian: package unicode-data)
"""
import re
import sys

ucd = sys.argv[1]
zero, wide = set(), set()

first = None
for line in open(ucd + '/UnicodeData.txt', encoding='utf-8'):
    code, name, category = line.split(';')[:3]
    code = int(code, 16)
    if name.endswith(', First>'):
        first = code
        continue
    codes = range(first, code + 1) if name.endswith(', Last>') else (code,)
    if category in ('Mn', 'Me', 'Cf'):
        zero.update(codes)

# A soft hyphen takes a column on terminals, and so do the signs written before a number they span.
for line in open(ucd + '/PropList.txt', encoding='utf-8'):
    m = re.match(r'([0-9A-F]+)(?:\.\.([0-9A-F]+))?\s*; Prepended_Concatenation_Mark', line)
    if m:
        zero.difference_update(range(int(m[1], 16), int(m[2] or m[1], 16) + 1))
zero.discard(0xad)

# The middle and last letters of a Hangul syllable stand inside the columns of its first one.
zero.update(range(0x1160, 0x1200))
zero.update(range(0xd7b0, 0xd7c7))
zero.update(range(0xd7cb, 0xd7fc))

version = '?'
for line in open(ucd + '/EastAsianWidth.txt', encoding='utf-8'):
    m = re.match(r'# EastAsianWidth-([0-9.]+)\.txt', line)
    if m:
        version = m[1]
    m = re.match(r'([0-9A-F]+)(?:\.\.([0-9A-F]+))?\s*;\s*[WF]\b', line)
    if m:
        wide.update(range(int(m[1], 16), int(m[2] or m[1], 16) + 1))
wide -= zero


def table(name, codes):
    ranges = []
    for c in sorted(codes):
        if ranges and ranges[-1][1] == c - 1:
            ranges[-1][1] = c
        else:
            ranges.append([c, c])
    print(f'static const TextRange {name}[] = {{')
    row = '       '
    for a, b in ranges:
        item = f' {{ 0x{a:x}, 0x{b:x} }},'
        if len(row) + len(item) > 100:
            print(row)
            row = '       '
        row += item
    print(row)
    print('};')


print('/*')
print(' * Written by text-width.py from UnicodeData.txt, PropList.txt and EastAsianWidth.txt of the')
print(f' * Unicode character database {version}; do not edit. zero: general categories Mn, Me and Cf and')
print(' * the joining Hangul letters; wide: East Asian Width W and F, which holds the emoji that are')
print(' * pictures by default.')
print(' */')
print('/* clang-format off */')
table('text_width_zero', zero)
print()
table('text_width_wide', wide)
print('/* clang-format on */')
