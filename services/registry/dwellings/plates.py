"""The door plate (门牌): a number to read and a code to scan, of a building or of a room. It names
a place and nobody in it."""

from typing import Final

import segno

from shared.drawing import INK, Drawing

WIDTH: Final = 420.0
HEIGHT: Final = 180.0
_CODE: Final = 128.0  # side of the QR code, quiet zone included
_PLATE_BLUE: Final = "#0b4f9e"


def plate_of(place: str, number: str, code: str) -> Drawing:
    """A label of `place` (estate or street) and `number`; `code` is what the QR code says."""
    drawing = Drawing(
        WIDTH, HEIGHT, f"门牌 Door plate {number}", f"{place} {number}; 二维码 QR code: {code}"
    )
    drawing.rect(6, 6, WIDTH - 12, HEIGHT - 12, fill=_PLATE_BLUE, radius=12)
    drawing.rect(12, 12, WIDTH - 24, HEIGHT - 24, stroke="#ffffff", radius=8)
    middle = (WIDTH - 12 - _CODE - 20) / 2 + 8
    drawing.text(middle, 58, place, size=_fitting(place, 24), anchor="middle", fill="#ffffff")
    drawing.text(
        middle, 122, number, size=_fitting(number, 52), anchor="middle", fill="#ffffff", bold=True
    )
    hint = "扫码核对房屋编号 Scan for the number"
    drawing.text(middle, 154, hint, size=10, anchor="middle", fill="#ffffff")
    _draw_code(drawing, code, WIDTH - 26 - _CODE, (HEIGHT - _CODE) / 2)
    return drawing


def _fitting(text: str, largest: float) -> float:
    """A type size at which the text fits beside the code; a Chinese character is as wide as it is
    high, a Latin one about half of that."""
    width = sum(1.0 if ord(each) > 0x2E7F else 0.58 for each in text)
    return min(largest, (WIDTH - _CODE - 64) / max(width, 1))


def _draw_code(drawing: Drawing, code: str, x: float, y: float) -> None:
    matrix = [[bool(module) for module in row] for row in segno.make(code, micro=False).matrix]
    quiet = 4
    step = _CODE / (len(matrix) + 2 * quiet)
    drawing.rect(x, y, _CODE, _CODE, fill="#ffffff")
    for row, modules in enumerate(matrix):
        column = 0
        while column < len(modules):
            run = 0
            while column + run < len(modules) and modules[column + run]:
                run += 1
            if run:
                drawing.rect(
                    x + (column + quiet) * step,
                    y + (row + quiet) * step,
                    run * step,
                    step * 1.06,  # rows touch, without a hairline between them
                    fill=INK,
                )
            column += max(run, 1)
