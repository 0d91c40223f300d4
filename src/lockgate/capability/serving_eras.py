"""What a serving framework of a given age adds to its kernels, and which era a named framework belongs to."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class ServingEra:
    """The habits of one generation of a serving framework.

    Attributes:
        id: Framework and version.
        kernel_factor: Time of kernels in an engine over their time alone.
        sampling_s: For each sequence sampled, per 32,000 words of vocabulary.
        synchronisation_s: For each layer and step, per doubling of the ranks that wait for each other.
        host_s: For each layer and step: launches that do not overlap with the device.
        max_batch: Sequences an engine decodes at once.
        max_step_tokens: Tokens of one step.
        kv_fraction: Of the free memory, given to the cache.
        server_fraction: Of the offline rate, reached under a latency limit by requests at random times.
        largest_group: Query heads to a key-value head that its attention kernels serve with one read of the cache.
        windowed: Caches of sliding layers are cut at their window.
        half_50: Half-width, in the logarithm of a rate, that held half of the runs left out of the fit.
        half_90: The same for nine in ten.
        ttft_half_50: Half-width for times to the first token of one batch.
        ttft_half_90: The same for nine in ten.
        unseen_chip: Standard deviation of the shift of a chip that is not among ``chips``.
        chips: Calibrated on these.
        origin: What the parameters were fitted to.
    """

    id: str
    kernel_factor: float
    sampling_s: float
    synchronisation_s: float
    host_s: float
    max_batch: int
    max_step_tokens: int
    kv_fraction: float
    server_fraction: float
    largest_group: int
    windowed: bool
    half_50: float
    half_90: float
    ttft_half_50: float
    ttft_half_90: float
    unseen_chip: float
    chips: tuple[str, ...]
    origin: str


@dataclass(frozen=True, slots=True)
class EraChoice:
    """The era used for a framework, and how far from it that framework is.

    Attributes:
        era: The parameters.
        exact: The framework and its version are the era's own.
        same_framework: At least the framework is.
        note: What was chosen and why, in words.
    """

    era: ServingEra
    exact: bool
    same_framework: bool
    note: str


def era_from_record(name: str, record: Mapping[str, Any]) -> ServingEra:
    """An era from a table of the calibration file, whose times carry ``_us``.

    Args:
        name: Framework and version.
        record: Its table.
    """
    fields = {key: value for key, value in record.items() if key not in ("covers", "near", "kind", "family")}
    for key in ("sampling", "synchronisation", "host"):
        fields[f"{key}_s"] = fields.pop(f"{key}_us") * 1e-6
    return ServingEra(
        id=name, chips=tuple(fields.pop("chips", ())), unseen_chip=fields.pop("unseen_chip", 0.0), **fields
    )


def choose_era(
    framework: str, tables: Mapping[str, Any], *, scenario: str = "inflight", kind: str = "decoder"
) -> EraChoice:
    """The era of a framework.

    Args:
        framework: Name and version as people write them, such as ``TensorRT-LLM 0.17``; may be empty.
        tables: The calibration, ``read_calibration("serving")``.
        scenario: ``static``, ``inflight``, ``offline`` or ``server``; decides where the framework does not.
        kind: Of the model: ``decoder`` or ``encoder``.
    """
    name, version = split_framework(framework)
    records = {key: record for key, record in tables["eras"].items() if record.get("kind", "decoder") == kind}
    for word, exact in (("covers", True), ("near", False)):
        for key, record in records.items():
            if any(
                title == name and _within(version, low, high) for title, low, high in record.get(word, [])
            ):
                note = f"calibrated on {key}" if exact else f"{framework} taken as {key}, of the same months"
                return EraChoice(era_from_record(key, records[key]), exact, True, note)
    own = {
        key: spans for key, record in records.items()
        if (spans := [(low, high) for title, low, high in record["covers"] if title == name])
    }  # fmt: skip
    if own:
        key = min(own, key=lambda item: min(_distance(version, low, high) for low, high in own[item]))
        note = f"{framework} taken as its nearest era {key}, intervals wider"
        return EraChoice(era_from_record(key, records[key]), False, True, note)
    key = tables["defaults"].get(kind if kind != "decoder" else scenario, tables["defaults"]["inflight"])
    told = f"framework {framework!r} is not calibrated" if framework else "no framework named"
    return EraChoice(
        era_from_record(key, records[key]), False, False, f"{told}: taken as {key}, intervals wider"
    )


def split_framework(text: str) -> tuple[str, tuple[int, ...]]:
    """Name and version of a framework.

    >>> split_framework("TensorRT-LLM v0.17.0")
    ('tensorrt-llm', (0, 17, 0))
    >>> split_framework("MLPerf Inference v3.1")
    ('mlperf', (3, 1))
    """
    lowered = text.strip().lower()
    found = re.search(r"v?(\d+(?:\.\d+)*)\s*$", lowered)
    version = tuple(int(part) for part in found.group(1).split(".")) if found else ()
    name = (lowered[: found.start()] if found else lowered).strip(" -_:@")
    name = re.sub(r"[\s_]+", "-", name).removesuffix("-inference")
    return _SYNONYMS.get(name, name), version


def parse_version(text: str) -> tuple[int, ...]:
    """Numbers of a version such as ``0.17``."""
    return tuple(int(part) for part in text.split("."))


_SYNONYMS = {
    "trt-llm": "tensorrt-llm",
    "trtllm": "tensorrt-llm",
    "tensorrtllm": "tensorrt-llm",
    "mlperf-inf": "mlperf",
}


def _within(version: tuple[int, ...], low: str, high: str) -> bool:
    return (
        bool(version)
        and parse_version(low) <= version
        and version[: high.count(".") + 1] <= parse_version(high)
    )


def _distance(version: tuple[int, ...], low: str, high: str) -> float:
    least, most = _number(parse_version(low)), _number(parse_version(high))
    if not version:
        return -most  # without a version, the newest
    here = _number(version)
    return 0.0 if least <= here <= most else min(abs(here - least), abs(here - most))


def _number(version: tuple[int, ...]) -> float:
    return float(sum(part / 100.0**place for place, part in enumerate(version)))
