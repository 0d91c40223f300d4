"""How a training run is split over chips, and what makes a split impossible."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lockgate.base.errors import LockgateError
from lockgate.catalogue.models import ModelArchitecture

Ints = NDArray[np.int64]
RECOMPUTE = ("none", "selective", "full")
MAX_INTERLEAVE = 8


@dataclass(frozen=True, slots=True)
class Layouts:
    """Many layouts at once: arrays of one length.

    Attributes:
        tp: Tensor-parallel ranks, with sequence parallelism.
        pp: Pipeline stages.
        dp: Data-parallel replicas.
        cp: Context-parallel ranks: a sequence split among them.
        ep: Expert-parallel ranks, taken from the others.
        micro_batch: Sequences a replica works on at once.
        interleave: Model chunks a stage holds.
        recompute: Position in ``RECOMPUTE``.
        zero: Stage of state sharding; 3 is fully sharded data parallelism.
    """

    tp: Ints
    pp: Ints
    dp: Ints
    cp: Ints
    ep: Ints
    micro_batch: Ints
    interleave: Ints
    recompute: Ints
    zero: Ints

    @classmethod
    def of(cls, **columns: ArrayLike) -> "Layouts":
        """Columns that broadcast; those left out are 1, ``recompute`` none and ``zero`` 1."""
        defaults: dict[str, ArrayLike] = dict.fromkeys(cls.__dataclass_fields__, 1)
        defaults["recompute"] = 0
        arrays = np.broadcast_arrays(
            *(np.atleast_1d(np.asarray(v, np.int64)) for v in (defaults | columns).values())
        )
        return cls(**dict(zip(defaults | columns, arrays, strict=True)))

    def __len__(self) -> int:
        return len(self.tp)

    def take(self, index: ArrayLike | slice) -> "Layouts":
        """The layouts at the positions, or under the mask, ``index``."""
        return Layouts(**{name: getattr(self, name)[index] for name in self.__dataclass_fields__})

    def row(self, position: int) -> dict[str, Any]:
        """One layout in words."""
        values = {name: int(getattr(self, name)[position]) for name in self.__dataclass_fields__}
        return values | {"recompute": RECOMPUTE[values["recompute"]]}

    @property
    def chip_count(self) -> Ints:
        """Chips each layout takes."""
        return self.tp * self.pp * self.dp * self.cp


def stage_layer_count(model: ModelArchitecture) -> int:
    """Layers a pipeline has to place: those of the model, and its modules that predict further tokens."""
    return model.layers + model.prediction_layers


def layers_per_stage(model: ModelArchitecture, pp: int) -> int:
    """Layers of a stage; 0 where they do not divide.

    Where the layers themselves do not, embedding and output layer count as one each, as frameworks allow, if the
    stages are a power of two: 126 layers in eight stages are 16 a stage.
    """
    layers = stage_layer_count(model)
    if layers % pp == 0:
        return layers // pp
    return (layers + 2) // pp if pp & (pp - 1) == 0 and (layers + 2) % pp == 0 else 0


def largest_interleave(model: ModelArchitecture, pp: int) -> int:
    """The largest count of chunks up to 8 that divides the layers of a stage; 1 without a pipeline."""
    per_stage = layers_per_stage(model, pp)
    if pp <= 1 or not per_stage:
        return 1
    return max(count for count in range(1, MAX_INTERLEAVE + 1) if per_stage % count == 0)


def is_possible(
    layouts: Layouts, model: ModelArchitecture, *, chip_count: int, global_batch: int, seq_len: int
) -> NDArray[np.bool_]:
    """Which layouts divide everything that must divide; ``explain_impossible`` says why for one."""
    layers = stage_layer_count(model)
    chunks = layouts.pp * layouts.interleave
    power_of_two = (layouts.pp & (layouts.pp - 1)) == 0
    uneven = (layouts.interleave > 1) | (power_of_two & (layers % layouts.pp != 0))
    placed = (layers % chunks == 0) | (uneven & ((layers + 2) % chunks == 0))
    possible = (
        (layouts.chip_count == chip_count)
        & (model.heads % layouts.tp == 0)
        & (model.ffn % layouts.tp == 0)
        & (_kv_splits(model, layouts.tp))
        & placed
        & (global_batch % (layouts.dp * layouts.micro_batch) == 0)
        & (seq_len % (layouts.cp * layouts.tp) == 0)
        & ((layouts.interleave == 1) | (layouts.pp > 1))
    )
    if model.experts:
        return np.asarray(
            possible
            & (model.experts.count % layouts.ep == 0)
            & ((layouts.tp * layouts.cp * layouts.dp) % layouts.ep == 0)
        )
    return np.asarray(possible & (layouts.ep == 1))


def _kv_splits(model: ModelArchitecture, tp: Ints) -> NDArray[np.bool_]:
    """Key-value heads are split, or repeated evenly where there are fewer of them than ranks."""
    return np.asarray((model.kv_heads % tp == 0) | (tp % model.kv_heads == 0))


def explain_impossible(
    layout: dict[str, Any], model: ModelArchitecture, *, chip_count: int, global_batch: int, seq_len: int
) -> list[LockgateError]:
    """Every reason why one layout is impossible; empty where it is not."""
    tp, pp, dp, cp, ep = (int(layout[name]) for name in ("tp", "pp", "dp", "cp", "ep"))
    micro, chunks = int(layout["micro_batch"]), int(layout["interleave"])
    layers = stage_layer_count(model)
    found: list[tuple[str, str, str]] = []
    if chip_count % (tp * pp * cp):
        found.append(
            (
                "count",
                f"{chip_count} chips do not divide into replicas of tp {tp} × pp {pp} × cp {cp}",
                f"take a multiple of {tp * pp * cp} chips, or smaller tp, pp or cp",
            )
        )
    elif tp * pp * dp * cp != chip_count:
        found.append(
            ("count", f"tp {tp} × pp {pp} × dp {dp} × cp {cp} = {tp * pp * dp * cp} chips, not {chip_count}",
             "leave dp out to have it follow from the others")
        )  # fmt: skip
    if model.heads % tp:
        found.append(
            ("tp", f"{model.heads} heads cannot be split over {tp} ranks", _divisors(model.heads, "tp"))
        )
    elif model.kv_heads % tp and tp % model.kv_heads:
        found.append(
            (
                "tp",
                f"{model.kv_heads} key-value heads can neither be split nor repeated over {tp} ranks",
                _divisors(model.kv_heads, "tp"),
            )
        )
    elif model.ffn % tp:
        found.append(
            ("tp", f"an MLP of width {model.ffn} cannot be split over {tp} ranks", _divisors(model.ffn, "tp"))
        )
    if pp > layers:
        found.append(("pp", f"{pp} stages, but only {layers} layers", _divisors(layers, "pp")))
    elif chunks > 1 and pp == 1:
        found.append(
            ("interleave", "a pipeline of one stage has nothing to interleave", "set interleave to 1")
        )
    elif layers % (pp * chunks) and (
        (layers + 2) % (pp * chunks) or (chunks == 1 and not layers_per_stage(model, pp))
    ):
        if not layers_per_stage(model, pp):
            found.append(("pp", f"{layers} layers do not divide into {pp} stages", _divisors(layers, "pp")))
        else:
            found.append(
                ("interleave", f"the {layers_per_stage(model, pp)} layers of a stage do not divide into {chunks} chunks",
                 _divisors(layers_per_stage(model, pp), "interleave"))
            )  # fmt: skip
    if global_batch % (dp * micro):
        found.append(
            ("global_batch", f"a global batch of {global_batch} does not divide into {dp} replicas of micro-batch {micro}",
             f"take a multiple of {dp * micro}, or leave global_batch out")
        )  # fmt: skip
    if seq_len % (cp * tp):
        found.append(
            (
                "cp",
                f"sequences of {seq_len} tokens do not divide into cp {cp} × tp {tp} parts",
                f"take a multiple of {cp * tp} tokens, or smaller cp or tp",
            )
        )
    if model.experts is None and ep != 1:
        found.append(("ep", f"{model.id} has no experts to spread over {ep} ranks", "set ep to 1"))
    elif model.experts and model.experts.count % ep:
        found.append(
            ("ep", f"{model.experts.count} experts cannot be spread over {ep} ranks",
             _divisors(model.experts.count, "ep"))
        )  # fmt: skip
    elif model.experts and (tp * cp * dp) % ep:
        found.append(
            (
                "ep",
                f"tp {tp} × cp {cp} × dp {dp} ranks do not divide into groups of {ep}",
                _divisors(tp * cp * dp, "ep"),
            )
        )
    return [
        LockgateError(message, code="impossible-layout", where=where, hint=hint)
        for where, message, hint in found
    ]


def _divisors(count: int, what: str) -> str:
    fitting = [str(n) for n in range(1, min(count, 128) + 1) if count % n == 0]
    return f"{what} may be " + ", ".join(fitting[:14]) + (", …" if len(fitting) > 14 else "")
