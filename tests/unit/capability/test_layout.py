import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockgate.capability.layout import Layouts, explain_impossible, is_possible, largest_interleave
from lockgate.catalogue import load_catalogue
from lockgate.catalogue.models import model_from_mapping

GPT3 = load_catalogue().model("gpt3-175b")
PLAIN = {"tp": 4, "pp": 8, "dp": 16, "cp": 1, "ep": 1, "micro_batch": 1, "interleave": 6}


def reasons(**changes: int) -> list[str]:
    found = explain_impossible(PLAIN | changes, GPT3, chip_count=512, global_batch=2048, seq_len=2048)
    return [error.path for error in found]


def test_a_layout_that_was_run_is_possible() -> None:
    assert reasons() == []


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"dp": 15}, "count"), ({"tp": 5}, "count"), ({"pp": 7, "interleave": 1}, "count"), ({"tp": 64, "dp": 1}, "tp"),
        ({"pp": 64, "dp": 2, "interleave": 1}, "pp"), ({"interleave": 5}, "interleave"), ({"micro_batch": 256}, "global_batch"),
        ({"ep": 2}, "ep"), ({"pp": 1, "dp": 128}, "interleave"), ({"pp": 128, "dp": 1, "interleave": 1}, "pp"),
        ({"cp": 16, "dp": 1, "tp": 4}, ""),
    ],
)  # fmt: skip
def test_each_impossible_layout_says_where(changes: dict[str, int], where: str) -> None:
    found = reasons(**changes)
    assert (where in found) if where else not found


def test_all_reasons_come_at_once() -> None:
    assert set(reasons(tp=7, pp=5, dp=3, interleave=1, micro_batch=1000, ep=3)) == {
        "count", "tp", "pp", "global_batch", "cp", "ep"}  # fmt: skip


def test_embedding_and_output_count_as_layers_where_frameworks_place_them_so() -> None:
    llama = load_catalogue().model("llama3.1-405b")
    layout = {"tp": 8, "pp": 8, "dp": 8, "cp": 2, "ep": 1, "micro_batch": 1, "interleave": 8}
    run = {"chip_count": 1024, "global_batch": 1536, "seq_len": 8192}
    assert not explain_impossible(layout, llama, **run)
    assert not explain_impossible(layout | {"interleave": 1}, llama, **run)
    assert explain_impossible(layout | {"interleave": 3}, llama, **run)
    assert largest_interleave(llama, 8) == 8
    # ninety-six layers and two more are seven times fourteen, but seven stages were not meant
    assert explain_impossible(
        PLAIN | {"pp": 7, "interleave": 1}, GPT3, chip_count=448, global_batch=2048, seq_len=2048
    )


@pytest.mark.parametrize(("pp", "chunks"), [(1, 1), (8, 6), (4, 8), (96, 1), (2, 8), (32, 3)])
def test_the_largest_interleave_up_to_eight_divides_a_stage(pp: int, chunks: int) -> None:
    assert largest_interleave(GPT3, pp) == chunks


TINY = model_from_mapping({"layers": 6, "hidden": 64, "heads": 4, "kv_heads": 2, "ffn": 256})
SMALL = st.sampled_from([1, 2, 3, 4, 6, 8])


@given(
    tp=SMALL, pp=SMALL, dp=SMALL, cp=SMALL, ep=st.sampled_from([1, 2]), micro=SMALL, chunks=SMALL, batch=st.integers(1, 64)
)  # fmt: skip
def test_the_arrays_and_the_reasons_agree(
    tp: int, pp: int, dp: int, cp: int, ep: int, micro: int, chunks: int, batch: int
) -> None:
    layout = {"tp": tp, "pp": pp, "dp": dp, "cp": cp, "ep": ep, "micro_batch": micro, "interleave": chunks}
    run = {"chip_count": 24, "global_batch": batch, "seq_len": 96}
    possible = is_possible(Layouts.of(**layout), TINY, **run)
    assert bool(possible[0]) == (not explain_impossible(layout, TINY, **run))


def test_rows_and_taking() -> None:
    layouts = Layouts.of(tp=np.array([1, 2]), recompute=2)
    assert len(layouts) == 2
    assert layouts.row(1)["tp"] == 2
    assert layouts.row(1)["recompute"] == "full"
    assert layouts.take(np.array([1])).tp.tolist() == [2]
