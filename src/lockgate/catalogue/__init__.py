"""Reads the files of ``data/``, and a folder of the user's own, into frozen, checked objects.

Files are read when they are asked for: one chip costs one file and the sources it cites.
"""

from lockgate.catalogue.chips import Chip
from lockgate.catalogue.facts import Fact, Rate
from lockgate.catalogue.loading import Catalogue, load_catalogue
from lockgate.catalogue.models import ModelArchitecture
from lockgate.catalogue.parties import Listing, PartyRecord
from lockgate.catalogue.places import Membership, Place
from lockgate.catalogue.sources import Source
from lockgate.catalogue.systems import System

__all__ = [
    "Catalogue",
    "Chip",
    "Fact",
    "Listing",
    "Membership",
    "ModelArchitecture",
    "PartyRecord",
    "Place",
    "Rate",
    "Source",
    "System",
    "load_catalogue",
]
