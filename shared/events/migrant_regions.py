"""What the migrant service asks of the map."""

from shared.events.base import Event


class RegionsSought(Event, key="within"):
    """The desk wants to know which regions there are (查询区划名录): the cities and counties of the
    country, and the townships and villages inside `within`. `held` is the digest of what it holds;
    the registry answers with regions-listed where its own is another."""

    within: str
    held: str
