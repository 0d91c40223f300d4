"""RFC 6962 trees: published vectors, every proof of small lists, and no proof of anything else."""

from hashlib import sha256

import pytest

from lockgate.casework.tree import (
    EMPTY_ROOT,
    Frontier,
    extends,
    hash_leaf,
    hash_node,
    includes,
    prove_consistency,
    prove_inclusion,
    root_of,
    split_point,
)

# Inputs and roots of the reference implementation's test (google/certificate-transparency, merkletree).
ENTRIES = [
    bytes.fromhex(text)
    for text in (
        "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
    )
]  # fmt: skip
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
LEAVES = [hash_leaf(entry) for entry in ENTRIES]


def direct_root(leaves: list[bytes]) -> bytes:
    """The definition of RFC 6962 section 2.1, word for word."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    middle = split_point(len(leaves))
    return hash_node(direct_root(leaves[:middle]), direct_root(leaves[middle:]))


@pytest.mark.parametrize("size", range(1, 9))
def test_published_roots(size: int) -> None:
    assert root_of(LEAVES[:size]).hex() == ROOTS[size - 1]


def test_published_paths() -> None:
    # Same test of the reference implementation: path of leaf 6 (counted from one) in a tree of 8, and 2 -> 5.
    assert [step.hex() for step in prove_inclusion(LEAVES, 5)] == [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]
    assert [step.hex() for step in prove_consistency(LEAVES[:5], 2)] == [
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ]


def test_empty() -> None:
    assert root_of([]) == EMPTY_ROOT == direct_root([])


def make_leaves(count: int) -> list[bytes]:
    return [hash_leaf(str(number).encode()) for number in range(count)]


@pytest.mark.parametrize("size", range(1, 40))
def test_every_inclusion_holds_and_nothing_else(size: int) -> None:
    leaves = make_leaves(size)
    root = root_of(leaves)
    assert root == direct_root(leaves)
    for index in range(size):
        path = prove_inclusion(leaves, index)
        assert includes(leaves[index], index, size, path, root)
        assert not includes(hash_leaf(b"other"), index, size, path, root)
        assert not includes(leaves[index], index, size, (*path, EMPTY_ROOT), root)
        if path:
            assert not includes(leaves[index], index, size, path[:-1], root)
        for wrong in {index - 1, index + 1, size} - {index}:
            assert not includes(leaves[index], wrong, size, path, root)


@pytest.mark.parametrize("size", range(1, 40))
def test_every_consistency_holds_and_nothing_else(size: int) -> None:
    leaves = make_leaves(size)
    root = root_of(leaves)
    for old in range(1, size + 1):
        path = prove_consistency(leaves, old)
        old_root = root_of(leaves[:old])
        assert extends(old, old_root, size, root, path)
        assert not extends(old, hash_leaf(b"x"), size, root, path)
        assert not extends(old, old_root, size, hash_leaf(b"x"), path)
        assert not extends(old, old_root, size, root, (*path, EMPTY_ROOT))
        if path:
            assert not extends(old, old_root, size, root, path[:-1])
        changed = [hash_leaf(b"changed"), *leaves[1:]]
        assert not extends(old, old_root, size, root_of(changed), prove_consistency(changed, old))


def test_what_is_no_list() -> None:
    with pytest.raises(ValueError, match="2 complete subtrees"):
        Frontier(3, [EMPTY_ROOT])
    with pytest.raises(IndexError):
        prove_inclusion(LEAVES, 8)
    with pytest.raises(IndexError):
        prove_consistency(LEAVES, 0)
    assert not includes(LEAVES[0], 0, 0, (), EMPTY_ROOT)
    assert not extends(0, EMPTY_ROOT, 3, EMPTY_ROOT, ())
    assert not extends(5, EMPTY_ROOT, 3, EMPTY_ROOT, ())
    assert not extends(3, root_of(LEAVES[:3]), 5, root_of(LEAVES[:5]), ())


def test_frontier_goes_on_where_it_was_stored() -> None:
    first = Frontier()
    for leaf in LEAVES[:5]:
        first.append(leaf)
    again = Frontier(first.size, first.hashes)
    for leaf in LEAVES[5:]:
        again.append(leaf)
    assert again.root().hex() == ROOTS[-1]
