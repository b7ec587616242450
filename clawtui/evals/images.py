"""Draws the pictures that vision cases ask about: coloured shapes and large digits, as PNG, always the same bytes."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence

WIDTH, HEIGHT = 384, 256
COLOURS = {
    "red": (215, 25, 32),
    "green": (20, 140, 60),
    "blue": (25, 70, 200),
    "yellow": (250, 210, 20),
    "black": (20, 20, 20),
}
_PAPER = (255, 255, 255)
# Rows of 3x5 cells, a bit a cell.
_DIGITS = {
    "0": (7, 5, 5, 5, 7),
    "1": (2, 6, 2, 2, 7),
    "2": (7, 1, 7, 4, 7),
    "3": (7, 1, 7, 1, 7),
    "4": (5, 5, 7, 1, 1),
    "5": (7, 4, 7, 1, 7),
    "6": (7, 4, 7, 5, 7),
    "7": (7, 1, 2, 2, 2),
    "8": (7, 5, 7, 5, 7),
    "9": (7, 5, 7, 1, 7),
}
_CELL = 18

Pixel = tuple[int, int, int]


def picture(shapes: Sequence[tuple[str, str]], number: int | None) -> bytes:
    """`shapes` as (shape, colour) from left to right; the number below them, or in the middle where there are none."""
    rows = [[_PAPER] * WIDTH for _ in range(HEIGHT)]
    room = HEIGHT if number is None else HEIGHT - 5 * _CELL - 24
    if shapes:
        radius = min(room // 2 - 12, WIDTH // (2 * len(shapes)) - 10)
        for place, (shape, colour) in enumerate(shapes):
            centre = (WIDTH * (2 * place + 1) // (2 * len(shapes)), room // 2)
            _draw(rows, shape, COLOURS[colour], centre, radius)
    if number is not None:
        _write(rows, str(number), room if shapes else (HEIGHT - 5 * _CELL) // 2)
    return _png(rows)


def _draw(rows: list[list[Pixel]], shape: str, colour: Pixel, centre: tuple[int, int], radius: int) -> None:
    cx, cy = centre
    for y in range(max(0, cy - radius), min(HEIGHT, cy + radius + 1)):
        match shape:
            case "circle":
                half = int((radius**2 - (y - cy) ** 2) ** 0.5)
            case "triangle":
                half = (y - cy + radius) // 2
            case _:
                half = radius
        for x in range(max(0, cx - half), min(WIDTH, cx + half + 1)):
            rows[y][x] = colour


def _write(rows: list[list[Pixel]], digits: str, top: int) -> None:
    left = (WIDTH - (4 * len(digits) - 1) * _CELL) // 2
    for place, digit in enumerate(digits):
        for line, bits in enumerate(_DIGITS[digit]):
            for column in range(3):
                if bits & (4 >> column):
                    x, y = left + (4 * place + column) * _CELL, top + line * _CELL
                    for row in rows[y : y + _CELL]:
                        row[x : x + _CELL] = [COLOURS["black"]] * _CELL


def _png(rows: list[list[Pixel]]) -> bytes:
    lines = b"".join(b"\0" + bytes(value for pixel in row for value in pixel) for row in rows)
    head = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", zlib.compress(lines, 9)) + _chunk(b"IEND", b"")
    )


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
