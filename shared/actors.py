"""Who acts: a person with a token, or the service itself when an event or a clock moves it."""

import re
from dataclasses import dataclass

_REGION = re.compile(r"\d{2,12}")


@dataclass(frozen=True, slots=True)
class Actor:
    """A caller. `region` is a jurisdiction prefix (GB/T 2260, 2 to 12 digits): it narrows every
    query here, and the row-level security of the database once more."""

    sub: str
    name: str
    org: str
    region: str
    scopes: frozenset[str]

    def __post_init__(self) -> None:
        if not _REGION.fullmatch(self.region):
            raise ValueError("a region prefix has 2 to 12 digits")

    def covers(self, region: str) -> bool:
        """Whether `region` lies inside this actor's jurisdiction."""
        return region.startswith(self.region)


def service_actor(service: str, org: str, region: str) -> Actor:
    """The service acting on its own behalf, over the whole installation's region."""
    return Actor(sub=f"service:{service}", name=service, org=org, region=region, scopes=frozenset())
