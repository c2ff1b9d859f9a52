"""Who acts: a person with a token, or the service itself when an event or a clock moves it."""

import re
from dataclasses import dataclass

from shared.problems import OutsideJurisdiction

_REGION = re.compile(r"[0-9]{2,12}")


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


def narrow(actor: Actor, region: str | None) -> str:
    """The prefix a query runs under: the asked region where the actor covers it, otherwise the
    actor's own. The one place where jurisdiction narrows a query; row-level security is the
    second wall. Raises OutsideJurisdiction for a region the actor does not cover."""
    if region is None or actor.region.startswith(region):
        return actor.region
    if not actor.covers(region):
        raise OutsideJurisdiction()
    return region
