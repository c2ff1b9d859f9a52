"""The view of entitlements."""

from pydantic import BaseModel


class EntitlementView(BaseModel):
    """One entitlement in the reader's language. `open_now` is false where she can have it later,
    after `from_months` months here; null when she did not say how long."""

    id: str
    title: str
    who: str
    where: str
    papers: str
    cost: str
    source: str
    from_months: int
    open_now: bool | None
