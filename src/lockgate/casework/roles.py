"""Who acts: roles, and the person who holds them."""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a person may be in a case."""

    APPLICANT = "applicant"
    OFFICER = "officer"
    ADVISER = "adviser"
    COUNTERSIGNER = "countersigner"
    LAB = "lab"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"
    PUBLIC = "public"


class Visibility(StrEnum):
    """Who may see a part of a case."""

    PUBLIC = "public"  # everybody
    OFFICE = "office"  # everybody who works in the office, administrators included
    PARTIES = "parties"  # the applicant, a laboratory the application names, and those who review it
    REVIEW = "review"  # those who review it, and auditors
    RESTRICTED = "restricted"  # officers, countersigners and auditors; that they read it is recorded


@dataclass(frozen=True, slots=True)
class Actor:
    """A person with the roles they hold.

    Attributes:
        id: The person. Two actors with one id are one person, whatever roles they use.
        roles: Every role held.
        agency: The agency an adviser, officer or countersigner speaks for.
        organisation: Party id of the company an applicant or lab works for; for an official, a company they have a tie to.
    """

    id: str
    roles: frozenset[Role]
    agency: str = ""
    organisation: str = ""

    def holds(self, role: Role) -> bool:
        """Whether the person has this role. Everybody is the public."""
        return role is Role.PUBLIC or role in self.roles


PUBLIC_READER = Actor("public", frozenset({Role.PUBLIC}))
