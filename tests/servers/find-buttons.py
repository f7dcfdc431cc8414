#!/usr/bin/python3
"""Where the buttons of a notification are: gray pixels of its window on stdin.

    find-buttons.py WIDTH HEIGHT X Y

The buttons are the last row of text; each label is a run of dark columns, and labels stand further
apart than words. Prints the centre of each, moved by X Y, a line each.
"""
import sys

width, height, x0, y0 = map(int, sys.argv[1:5])
pixels = sys.stdin.buffer.read()
rows = [pixels[y * width:(y + 1) * width] for y in range(height)]
DARK, MARGIN, WORD_GAP = 110, 4, 12


def dark(row):
    return [x for x in range(MARGIN, width - MARGIN) if row[x] < DARK]


# A row of letters has some dark pixels; a border or a shadow has nearly only those.
text = [0 < len(dark(r)) < width * 0.6 for r in rows]
bottom = height - MARGIN
while bottom > 0 and not text[bottom - 1]:
    bottom -= 1
top = bottom
while top > 0 and any(text[max(0, top - 2):top]):
    top -= 1

columns = sorted({x for y in range(top, bottom) for x in dark(rows[y])})
runs = []
for x in columns:
    if runs and x - runs[-1][1] <= WORD_GAP:
        runs[-1][1] = x
    else:
        runs.append([x, x])
for left, right in runs:
    print(x0 + (left + right) // 2, y0 + (top + bottom) // 2)
