"""Yes, no and not known: Kleene's logic, where an unknown passes through only if it decides."""

Truth = bool | None
"""True, False, or None for not known."""

WORDS: dict[Truth, str] = {True: "yes", False: "no", None: "undetermined"}


def all_of(*truths: Truth) -> Truth:
    """Whether all hold: one that fails settles it, whatever is not known.

    >>> all_of(True, None), all_of(False, None), all_of()
    (None, False, True)
    """
    return False if False in truths else None if None in truths else True


def any_of(*truths: Truth) -> Truth:
    """Whether one holds: one that does settles it, whatever is not known.

    >>> any_of(True, None), any_of(False, None), any_of()
    (True, None, False)
    """
    return True if True in truths else None if None in truths else False


def negate(truth: Truth) -> Truth:
    """The opposite; of the unknown, the unknown."""
    return None if truth is None else not truth


def word(truth: Truth) -> str:
    """``yes``, ``no`` or ``undetermined``."""
    return WORDS[truth]
