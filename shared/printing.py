"""Print (打印): a template and its data become a PDF, a drawing becomes a PDF or a PNG.

Templates are Typst files of the feature that prints, kept beside it as `<name>.typ`. They find
`data` (what was handed over), the page and a font with Chinese glyphs already set. Data is only
ever data: it is never read as markup, whoever wrote it.
"""

import asyncio
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final, Literal

import pylopdf_fonts_zh_cn
import typst

FONT: Final = "Noto Sans SC"

_PRELUDE: Final = f"""
#let data = json(bytes(sys.inputs.data))
#set page(paper: "a4", margin: 18mm)
#set text(font: "{FONT}", lang: "zh", region: "cn", size: 10pt)
"""
_PICTURE: Final = """
#set page(width: auto, height: auto, margin: 0pt)
#image(bytes(data), format: "svg")
"""
_SHEET: Final = """
#set page(flipped: {flipped}, margin: 10mm)
#align(center + horizon, image(bytes(data), format: "svg", width: 100%, height: 100%,
  fit: "contain"))
"""


async def pdf_of(template: Path, data: Mapping[str, object]) -> bytes:
    """The PDF that a template makes of `data` (anything JSON can say)."""
    source = await asyncio.to_thread(template.read_text, "utf-8")
    return await asyncio.to_thread(_compile, source, json.dumps(data, default=str), "pdf")


async def png_of(template: Path, data: Mapping[str, object], *, dpi: float = 96) -> bytes:
    """The first page as a picture: what a person looks at before she prints."""
    source = await asyncio.to_thread(template.read_text, "utf-8")
    return await asyncio.to_thread(_compile, source, json.dumps(data, default=str), "png", dpi)


async def png_of_svg(svg: str, *, dpi: float = 144) -> bytes:
    """A drawing (SVG) as a PNG picture; a unit of the drawing is 1/96 inch."""
    return await asyncio.to_thread(_compile, _PICTURE, json.dumps(svg), "png", dpi)


async def pdf_of_svg(svg: str, *, landscape: bool = True) -> bytes:
    """A drawing (SVG) fitted to one A4 sheet."""
    sheet = _SHEET.format(flipped="true" if landscape else "false")
    return await asyncio.to_thread(_compile, sheet, json.dumps(svg), "pdf")


@cache
def _fonts() -> typst.Fonts:
    folder = str(pylopdf_fonts_zh_cn.sans_path().parent)
    return typst.Fonts(include_system_fonts=False, font_paths=[folder])


def _compile(source: str, data: str, form: Literal["pdf", "png"], dpi: float = 144) -> bytes:
    compiler = typst.Compiler(
        (_PRELUDE + source).encode(), font_paths=_fonts(), sys_inputs={"data": data}
    )
    pages = compiler.compile(format=form, ppi=dpi)
    made = pages[0] if isinstance(pages, list) else pages
    if not isinstance(made, bytes):
        raise TypeError("the compiler gives bytes when no output file is named")
    return made
