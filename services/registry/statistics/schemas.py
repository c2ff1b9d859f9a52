"""Views of statistics."""

from datetime import date

from pydantic import BaseModel


class PopulationBridgeView(BaseModel):
    """The population bridge of a region on a day. A figure is null where it is under ten or would
    tell one that is; `suppressed` then is true. `checks` writes the identities out."""

    region: str
    on: date
    total: int | None
    usual: int | None
    hukou: int | None
    absent: int | None
    separated: int | None
    migrants: int | None
    suppressed: bool
    checks: list[str]
