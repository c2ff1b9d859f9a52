"""What liaison staff and offices do for people (服务职责): fixed data, read once."""

import json
from functools import cache
from pathlib import Path

from services.registry.grid.schemas import DutiesView

_FILE = Path(__file__).with_name("duties.json")


@cache
def duties() -> DutiesView:
    """The catalogue. Service only: it is data of the program, so that no office can add to it."""
    groups = json.loads(_FILE.read_text("utf-8"))
    return DutiesView.model_validate(
        {
            group: [
                {
                    "code": duty["code"],
                    "levels": duty.get("levels", []),
                    "words": {"zh": duty["zh"], "en": duty["en"]},
                }
                for duty in listed
            ]
            for group, listed in groups.items()
        }
    )
