#!/usr/bin/python3
"""Where the buttons of a notification are: gray pixels of its window on stdin.

    find-buttons.py WIDTH HEIGHT X Y COUNT

The buttons are the last row of text; the COUNT - 1 widest gaps in it are those between labels, and must be
wider than those between words. Prints the centre of each, moved by X Y, a line each.
"""
import sys

width, height, x0, y0, count = map(int, sys.argv[1:6])
pixels = sys.stdin.buffer.read()
rows = [pixels[y * width:(y + 1) * width] for y in range(height)]
DARK, MARGIN, WORD_GAP, TALLEST = 110, 12, 5, 22

# A coloured strip down the side is no text.
inside = [x for x in range(MARGIN, width - MARGIN)
          if sum(row[x] < DARK for row in rows) < height * 0.7]


def dark(row):
    return [x for x in inside if row[x] < DARK]


# A row of letters has some dark pixels; a border or a shadow has nearly only those.
text = [0 < len(dark(r)) < width * 0.6 for r in rows]
bottom = height - MARGIN
while bottom > 0 and not text[bottom - 1]:
    bottom -= 1
top = bottom
while top > bottom - TALLEST and any(text[max(0, top - 2):top]):
    top -= 1

columns = sorted({x for y in range(top, bottom) for x in dark(rows[y])})
gaps = sorted(((b - a, a) for a, b in zip(columns, columns[1:])), reverse=True)[:count - 1]
ends = sorted(a for gap, a in gaps if gap > WORD_GAP)
while columns:
    end = ends.pop(0) if ends else columns[-1]
    label = [x for x in columns if x <= end]
    columns = columns[len(label):]
    print(x0 + (label[0] + label[-1]) // 2, y0 + (top + bottom) // 2)
