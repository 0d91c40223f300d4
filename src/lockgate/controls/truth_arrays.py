"""Yes, no and not known for many rows at once: Kleene's logic as the least and the greatest of small numbers.

No is 0, not known 1, yes 2, so that "all of" is the least and "any of" the greatest.
"""

from functools import reduce

import numpy as np
import numpy.typing as npt

from lockgate.base.three_valued import Truth

Truths = npt.NDArray[np.int8]
"""One of `NO`, `UNKNOWN`, `YES` for each row."""
Mask = npt.NDArray[np.bool_]

NO, UNKNOWN, YES = np.int8(0), np.int8(1), np.int8(2)
NUMBERS: dict[Truth, np.int8] = {False: NO, None: UNKNOWN, True: YES}
TRUTHS: tuple[Truth, Truth, Truth] = (False, None, True)
"""A number's meaning, by position."""


def all_of(first: Truths, *others: Truths | np.int8) -> Truths:
    """Whether all hold, row by row.

    >>> all_of(np.array([YES, YES, NO]), np.array([YES, UNKNOWN, UNKNOWN])).tolist()
    [2, 1, 0]
    """
    return reduce(np.minimum, others, first)


def any_of(first: Truths, *others: Truths | np.int8) -> Truths:
    """Whether one holds, row by row.

    >>> any_of(np.array([YES, UNKNOWN, NO]), np.array([UNKNOWN, NO, NO])).tolist()
    [2, 1, 0]
    """
    return reduce(np.maximum, others, first)


def negate(truths: Truths) -> Truths:
    """The opposite, row by row.

    >>> negate(np.array([NO, UNKNOWN, YES])).tolist()
    [2, 1, 0]
    """
    return YES - truths


def of_mask(mask: Mask) -> Truths:
    """Yes where a mask is set, else no.

    >>> of_mask(np.array([True, False])).tolist()
    [2, 0]
    """
    return mask.astype(np.int8) * YES


def choose(mask: Mask, first: Truths | np.int8, second: Truths | np.int8) -> Truths:
    """``first`` where a mask is set, else ``second``."""
    return np.where(mask, first, second).astype(np.int8, copy=False)
