"""Every row of the shared collection of labelled cases comes out as it is labelled, or as the case here says why not.

Reading rules: ``3A090 (2022)`` is 3A090-2022, ``not 3A090`` is none; ``text:yes enforced:no`` and ``enforced_from … (never)`` are
required by the text and not enforced; ``ambiguous`` is undetermined; licences being granted and not published are not-published;
NAC_notification means that NAC is open, whatever the policy; a row of 24 October 2023 rests on the letter. A row that names
only a destination is about an end user from there.
"""

import csv
import datetime as dt
import re
from pathlib import Path

import pytest

from lockgate.base.three_valued import word
from lockgate.catalogue import load_catalogue
from lockgate.services.determine import Determiner

LABELLED = Path(__file__).parents[3] / "shared" / "facts" / "law" / "labelled.csv"
ROWS = list(csv.DictReader(LABELLED.read_text(encoding="utf-8").splitlines())) if LABELLED.exists() else []

ITEMS = {
    "A100 80GB SXM": "a100-sxm-80",
    "A800 80GB SXM": "a800-sxm-80",
    "H800 SXM": "h800-sxm",
    "H100 SXM": "h100-sxm",
    "H200 SXM": "h200-sxm",
    "RTX 4090": "rtx-4090",
    "MI250X": "mi250x",
    "L40": "l40",
    "L4": "l4",
    "A30": "a30",
    "V100 SXM2": "v100-sxm2",
    "L2": "l2",
    "MI210": "mi210",
    "MI300X": "mi300x",
    "Gaudi 2": "gaudi2",
    "MI308X": "mi308x",
    "Gaudi 3 HL-328/HL-388 (China)": "gaudi3-hl328",
    "RTX 5090 D": "rtx-5090d",
    "RTX 5090": "rtx-5090",
    "RTX PRO 6000D (China)": "rtx-pro-6000d",
    "RTX PRO 6000 Blackwell Server Edition": "rtx-pro-6000",
    "B200 (HGX)": "b200",
    "B300": "b300",
    "MI355X": "mi355x",
    "Ascend 910B": "ascend-910b3",
}
"""Names of the collection to ids of the catalogue; a chip that is not there is given by its numbers."""

WITHOUT_PUBLIC_INPUTS = {"MI308X", "RTX PRO 6000D (China)", "Gaudi 3 HL-328/HL-388 (China)"}
POLICIES = {
    "presumption_of_denial": "presumption-of-denial",
    "presumption_of_approval": "presumption-of-approval",
    "country_allocation_presumption_of_approval": "presumption-of-approval",
    "case_by_case_if_(dd)_met": "case-by-case",
    "not_published": "not-published",
    "licences_being_granted": "not-published",
    "none": "none",
    "none_enforced": "none",
    "ambiguous": "undetermined",
}


def columns_of(row: dict[str, str]) -> dict[str, str]:
    """A labelled row as columns of ``lockgate determine``: an export from the United States unless it says otherwise."""
    text = row["destination"]
    place = text.split()[0] if text[:2].isupper() else "MY"
    origin = re.search(r"reexport from (\w\w)", text)
    parent = re.search(r"ultimate parent (?:in )?(\w\w)", text)
    columns = {
        "on": row["as_of_date"],
        "kind": "reexport" if origin else "export",
        "from": origin.group(1) if origin else "US",
        "to": place,
        "end_user_hq": place,
        "ultimate_parent": parent.group(1) if parent else place,
        "supp8_approved": "no" if "not supp. 8" in text else "",
    }
    if row["chip"] in ITEMS:
        return columns | {"item": ITEMS[row["chip"]]}
    return columns | {
        "tpp": row["tpp"],
        "performance_density": row["performance_density"],
        "dram_bandwidth_gb_per_s": row["dram_bw_gbs"],
        "datacenter": {"Y": "yes", "N": "no"}.get(row["datacenter"], ""),
        "manufacturer": row["vendor"],
    }


def expected_classification(row: dict[str, str]) -> str | None:
    if row["as_of_date"] == "2023-10-24":  # the letter; the classification in force is that of 2022
        return None if row["chip"].startswith("A800") else "3A090-2022"
    status = row["expected_status"]
    return {"3A090 (2022)": "3A090-2022", "presumed 3A090 / GP10": "3A090.a"}.get(
        status, status if status.startswith("3A090.") else None
    )


@pytest.mark.skipif(not ROWS, reason="the shared collection lies beside a checkout of the maintainers only")
@pytest.mark.parametrize(
    "row", ROWS, ids=lambda row: f"{row['chip']} {row['as_of_date']} {row['destination']}"
)
def test_labelled(row: dict[str, str]) -> None:
    catalogue = load_catalogue()
    determination = Determiner(catalogue, today=dt.date(2026, 11, 22)).answer(columns_of(row))
    answer = determination.as_dict()
    gate = answer["gates"]["us-export"]
    missing = row["chip"] in WITHOUT_PUBLIC_INPUTS and answer["classification_status"] == "undetermined"

    if not missing:
        assert answer["classification"] == expected_classification(row)
    label = row["license_requirement"]
    required = {"ambiguous": "undetermined"}.get(label, "yes" if label.startswith("text:yes") else label)
    if missing and gate["licence_required"] == "undetermined":
        assert {"tpp", "performance_density"} & set(answer["missing"])
        return
    assert gate["licence_required"] == required
    if label.startswith("text:yes"):
        assert gate["licence_enforced"] == "no"
    policy = row["review_policy"]
    if policy == "NAC_notification":
        assert "NAC" in gate["exceptions"]
        conditions = {condition["id"] for condition in gate["conditions"]}
        assert "us-ear.740-8.notification" in conditions
    elif policy.startswith("GP10"):
        assert "us-bis.guidance.gp-10" in gate["basis"]
    else:
        assert gate["review_policy"] == POLICIES[policy]
    if policy.startswith("case_by_case"):
        assert (
            sum(condition["id"].startswith("us-ear.748-supp-2-dd") for condition in gate["conditions"]) == 17
        )
    if row["as_of_date"] == "2023-10-24":
        assert "us-bis.letters.2023-10-nvidia" in gate["basis"]
    assert word(determination.gates[0].licence_required) == gate["licence_required"]
