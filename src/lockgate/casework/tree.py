"""The hash tree of RFC 6962: a root over a growing list, proofs that an entry is in it, proofs that it only grew.

Source:
    RFC 6962, section 2.1 (Merkle hash trees), https://www.rfc-editor.org/rfc/rfc6962 ;
    verification as in RFC 9162, sections 2.1.3.2 and 2.1.4.2, https://www.rfc-editor.org/rfc/rfc9162
"""

from collections.abc import Iterable, Sequence
from hashlib import sha256

EMPTY_ROOT = sha256(b"").digest()


def hash_leaf(entry: bytes) -> bytes:
    """Hash of an entry of the list."""
    return sha256(b"\x00" + entry).digest()


def hash_node(left: bytes, right: bytes) -> bytes:
    """Hash of two neighbouring subtrees."""
    return sha256(b"\x01" + left + right).digest()


def split_point(count: int) -> int:
    """Leaves of the left subtree: the largest power of two below ``count`` (two or more).

    >>> [split_point(count) for count in (2, 3, 4, 5, 8, 9)]
    [1, 2, 2, 4, 4, 8]
    """
    return 1 << (count - 1).bit_length() - 1


class Frontier:
    """The complete subtrees of a list, largest first: all that is needed to append and to give the root.

    Args:
        size: Number of leaves so far.
        hashes: Root of each complete subtree, one for each bit set in ``size``.

    >>> frontier = Frontier()
    >>> frontier.root() == EMPTY_ROOT
    True
    >>> for entry in (b"a", b"b", b"c"):
    ...     frontier.append(hash_leaf(entry))
    >>> frontier.size, frontier.root() == root_of([hash_leaf(b"a"), hash_leaf(b"b"), hash_leaf(b"c")])
    (3, True)
    """

    def __init__(self, size: int = 0, hashes: Iterable[bytes] = ()) -> None:
        self.size = size
        self.hashes = list(hashes)
        if size < 0 or len(self.hashes) != size.bit_count():
            raise ValueError(
                f"a list of {size} has {size.bit_count()} complete subtrees, not {len(self.hashes)}"
            )

    def append(self, leaf: bytes) -> None:
        """Add the hash of one more leaf."""
        merges, size = leaf, self.size
        while size & 1:
            merges = hash_node(self.hashes.pop(), merges)
            size >>= 1
        self.hashes.append(merges)
        self.size += 1

    def root(self) -> bytes:
        """Root over all leaves so far."""
        if not self.hashes:
            return EMPTY_ROOT
        root = self.hashes[-1]
        for left in reversed(self.hashes[:-1]):
            root = hash_node(left, root)
        return root


def root_of(leaves: Sequence[bytes]) -> bytes:
    """Root over leaf hashes."""
    frontier = Frontier()
    for leaf in leaves:
        frontier.append(leaf)
    return frontier.root()


class Tree:
    """All complete subtrees of a list, hashed once, so that each of many proofs costs a few look-ups.

    Args:
        leaves: Leaf hashes.

    >>> leaves = [hash_leaf(bytes([number])) for number in range(11)]
    >>> Tree(leaves).root() == root_of(leaves)
    True
    """

    def __init__(self, leaves: Sequence[bytes]) -> None:
        self._levels: list[Sequence[bytes]] = [leaves]  # at k the roots of 2**k leaves each
        while len(self._levels[-1]) > 1:
            below = self._levels[-1]
            self._levels.append([hash_node(*below[at : at + 2]) for at in range(0, len(below) - 1, 2)])

    def __len__(self) -> int:
        return len(self._levels[0])

    def leaf(self, index: int) -> bytes:
        """Leaf hash ``index``, from zero."""
        return self._levels[0][index]

    def root(self, low: int = 0, high: int | None = None) -> bytes:
        """Root over the leaves from ``low`` to before ``high``: the whole list, or a subtree of it."""
        high = len(self) if high is None else high
        count = high - low
        if count == 0:
            return EMPTY_ROOT
        if count & (count - 1) == 0:
            level = count.bit_length() - 1
            return self._levels[level][low >> level]
        middle = low + split_point(count)
        return hash_node(self.root(low, middle), self.root(middle, high))

    def prove_inclusion(self, index: int) -> tuple[bytes, ...]:
        """The hashes that lead from leaf ``index`` (from zero) to the root, lowest first."""
        if not 0 <= index < len(self):
            raise IndexError(f"no leaf {index} among {len(self)}")
        path: list[bytes] = []
        low, high = 0, len(self)
        while high - low > 1:
            middle = low + split_point(high - low)
            if index < middle:
                path.append(self.root(middle, high))
                high = middle
            else:
                path.append(self.root(low, middle))
                low = middle
        return tuple(reversed(path))


def prove_inclusion(leaves: Sequence[bytes], index: int) -> tuple[bytes, ...]:
    """The hashes that lead from leaf ``index`` (from zero) to the root over ``leaves``, lowest first."""
    return Tree(leaves).prove_inclusion(index)


def includes(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Whether ``path`` proves that ``leaf`` is number ``index`` (from zero) of the ``size`` leaves under ``root``."""
    if not 0 <= index < size:
        return False
    position, last, computed = index, size - 1, leaf
    for step in path:
        if last == 0:
            return False
        if position & 1 or position == last:
            computed = hash_node(step, computed)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            computed = hash_node(computed, step)
        position, last = position >> 1, last >> 1
    return last == 0 and computed == root


def prove_consistency(leaves: Sequence[bytes], old_size: int) -> tuple[bytes, ...]:
    """The hashes that show that the first ``old_size`` of ``leaves`` were the whole list once (RFC 6962, 2.1.2)."""
    if not 0 < old_size <= len(leaves):
        raise IndexError(f"no earlier list of {old_size} among {len(leaves)}")
    path: list[bytes] = []
    low, high, whole = 0, len(leaves), True
    size = old_size
    while size != high - low:
        middle = split_point(high - low)
        if size <= middle:
            path.append(root_of(leaves[low + middle : high]))
            high = low + middle
        else:
            path.append(root_of(leaves[low : low + middle]))
            low, size, whole = low + middle, size - middle, False
    if not whole:
        path.append(root_of(leaves[low:high]))
    return tuple(reversed(path))


def extends(old_size: int, old_root: bytes, new_size: int, new_root: bytes, path: Sequence[bytes]) -> bool:
    """Whether ``path`` proves that the list under ``new_root`` begins with the one under ``old_root``."""
    if not 0 < old_size <= new_size:
        return False
    if old_size == new_size:
        return not path and old_root == new_root
    steps = list(path)
    if (
        old_size & (old_size - 1) == 0
    ):  # a power of two: its root is a node of the new tree, left out of the path
        steps.insert(0, old_root)
    if not steps:
        return False
    position, last = old_size - 1, new_size - 1
    while position & 1:
        position, last = position >> 1, last >> 1
    old_computed = new_computed = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if position & 1 or position == last:
            old_computed, new_computed = hash_node(step, old_computed), hash_node(step, new_computed)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            new_computed = hash_node(new_computed, step)
        position, last = position >> 1, last >> 1
    return last == 0 and old_computed == old_root and new_computed == new_root
