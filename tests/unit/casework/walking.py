"""Drives a case through its table in tests: a small cast, one call an action."""

import datetime as dt
from typing import Any

from lockgate.casework.case import Case
from lockgate.casework.folding import fold_event
from lockgate.casework.guards import Question
from lockgate.casework.kinds import Practice
from lockgate.casework.progress import CaseEvent, decide, open_event
from lockgate.casework.roles import Actor, Role
from lockgate.casework.states import Action, CaseState
from lockgate.services.practice import load_practice

EXPORTER = Actor("erin", frozenset({Role.APPLICANT}), organisation="vendor")
RIVAL = Actor("rick", frozenset({Role.APPLICANT}), organisation="rival")
OFFICER = Actor("olga", frozenset({Role.OFFICER}), agency="commerce")
SECOND_OFFICER = Actor("otto", frozenset({Role.OFFICER, Role.COUNTERSIGNER}), agency="commerce")
DEFENSE = Actor("dora", frozenset({Role.ADVISER}), agency="defense")
ENERGY = Actor("enid", frozenset({Role.ADVISER}), agency="energy")
STATE = Actor("stan", frozenset({Role.ADVISER}), agency="state")
CHIEF = Actor("cleo", frozenset({Role.COUNTERSIGNER}), agency="commerce")
LAB = Actor("lena", frozenset({Role.LAB}), organisation="lab-one")
AUDITOR = Actor("axel", frozenset({Role.AUDITOR}))
ADMINISTRATOR = Actor("adam", frozenset({Role.ADMINISTRATOR}))
START = dt.date(2026, 3, 2)
HASH = "ab" * 32

FIELDS: dict[str, Any] = {
    "applicant_contact": "Erin",
    "transaction": "export",
    "purchaser": "buyer",
    "ultimate_consignee": "buyer",
    "end_users": ["buyer"],
    "destination": "CN",
    "end_use": "recommendation models",
    "items": [{"model": "H200", "quantity": 1000}],
    "quantity": 1000,
    "value_usd": 30000000,
    "item_family": "3A090.a",
    "us_availability_date": "2024-11-18",
    "us_units_shipped": 400000,
    "laboratory": "lab-one",
}
PAPERS = ("supply_certificate", "kyc_procedure", "security_plan")


class Walk:
    """A case and its events so far."""

    def __init__(
        self,
        kind: str = "export-licence",
        applicant: str = "vendor",
        filer: Actor = EXPORTER,
        about: str = "",
    ) -> None:
        self.practice: Practice = load_practice(kind)
        self.on = START
        self.events: list[tuple[CaseEvent, str]] = []
        self._case: Case | None = None
        self._keep(open_event("case-1", self.practice, applicant, filer, self.on, about=about), filer)

    @property
    def case(self) -> Case:
        assert self._case is not None
        return self._case

    def stands(self) -> CaseState:
        return self.case.state

    def _keep(self, event: CaseEvent, actor: Actor) -> None:
        self.events.append((event, actor.id))
        self._case = fold_event(self._case, event.type, event.data, actor.id)

    def ask(self, actor: Actor, proposers: frozenset[str] = frozenset()) -> Question:
        return Question(self.case, actor, self.on, self.practice, proposers=proposers)

    def do(
        self, actor: Actor, action: Action, proposers: frozenset[str] = frozenset(), /, **data: Any
    ) -> "Walk":
        self._keep(decide(self.ask(actor, proposers), action, data), actor)
        return self

    def later(self, days: int) -> "Walk":
        self.on += dt.timedelta(days=days)
        return self

    def filed(self) -> "Walk":
        self.do(EXPORTER, Action.EDIT, fields=FIELDS)
        for kind in PAPERS:
            self.do(EXPORTER, Action.ATTACH_DOCUMENT, kind=kind, name=kind, sha256=HASH)
        return self.do(EXPORTER, Action.SUBMIT)

    def in_review(self) -> "Walk":
        return self.filed().do(OFFICER, Action.BEGIN_REVIEW)

    def referred(self) -> "Walk":
        return self.in_review().later(9).do(OFFICER, Action.REFER, agencies=["defense", "energy", "state"])

    def advised(self, defense: str = "approve") -> "Walk":
        basis = (
            {"reasons": "r", "statutory_basis": "s", "regulatory_basis": "742.4"} if defense == "deny" else {}
        )
        self.referred().do(DEFENSE, Action.ADVISE, recommendation=defense, **basis)
        return self.do(ENERGY, Action.ADVISE, recommendation="approve").do(
            STATE, Action.ADVISE, recommendation="no_objection"
        )

    def consolidated(self, defense: str = "approve") -> "Walk":
        return self.advised(defense).do(OFFICER, Action.CONSOLIDATE)

    def approval_proposed(self, **more: Any) -> "Walk":
        return self.consolidated().do(
            OFFICER,
            Action.PROPOSE_APPROVAL,
            reasons="meets the policy",
            granted={"1": 1000},
            expires_on="2030-07-04",
            **more,
        )

    def approved(self, **more: Any) -> "Walk":
        return self.approval_proposed(**more).do(CHIEF, Action.COUNTERSIGN)

    def denial_notified(self) -> "Walk":
        self.consolidated().do(OFFICER, Action.PROPOSE_DENIAL, reasons="diversion", criteria=["diversion"])
        return self.do(CHIEF, Action.COUNTERSIGN)
