"""Drawings are valid XML whatever is written on them; print has Chinese and takes data as data."""

from pathlib import Path
from xml.etree.ElementTree import fromstring

import pytest

from shared.drawing import PALETTE, Drawing
from shared.printing import pdf_of, pdf_of_svg, png_of, png_of_svg


def picture(text: str) -> str:
    drawing = Drawing(200, 60, "楼栋图", "a plan")
    drawing.rect(5, 5, 40, 20, fill=drawing.hatch("let", PALETTE[0]), hint=text)
    drawing.line([(0, 50), (200, 50)])
    drawing.text(5, 45, text)
    return drawing.svg()


@pytest.mark.parametrize(
    "text", ["<script>", "a & b", '"]]>', "nul\x00bell\x07", "\ud800", "101室"]
)
def test_any_text_leaves_valid_xml(text: str) -> None:
    root = fromstring(picture(text))
    assert not [each for each in root.iter() if each.tag.endswith("script")]
    assert root.findtext("{http://www.w3.org/2000/svg}title") == "楼栋图"


async def test_a_drawing_becomes_a_picture_and_a_sheet() -> None:
    svg = picture("幸福小区 3 栋")
    png = await png_of_svg(svg, dpi=96)
    assert png.startswith(b"\x89PNG")
    assert int.from_bytes(png[16:20], "big") == 200  # one unit is 1/96 inch
    assert (await pdf_of_svg(svg)).startswith(b"%PDF")


async def test_data_is_never_markup(tmp_path: Path) -> None:
    """A name that is Typst code prints as it is written: the page is the same as with a template
    that says the text literally."""
    code = '#panic("read as code") *bold* $x$'
    shown, literal = tmp_path / "shown.typ", tmp_path / "literal.typ"
    shown.write_text("#data.name")
    literal.write_text('#("#panic(\\"read as code\\") *bold* $x$")')
    assert await png_of(shown, {"name": code}) == await png_of(literal, {})
    assert (await pdf_of(shown, {"name": "张三"})).startswith(b"%PDF")


async def test_chinese_glyphs_are_there(tmp_path: Path) -> None:
    """Two different characters print differently: neither is the box of a missing glyph."""
    template = tmp_path / "one.typ"
    template.write_text("#data.text")
    assert await png_of(template, {"text": "户"}) != await png_of(template, {"text": "镇"})
