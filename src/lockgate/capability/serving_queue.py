"""From a load to an operating point: how many requests are in flight when they arrive at a given rate, or under limits.

Latencies are as this package defines them: time to first token from admission (mean, waiting for a step included), time
per output token as the mean gap after the first. Benchmarks that count queueing before admission, or divide the whole
latency by all tokens, get other figures from the same run.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lockgate.capability.serving import ServingRun, batch_limit, run_inflight
from lockgate.capability.serving_eras import ServingEra
from lockgate.capability.serving_memory import Engine

Floats = NDArray[np.float64]

# Requests in flight that are tried: every number up to 16, then steps of about a tenth.
_GRID = np.unique(np.concatenate([np.arange(1.0, 17.0), np.geomspace(16.0, 4096.0, 60).round()]))


@dataclass(frozen=True, slots=True)
class Operation:
    """A replica at a load.

    Attributes:
        in_flight: Requests in the replica, mean.
        utilisation: Arrivals over the most the replica can finish.
        ttft_s: Mean from admission to the first token.
        tpot_s: Mean per further token.
        wait_s: Mean wait for a slot before admission.
        stable: Whether the queue does not grow for ever.
    """

    in_flight: float
    utilisation: float
    ttft_s: float
    tpot_s: float
    wait_s: float
    stable: bool


def operate_at(
    engine: Engine, era: ServingEra, *, arrivals_per_s: float, input_tokens: float, output_tokens: float
) -> Operation:
    """What a replica does when requests come at random at a mean rate.

    In flight are, by Little's law, arrivals times the time each stays, which itself grows with how many are in flight; the
    wait for a slot is that of a queue with as many servers as slots (Sakasegawa's approximation, exponential arrivals,
    service of constant length).

    Args:
        engine: The replica.
        era: The framework.
        arrivals_per_s: Requests a second at this replica.
        input_tokens: Of each prompt.
        output_tokens: Of each answer.
    """
    # Prompts that come at random are few to a step: one is carried at a time.
    carried = min(input_tokens, float(era.max_step_tokens))
    most = max(
        float(np.max(batch_limit(engine, era, input_tokens + output_tokens, era.max_step_tokens))), 1.0
    )
    slots = np.unique(np.append(_GRID[most >= _GRID], most))
    runs = run_inflight(
        engine, era, input_tokens=input_tokens, output_tokens=output_tokens, batch=slots, step_tokens=carried
    )
    finished = np.maximum.accumulate(runs.requests_per_s)
    capacity = float(finished[-1])
    utilisation = arrivals_per_s / capacity
    in_flight = float(
        np.interp(min(arrivals_per_s, capacity), finished, slots, left=arrivals_per_s / float(finished[0]))
    )
    at = {
        name: float(np.interp(in_flight, slots, getattr(runs, name)))
        for name in ("prefill_step_s", "decode_step_s")
    }
    chunks = max(np.ceil(input_tokens / era.max_step_tokens), 1.0)
    own_s = chunks * at["prefill_step_s"]
    busy = min(arrivals_per_s * own_s, 0.999)
    ttft = own_s * (1.0 + busy / (2.0 * (1.0 - busy))) + 0.5 * at["decode_step_s"] * min(in_flight, 1.0)
    tpot = float(np.interp(in_flight, slots, np.nan_to_num(runs.tpot_s)))
    stable = utilisation < 1.0
    wait = float("inf")
    if stable:
        servers = float(slots[-1])
        stay = servers / capacity
        wait = (
            0.5
            * stay
            * utilisation ** (np.sqrt(2.0 * (servers + 1.0)) - 1.0)
            / (servers * (1.0 - utilisation))
        )
    return Operation(in_flight, utilisation, float(ttft), tpot, float(wait), stable)


def most_under_limits(
    engine: Engine, era: ServingEra, *, input_tokens: float, output_tokens: float,
    ttft_limit_s: float = np.inf, tpot_limit_s: float = np.inf,
) -> tuple[float, ServingRun] | None:  # fmt: skip
    """The most requests in flight, and the run, that keep both latencies; None where one request alone breaks them.

    Args:
        engine: The replica.
        era: The framework.
        input_tokens: Of each prompt.
        output_tokens: Of each answer.
        ttft_limit_s: Mean time to the first token at most.
        tpot_limit_s: Mean time per further token at most.
    """
    most = float(np.max(batch_limit(engine, era, input_tokens + output_tokens, era.max_step_tokens)))
    if most < 1:
        return None
    slots = np.unique(np.append(_GRID[most >= _GRID], most))
    runs = run_inflight(
        engine,
        era,
        input_tokens=input_tokens,
        output_tokens=output_tokens,
        batch=slots,
        requests=10.0 * slots,
    )
    kept = (runs.ttft_s <= ttft_limit_s) & (np.nan_to_num(runs.tpot_s) <= tpot_limit_s)
    if not kept.any():
        return None
    rate = np.where(kept, runs.output_tokens_per_s, -1.0)
    best = float(slots[int(np.argmax(rate))])
    run = run_inflight(
        engine, era, input_tokens=input_tokens, output_tokens=output_tokens, batch=best, requests=10.0 * best
    )
    return best, run
