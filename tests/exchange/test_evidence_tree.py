"""The Merkle tree, against pymerkle and against tampering."""

from hypothesis import given, settings
from hypothesis import strategies as st
from pymerkle import InmemoryTree

from services.exchange.evidence.tree import (
    EMPTY_ROOT,
    Place,
    appended,
    consistency_path,
    extends,
    hash_leaf,
    includes,
    inclusion_path,
    left_siblings,
    needed,
    root,
)


def grown(size: int) -> dict[Place, bytes]:
    """The nodes of a tree of `size` leaves, as appends leave them."""
    nodes: dict[Place, bytes] = {}
    for index in range(size):
        siblings = {place: nodes[place] for place in left_siblings(index)}
        nodes |= appended(hash_leaf(str(index).encode()), index, siblings)
    return nodes


NODES = grown(300)
SIZES = st.integers(1, 300)


def test_the_empty_tree_has_the_root_the_standard_says() -> None:
    assert root(NODES.__getitem__, 0) == EMPTY_ROOT


@given(size=SIZES)
@settings(max_examples=60)
def test_pymerkle_agrees_on_the_root(size: int) -> None:
    other = InmemoryTree(algorithm="sha256")
    for index in range(size):
        other.append_entry(str(index).encode())
    assert root(NODES.__getitem__, size) == other.get_root(size)


@given(size=SIZES, data=st.data())
def test_inclusion_is_proved_and_nothing_else(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    path = inclusion_path(NODES.__getitem__, index, size)
    whole = root(NODES.__getitem__, size)
    leaf = NODES[0, index]
    assert includes(leaf, index, size, path, whole)
    assert not includes(hash_leaf(b"forged"), index, size, path, whole)
    assert not includes(leaf, index + 1, size, path, whole)
    assert not includes(leaf, index, size, [*path, leaf], whole)
    assert not includes(leaf, index, size, path[:-1], whole) or size == 1


@given(sizes=st.tuples(SIZES, SIZES).map(sorted))
def test_consistency_is_proved_and_nothing_else(sizes: list[int]) -> None:
    first, second = sizes
    path = consistency_path(NODES.__getitem__, first, second)
    before, after = root(NODES.__getitem__, first), root(NODES.__getitem__, second)
    assert extends(first, second, path, before, after)
    assert not extends(first, second, path, hash_leaf(b"other"), after)
    assert not extends(first, second, path, before, hash_leaf(b"other"))
    assert not extends(first, second, [*path, before], before, after)
    if path:
        assert not extends(first, second, path[:-1], before, after)


@given(size=SIZES, data=st.data())
def test_a_proof_needs_few_nodes_and_only_complete_ones(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    places = needed(lambda node: inclusion_path(node, index, size))
    assert len(places) <= 2 * size.bit_length()
    assert all((place + 1) << level <= size for level, place in places)


def test_a_tree_that_was_changed_is_not_consistent_with_its_former_root() -> None:
    nodes = grown(20)
    changed: dict[Place, bytes] = {}
    for index in range(20):
        entry = b"changed" if index == 3 else str(index).encode()
        siblings = {place: changed[place] for place in left_siblings(index)}
        changed |= appended(hash_leaf(entry), index, siblings)
    path = consistency_path(changed.__getitem__, 11, 20)
    former, now = root(nodes.__getitem__, 11), root(changed.__getitem__, 20)
    assert not extends(11, 20, path, former, now)
