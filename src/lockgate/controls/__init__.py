"""What a gate says: provisions on a date, applied to a transaction.

A gate is a function ``answer(transaction, law) -> GateAnswer``, a charge a function ``answer(transaction, law) -> Charge``;
``law`` is a `LawOnDate` and carries both clocks (``law.on``, ``law.known_at``). Numbers, operators and dates stand in the
provisions, never in the code. One module covers one rule section or one family of provisions.

Where there is no gate for this destination or on this day, a gate answers ``Verdict.NOT_IN_FORCE`` and the others decide.
Names in ``missing`` are the columns of a transaction. Ids in ``basis`` are those of provisions; the explanation cites them.
"""
