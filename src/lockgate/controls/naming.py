"""Names of companies and ids of items, as provisions name them."""

import re
from fnmatch import fnmatchcase
from functools import lru_cache


@lru_cache(maxsize=32768)
def names(name: str, party: str) -> bool:
    """Whether ``name`` is the party's, with or without its legal form.

    >>> names("NVIDIA Corporation", "NVIDIA"), names("Advanced Micro Devices, Inc.", "AMD"), names("Intelsat", "Intel")
    (True, False, False)
    """
    words, wanted = (" ".join(re.findall(r"\w+", text.casefold())) for text in (name, party))
    return words == wanted or words.startswith(f"{wanted} ") or (not party.isascii() and party in name)


@lru_cache(maxsize=32768)
def is_named(item: str, patterns: tuple[str, ...]) -> bool:
    """Whether a catalogue id is named by any of ``patterns``; an item without an id is named by none.

    >>> is_named("h20-96", ("h20-*",)), is_named("h200-sxm", ("h20-*",)), is_named("", ("*",))
    (True, False, False)
    """
    return bool(item) and any(fnmatchcase(item, pattern) for pattern in patterns)
