#!/usr/bin/python3
"""Where the buttons of a notification are: gray pixels of its window on stdin.

    find-buttons.py WIDTH HEIGHT X Y COUNT

Letters are small spots that stand out and do not touch the edge of the window, as borders, shadows and coloured strips
do. The buttons are the lowest row of letters that falls into COUNT labels: its COUNT - 1 widest gaps must be wider
than those between words. Prints the centre of each, moved by X Y, a line each; fewer when they are not there.
"""
import sys

width, height, x0, y0, count = map(int, sys.argv[1:6])
pixels = sys.stdin.buffer.read()
CONTRAST, WORD_GAP, TALLEST, WIDEST = 90, 7, 20, 30

# The ground is what there is most of; letters are darker, or lighter on a dark one.
ground = max(range(256), key=pixels.count) if len(set(pixels)) > 1 else 0
ink = bytearray((p < ground - CONTRAST) if ground > 127 else (p > ground + CONTRAST) for p in pixels)


def spots():
    for start, is_ink in enumerate(ink):
        if not ink[start]:
            continue
        ink[start] = 0
        todo, left, right, top, bottom = [start], width, -1, height, -1
        while todo:
            y, x = divmod(todo.pop(), width)
            left, right, top, bottom = min(left, x), max(right, x), min(top, y), max(bottom, y)
            for dy in (-1, 0, 1):
                for dx in (-1, 0, 1):
                    if 0 <= x + dx < width and 0 <= y + dy < height and ink[(y + dy) * width + x + dx]:
                        ink[(y + dy) * width + x + dx] = 0
                        todo.append((y + dy) * width + x + dx)
        if (left > 0 and top > 0 and right < width - 1 and bottom < height - 1
                and right - left < WIDEST and bottom - top < TALLEST):
            yield top, bottom, left, right


def rows():
    """The rows of letters, from the lowest up."""
    row = []
    for spot in sorted(spots(), key=lambda s: s[1], reverse=True):
        if row and spot[1] < min(s[0] for s in row):
            yield row
            row = []
        row.append(spot)
    if row:
        yield row


for row in rows():
    top, bottom = min(s[0] for s in row), max(s[1] for s in row)
    if bottom - top < 5 or bottom - top > TALLEST + 6 or len(row) < 2 * count:
        continue
    row.sort(key=lambda s: s[2])
    labels, end = [[row[0]]], row[0][3]
    gaps = sorted((b[2] - a[3] for a, b in zip(row, row[1:])), reverse=True)
    least = max(gaps[count - 2], WORD_GAP) if count > 1 else width
    for spot in row[1:]:
        if spot[2] - end >= least:
            labels.append([])
        labels[-1].append(spot)
        end = max(end, spot[3])
    if len(labels) == count:
        for label in labels:
            print(x0 + (label[0][2] + max(s[3] for s in label)) // 2, y0 + (top + bottom) // 2)
        break
