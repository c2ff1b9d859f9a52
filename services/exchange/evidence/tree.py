"""The Merkle tree of RFC 9162 (SHA-256), pure.

Only roots of perfect subtrees are kept: `(level, index)` is the root over the leaves
[index·2^level, (index+1)·2^level). An append writes the few that the new leaf completes, and any
root or proof needs O(log n) of them, which `needed` names.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from hashlib import sha256

Place = tuple[int, int]  # level, index
NodeOf = Callable[[Place], bytes]

EMPTY_ROOT = sha256(b"").digest()


def hash_leaf(entry: bytes) -> bytes:
    """The hash of a leaf's bytes (RFC 9162 §2.1.1)."""
    return sha256(b"\x00" + entry).digest()


def hash_children(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


def needed(use: Callable[[NodeOf], object]) -> list[Place]:
    """Which nodes a computation asks for."""
    places: list[Place] = []

    def note(place: Place) -> bytes:
        places.append(place)
        return b""

    use(note)
    return places


def left_siblings(index: int) -> list[Place]:
    """The nodes that are combined with leaf `index` when it is appended, lowest first."""
    places = []
    level = 0
    while index & 1:
        places.append((level, index - 1))
        level, index = level + 1, index >> 1
    return places


def appended(leaf: bytes, index: int, nodes: Mapping[Place, bytes]) -> dict[Place, bytes]:
    """The nodes that leaf `index` (its hash) completes, given its `left_siblings`."""
    node = leaf
    new = {(0, index): node}
    for level, left in left_siblings(index):
        node = hash_children(nodes[level, left], node)
        new[level + 1, left >> 1] = node
    return new


def root(node: NodeOf, size: int) -> bytes:
    """The root over the first `size` leaves."""
    return EMPTY_ROOT if size == 0 else _subtree(node, 0, size)


def _subtree(node: NodeOf, start: int, end: int) -> bytes:
    """The root over leaves [start, end); `start` is a multiple of the next power of two."""
    size = end - start
    if size & (size - 1) == 0:
        level = size.bit_length() - 1
        return node((level, start >> level))
    split = start + _largest_power_below(size)
    return hash_children(_subtree(node, start, split), _subtree(node, split, end))


def _largest_power_below(size: int) -> int:
    """The largest power of two smaller than `size` (which is at least 2)."""
    return 1 << ((size - 1).bit_length() - 1)


def inclusion_path(node: NodeOf, index: int, size: int) -> list[bytes]:
    """The audit path of leaf `index` in the tree of `size` leaves (§2.1.3.1). Raises ValueError
    when the tree has no such leaf."""
    if not 0 <= index < size:
        raise ValueError("no such leaf")
    return list(_path(node, index, 0, size))


def _path(node: NodeOf, index: int, start: int, end: int) -> Iterator[bytes]:
    if end - start == 1:
        return
    split = start + _largest_power_below(end - start)
    if index < split:
        yield from _path(node, index, start, split)
        yield _subtree(node, split, end)
    else:
        yield from _path(node, index, split, end)
        yield _subtree(node, start, split)


def consistency_path(node: NodeOf, first: int, second: int) -> list[bytes]:
    """The proof that the tree of `first` leaves is the beginning of that of `second` (§2.1.4.1);
    empty for equal sizes. Raises ValueError unless 0 < first <= second."""
    if not 0 < first <= second:
        raise ValueError("sizes out of order")
    return list(_consistency(node, first, 0, second, True))


def _consistency(node: NodeOf, first: int, start: int, end: int, complete: bool) -> Iterator[bytes]:
    if first == end:
        if not complete:
            yield _subtree(node, start, end)
        return
    split = start + _largest_power_below(end - start)
    if first <= split:
        yield from _consistency(node, first, start, split, complete)
        yield _subtree(node, split, end)
    else:
        yield from _consistency(node, first, split, end, False)
        yield _subtree(node, start, split)


def includes(leaf: bytes, index: int, size: int, path: Sequence[bytes], expected: bytes) -> bool:
    """Whether `path` proves that leaf `index` (its hash) is in the tree with root `expected`
    (§2.1.3.2)."""
    if not 0 <= index < size:
        return False
    at, last, found = index, size - 1, leaf
    for each in path:
        if last == 0:
            return False
        if at & 1 or at == last:
            found = hash_children(each, found)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            found = hash_children(found, each)
        at, last = at >> 1, last >> 1
    return last == 0 and found == expected


def extends(
    first: int, second: int, path: Sequence[bytes], first_root: bytes, second_root: bytes
) -> bool:
    """Whether `path` proves that the tree of `second` leaves only appended to that of `first`
    (§2.1.4.2)."""
    if first == second:
        return not path and first_root == second_root
    if not 0 < first < second or not path:
        return False
    rest = list(path)
    if first & (first - 1) == 0:
        rest.insert(0, first_root)
    at, last = first - 1, second - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    old = new = rest[0]
    for each in rest[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            old, new = hash_children(each, old), hash_children(each, new)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            new = hash_children(new, each)
        at, last = at >> 1, last >> 1
    return last == 0 and old == first_root and new == second_root
