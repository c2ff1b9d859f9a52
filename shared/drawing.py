"""Drawings (图) as plain SVG: charts, plans and maps that a person would rather look at than read.

A drawing is built from a few shapes and written once. Text is escaped here and nowhere else. A
title and a description come with every drawing, for whoever reads with her ears.
"""

import re
from collections.abc import Iterable
from typing import Final
from xml.etree.ElementTree import Element, SubElement, tostring

FONT: Final = "Noto Sans SC, Source Han Sans SC, Microsoft YaHei, PingFang SC, sans-serif"

INK: Final = "#1f2933"
FAINT: Final = "#6b7785"
GRID: Final = "#e4e7eb"
PAPER: Final = "#ffffff"
# Told apart also in grey and by eyes that do not see red from green (after Okabe and Ito, 2008).
PALETTE: Final = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442")

_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")  # in XML 1.0


class Drawing:
    """A picture of `width` × `height` units, y downwards."""

    def __init__(self, width: float, height: float, title: str, description: str) -> None:
        self.width, self.height = width, height
        self._root = Element(
            "svg",
            {
                "xmlns": "http://www.w3.org/2000/svg",
                "viewBox": f"0 0 {_number(width)} {_number(height)}",
                "width": _number(width),
                "height": _number(height),
                "role": "img",
                "font-family": FONT,
            },
        )
        SubElement(self._root, "title").text = title
        SubElement(self._root, "desc").text = description
        self._definitions = SubElement(self._root, "defs")
        self.rect(0, 0, width, height, fill=PAPER)

    def rect(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        *,
        fill: str = "none",
        stroke: str = "none",
        radius: float = 0,
        hint: str | None = None,
    ) -> None:
        """A rectangle; `hint` is shown when somebody points at it."""
        shape = self._shape("rect", fill, stroke, hint, x=x, y=y, width=width, height=height)
        if radius:
            shape.set("rx", _number(radius))

    def circle(
        self,
        x: float,
        y: float,
        radius: float,
        *,
        fill: str = INK,
        stroke: str = "none",
        hint: str | None = None,
    ) -> None:
        self._shape("circle", fill, stroke, hint, cx=x, cy=y, r=radius)

    def line(
        self, points: Iterable[tuple[float, float]], *, stroke: str = INK, width: float = 1
    ) -> None:
        """A line through `points`."""
        path = " ".join(f"{_number(x)},{_number(y)}" for x, y in points)
        attributes = {"points": path, "fill": "none", "stroke": stroke}
        SubElement(self._root, "polyline", attributes | {"stroke-width": _number(width)})

    def text(
        self,
        x: float,
        y: float,
        text: str,
        *,
        size: float = 12,
        anchor: str = "start",
        fill: str = INK,
        bold: bool = False,
    ) -> None:
        """Text with its baseline at `y`; `anchor` is start, middle or end."""
        shape = self._shape("text", fill, "none", None, x=x, y=y)
        shape.set("font-size", _number(size))
        shape.set("text-anchor", anchor)
        if bold:
            shape.set("font-weight", "600")
        shape.text = text

    def hatch(self, name: str, colour: str, angle: int = 45) -> str:
        """A fill of lines slanted by `angle` degrees, for what has to differ by more than its
        colour. Returns the value for `fill`."""
        pattern = SubElement(
            self._definitions,
            "pattern",
            {
                "id": name,
                "width": "6",
                "height": "6",
                "patternUnits": "userSpaceOnUse",
                "patternTransform": f"rotate({angle})",
            },
        )
        SubElement(pattern, "rect", {"width": "6", "height": "6", "fill": PAPER})
        SubElement(pattern, "rect", {"width": "3", "height": "6", "fill": colour})
        return f"url(#{name})"

    def svg(self) -> str:
        return _UNWRITABLE.sub("", tostring(self._root, encoding="unicode"))

    def _shape(
        self, tag: str, fill: str, stroke: str, hint: str | None, **numbers: float
    ) -> Element:
        attributes = {name: _number(value) for name, value in numbers.items()}
        shape = SubElement(self._root, tag, attributes | {"fill": fill, "stroke": stroke})
        if hint is not None:
            SubElement(shape, "title").text = hint
        return shape


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
