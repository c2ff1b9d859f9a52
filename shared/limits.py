"""Numbers of a rule that ship as data, each with its words and its source (limits.json)."""

import json
from pathlib import Path


def shipped_limits(rules: str) -> dict[str, int]:
    """The numbers in the limits.json beside a module (its `__file__`), by name."""
    content = Path(rules).with_name("limits.json").read_text("utf-8")
    return {name: int(each["value"]) for name, each in json.loads(content).items()}
