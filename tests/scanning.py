"""Paper as a camera sees it, read by software that nobody here wrote: pages are drawn by Poppler
(Debian package poppler-utils), spoilt with numbers, and QR codes read by ZBar (zbar-tools).

Where those cannot be had the tests say so and are skipped, unless YIPAN_REQUIRE_FOREIGN=1.
"""

import asyncio
import shutil
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tests.foreign import required

Grey = NDArray[np.float32]  # rows of pixels, 0 black to 255 white

# The luminance table of JPEG (ITU-T T.81, table K.1), at quality 50.
_QUANTA: Final = np.array(
    [
        [16, 11, 10, 16, 24, 40, 51, 61],
        [12, 12, 14, 19, 26, 58, 60, 55],
        [14, 13, 16, 24, 40, 57, 69, 56],
        [14, 17, 22, 29, 51, 87, 80, 62],
        [18, 22, 37, 56, 68, 109, 103, 77],
        [24, 35, 55, 64, 81, 104, 113, 92],
        [49, 64, 78, 87, 103, 121, 120, 101],
        [72, 92, 95, 98, 112, 100, 103, 99],
    ]
)

# The discrete cosine transform of eight samples, orthonormal.
_COSINES: Final = np.cos(np.pi * np.outer(np.arange(8), 2 * np.arange(8) + 1) / 16) / 2
_COSINES[0] /= np.sqrt(2)


@dataclass(frozen=True, slots=True)
class Spoilt:
    """How badly a picture was taken. `tilt` is how much shorter the far edge is than the near one,
    `turn` the angle to the paper in degrees, `blur` the standard deviation of the lens in pixels,
    `noise` that of the sensor in grey levels of 255, `jpeg` the quality that the picture is kept
    in (0 to keep it whole), `dim` how far light and dark draw together."""

    tilt: float = 0.0
    turn: float = 0.0
    blur: float = 0.0
    noise: float = 0.0
    jpeg: int = 0
    dim: float = 0.0


# A picture held by hand in a lit room, sent on as phones send them.
BY_HAND: Final = Spoilt(tilt=0.04, turn=5, blur=0.8, noise=5, jpeg=75, dim=0.2)


async def scanned(pdf: bytes, *, dpi: int = 150) -> bytes:
    """The first page of a PDF as a picture of that resolution (PGM)."""
    program = required("pdftoppm", lambda: _found("pdftoppm"))
    options = ("-gray", "-r", str(dpi), "-singlefile", "-f", "1", "-")
    return await _run(pdf, program, *options)


def taken(page: bytes, how: Spoilt, seed: int = 1) -> bytes:
    """The same page as somebody's phone took it: the same every time for the same `seed`."""
    grey = _grey_of(page)
    if how.tilt or how.turn:
        grey = _seen_from_aside(grey, how)
    if how.dim:
        grey = 127.5 + (grey - 127.5) * (1 - how.dim)
    if how.blur:
        grey = _blurred(grey, how.blur)
    if how.noise:
        noise = np.random.default_rng(seed).normal(0, how.noise, grey.shape)
        grey = grey + noise.astype(np.float32)
    grey = grey.clip(0, 255)
    return _pgm_of(_kept(grey, how.jpeg) if how.jpeg else grey)


def covered(page: bytes, part: float) -> bytes:
    """The same page with `part` of its height, across the middle, hidden by something dark."""
    grey = _grey_of(page)
    height = grey.shape[0]
    first = int(height * (0.55 - part / 2))
    grey[first : first + int(height * part)] = 40
    return _pgm_of(grey)


async def read_codes(picture: bytes) -> list[str]:
    """What the QR codes of a picture (PGM or PNG) say; none where none can be read."""
    program = required("zbarimg", lambda: _found("zbarimg"))
    with TemporaryDirectory() as folder:
        path = Path(folder) / "picture"
        await asyncio.to_thread(path.write_bytes, picture)
        options = ("--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", str(path))
        said = await _run(b"", program, *options)
    return said.decode().splitlines()


async def _run(sent: bytes, *command: str) -> bytes:
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    said, _ = await process.communicate(sent)
    return said


def _found(program: str) -> str:
    """Raises FileNotFoundError."""
    found = shutil.which(program)
    if found is None:
        raise FileNotFoundError(program)
    return found


def _seen_from_aside(grey: Grey, how: Spoilt) -> Grey:
    """Turned, and with the far edge shorter than the near one; the desk around the paper is
    white. Pixels between four are mixed of them."""
    height, width = grey.shape
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    x, y = columns - width / 2, rows - height / 2
    angle = np.radians(how.turn)
    x, y = x * np.cos(angle) - y * np.sin(angle), x * np.sin(angle) + y * np.cos(angle)
    away = 1 / (1 - how.tilt * (0.5 - y / height))
    across, down = x * away + width / 2, y * away + height / 2
    left, top = np.floor(across).astype(int), np.floor(down).astype(int)
    framed = np.pad(grey, 1, constant_values=255.0)
    mixed = np.zeros_like(grey)
    for right in (0, 1):
        for low in (0, 1):
            near = (1 - abs(across - left - right)) * (1 - abs(down - top - low))
            column, row = (
                np.clip(left + right + 1, 0, width + 1),
                np.clip(top + low + 1, 0, height + 1),
            )
            mixed += near * framed[row, column]
    return mixed


def _blurred(grey: Grey, deviation: float) -> Grey:
    """What a lens of that standard deviation makes of it, along rows and along columns."""
    reach = int(3 * deviation) + 1
    weights = np.exp(-((np.arange(-reach, reach + 1) / deviation) ** 2) / 2)
    weights /= weights.sum()
    height, width = grey.shape
    wide = np.pad(grey, ((0, 0), (reach, reach)), mode="edge")
    grey = sum((w * wide[:, n : n + width] for n, w in enumerate(weights)), np.zeros_like(grey))
    high = np.pad(grey, ((reach, reach), (0, 0)), mode="edge")
    return sum((w * high[n : n + height] for n, w in enumerate(weights)), np.zeros_like(grey))


def _kept(grey: Grey, quality: int) -> Grey:
    """What JPEG leaves of a picture: eight by eight pixels at a time, each frequency rounded."""
    scale = 50 / quality if quality < 50 else 2 - quality / 50
    quanta = np.clip(np.round(_QUANTA * scale), 1, 255)
    height, width = (side - side % 8 for side in grey.shape)
    blocks = grey[:height, :width].reshape(height // 8, 8, width // 8, 8).swapaxes(1, 2) - 128
    waves = np.round(_COSINES @ blocks @ _COSINES.T / quanta) * quanta
    back = _COSINES.T @ waves @ _COSINES + 128
    return np.asarray(back.swapaxes(1, 2).reshape(height, width).clip(0, 255))


def _grey_of(pgm: bytes) -> Grey:
    _, size, _, pixels = pgm.split(b"\n", 3)
    width, height = map(int, size.split())
    return np.frombuffer(pixels, np.uint8).reshape(height, width).astype(np.float32)


def _pgm_of(grey: Grey) -> bytes:
    height, width = grey.shape
    return b"P5\n%d %d\n255\n" % (width, height) + grey.round().astype(np.uint8).tobytes()
