"""What an item is: ECCN 3A090 on a day.

A computer or assembly that contains such a circuit is 4A090 (or a .z item) with the circuit's letter.

Source: supplement no. 1 to 15 CFR part 774, ECCN 3A090 and 4A090.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from lockgate.base.explanation import Explanation
from lockgate.base.three_valued import Truth, all_of, any_of, negate, word
from lockgate.catalogue.law import LawOnDate
from lockgate.controls.determination import Distance
from lockgate.controls.foundry import presume
from lockgate.controls.limits import Quantities, TestResult, quantities_of, run_test
from lockgate.controls.naming import is_named
from lockgate.controls.transaction import Transaction

OLD, A, B, C = "3A090-2022", "3A090.a", "3A090.b", "3A090.c"
PROVISIONS: Mapping[str, str] = {
    OLD: "us-ear.3a090.2022",
    A: "us-ear.3a090.a",
    B: "us-ear.3a090.b",
    C: "us-ear.3a090.c",
}
NOTE_2 = "us-ear.3a090.note-2"
STATED = "us-ear.3a090.stated"
ASSEMBLIES: Mapping[str, str] = {OLD: "4A090-2022", A: "4A090.a", B: "4A090.b"}


@dataclass(frozen=True, slots=True)
class Classification:
    """Whether the item is each of the codes of the day.

    Attributes:
        truths: Code to truth, for the codes in force.
        datacenter: Whether it is, or is presumed to be, designed or marketed for datacenters.
        quantities: The item's quantities.
        explanation: How it came about.
        distances: How far it stands from each limit.
        missing: Columns that would settle it.
    """

    truths: Mapping[str, Truth]
    datacenter: Truth
    quantities: Quantities
    explanation: Explanation
    distances: tuple[Distance, ...]
    missing: tuple[str, ...]

    @property
    def code(self) -> str | None:
        """The code that is certain; None where there is none, or none is certain."""
        return next((code for code, truth in self.truths.items() if truth is True), None)

    @property
    def controlled(self) -> Truth:
        """Whether the item is any of the codes."""
        return any_of(*self.truths.values())

    def among(self, items: tuple[str, ...]) -> Truth:
        """Whether the item is among ``items``: codes, or ``*`` for every item."""
        if "*" in items:
            return True
        return any_of(*(self.truths.get(item, False) for item in items))

    @property
    def lesser(self) -> Truth:
        """Whether it is anything but an item for datacenters that meets 3A090.a."""
        return negate(all_of(self.datacenter, self.truths.get(A, False)))


def classify(transaction: Transaction, law: LawOnDate) -> Classification:
    """Classify the item of a transaction by the tests of the day."""
    presumption = presume(transaction, law)
    datacenter = True if presumption.applies else transaction.datacenter
    quantities = quantities_of(
        replace(transaction, datacenter=datacenter) if presumption.applies else transaction
    )
    memory = transaction.tpp is None and transaction.memory_bandwidth_density is not None
    results = {
        code: run_test(id_, version, quantities, code)
        for code, id_ in PROVISIONS.items()
        if (version := law.in_force(id_)) is not None and (code == C) == memory
    }
    truths: dict[str, Truth] = {code: result.truth for code, result in results.items()}
    used: list[TestResult] = list(results.values())
    note_2 = law.in_force(NOTE_2)
    if note_2 is not None and not memory:
        excluded = run_test(NOTE_2, note_2, quantities, "excluded by Note 2")
        used.append(excluded)
        truths |= {code: all_of(truths[code], negate(excluded.truth)) for code in (A, B) if code in truths}
    stated = law.in_force(STATED)
    by_statement = stated is not None and transaction.tpp is None and is_named(transaction.item, stated.items)
    if by_statement:
        truths = dict.fromkeys(truths, False)
    if presumption.applies is not False:
        truths[A] = any_of(truths.get(A, False), presumption.applies)
    if B in truths:
        truths[B] = all_of(truths[B], negate(truths.get(A, False)))
    code = next((code for code, truth in truths.items() if truth is True), None)
    open_ = code is None and None in truths.values()
    missing = [name for result in used for name in result.missing] if open_ else []
    children = tuple(result.explanation for result in used)
    if presumption.explanation is not None:
        children = (*children, presumption.explanation)
    if by_statement and stated is not None:
        children = (
            Explanation("below 3A090, as stated", "yes", citation=STATED, note=stated.summary),
            *children,
        )
    shown = word(None) if open_ else (code or "none")
    as_assembly = ASSEMBLIES.get(code or "") if transaction.assembly else None
    note = f"as an assembly: {as_assembly}, or a .z item" if as_assembly else ""
    return Classification(
        truths=truths,
        datacenter=datacenter,
        quantities=quantities,
        explanation=Explanation("classification", shown, note=note, children=children),
        distances=tuple(distance for result in used for distance in result.distances),
        missing=tuple(dict.fromkeys([*missing, *(presumption.missing if open_ else ())])),
    )
