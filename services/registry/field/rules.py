"""When a correction made offline may still be applied. Pure."""

from collections.abc import Collection, Iterable, Mapping

_PLACE = ("residence_region", "residence_kind", "residence_since", "room_id", "residence")


def field_of(column: str) -> str:
    """The field of a record that a column belongs to: an id number is kept in two columns, a home
    in several."""
    if column in _PLACE:
        return "residence"
    return column.removesuffix("_sealed").removesuffix("_index")


def changed_since(version: int, current: int, versions: Mapping[int, Iterable[str]]) -> set[str]:
    """The fields changed from `version` to `current`. `versions` are, by the version they left
    behind, the columns of kept versions; a step that kept none was a move to another home."""
    changed = set()
    for step in range(version, current):
        columns = versions.get(step)
        changed |= {"residence"} if columns is None else {field_of(each) for each in columns}
    return changed


def contradicted(wanted: Collection[str], changed: Collection[str]) -> list[str]:
    """The fields that both changed: nobody's word is overwritten in silence."""
    return sorted(set(wanted) & set(changed))
