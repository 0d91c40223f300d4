"""What one running application holds: settings, catalogue, versions, limiters."""

import datetime as dt
import hashlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from importlib.metadata import version
from importlib.resources import files
from typing import Any, cast

from fastapi import Request

from lockgate.catalogue import Catalogue, load_catalogue
from lockgate.controls.determination import Determination
from lockgate.reports.outline import Dossier
from lockgate.services.access import invite_first_administrator
from lockgate.services.determine import Determiner
from lockgate.services.evidence_desk import EvidenceDesk
from lockgate.services.registry import Registry, init_record
from lockgate.services.standing import classify_chips
from lockgate.web.middleware import RateLimiter
from lockgate.web.settings import Settings

log = logging.getLogger("lockgate.web")


@dataclass(eq=False)
class Site:
    """One running application."""

    settings: Settings
    api_limiter: RateLimiter = field(init=False)
    login_limiter: RateLimiter = field(init=False)
    dossiers: dict[object, Dossier] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.api_limiter = RateLimiter(self.settings.requests_per_minute, 60)
        self.login_limiter = RateLimiter(self.settings.login_attempts_per_minute, 60)

    @cached_property
    def catalogue(self) -> Catalogue:
        """The shipped facts with the installation's own folder over them."""
        return load_catalogue(self.settings.data)

    @cached_property
    def registry(self) -> Registry:
        """The record behind this application; an empty database is set up first.

        On an installation without people the administrator's one-time link is printed, once.
        """
        registry, _ = init_record(self.settings.db)
        with registry.work() as work:
            key = invite_first_administrator(work)
        if key is not None:
            address = self.settings.public_url or "http://127.0.0.1:8080"
            log.warning("first start: set the administrator's password at %s/invitation/%s", address, key)
        return registry

    @lru_cache(maxsize=64)  # noqa: B019 one site lives as long as its process
    def classifications(self, on: dt.date, known_at: dt.date) -> Mapping[str, str | None]:
        """Every chip's export classification on a day, by id."""
        return classify_chips(self.catalogue, on, known_at)

    def determine(self, row: Mapping[str, str], on: dt.date, known_at: dt.date) -> Determination:
        """The determination of one transaction, given by columns."""
        return Determiner(self.catalogue, on=on, known_at=known_at).answer(row)

    @cached_property
    def desk(self) -> EvidenceDesk:
        """The documents this installation follows."""
        return EvidenceDesk(self.settings.evidence)

    @cached_property
    def versions(self) -> dict[str, str]:
        """Software version, and a mark of the shipped data's content."""
        return {"software": version("lockgate"), "data": data_mark()}


def site_of(request: Request) -> Site:
    """The application a request belongs to."""
    return cast(Site, request.app.state.site)


def data_mark() -> str:
    """Twelve hexadecimal digits that change whenever any shipped fact does."""
    digest = hashlib.sha256()
    root = files("lockgate.data")

    def add(folder: Any, prefix: str) -> None:
        for entry in sorted(folder.iterdir(), key=lambda item: item.name):
            if entry.is_dir():
                add(entry, f"{prefix}{entry.name}/")
            elif entry.name.endswith((".toml", ".csv")):
                digest.update(f"{prefix}{entry.name}\0".encode() + entry.read_bytes())

    add(root, "")
    return digest.hexdigest()[:12]
