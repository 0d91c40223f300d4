"""The flags that describe a job, shared by ``estimate`` and ``plan``."""

import inspect
from collections.abc import Callable
from typing import Any

import typer

# Flag -> (field of a job, type, help).
FLAGS: dict[str, tuple[str, type, str]] = {
    "--train": ("train", str, "Train this model: an id, a config.json, or inline JSON."),
    "--serve": ("serve", str, "Serve this model: the same."),
    "--on": ("chip", str, "Chip, or several with commas where chips are compared."),
    "--count": ("count", int, "Chips."),
    "--system": ("system", str, "System the chips sit in."),
    "--precision": ("precision", str, "Format of the layers' matrix products: bf16, fp8 …"),
    "--kv-precision": ("kv_precision", str, "Format of the key-value cache."),
    "--tp": ("tp", int, "Tensor-parallel ranks."),
    "--pp": ("pp", int, "Pipeline stages."),
    "--dp": ("dp", int, "Replicas."),
    "--cp": ("cp", int, "Context-parallel ranks."),
    "--ep": ("ep", int, "Expert-parallel ranks."),
    "--micro-batch": ("micro_batch", int, "Sequences a replica trains on at once."),
    "--global-batch": ("global_batch", int, "Sequences a step."),
    "--seq-len": ("seq_len", int, "Tokens a training sequence."),
    "--recompute": ("recompute", str, "none, selective or full."),
    "--interleave": ("interleave", int, "Model chunks a pipeline stage holds."),
    "--zero": ("zero", int, "Stage of state sharding, 0 to 3."),
    "--tokens": ("tokens", float, "Tokens of the whole training run, such as 300e9."),
    "--input": ("input_len", int, "Tokens of a prompt."),
    "--output": ("output_len", int, "Tokens of an answer."),
    "--batch": ("batch", int, "Sequences of a static batch."),
    "--concurrency": ("concurrency", int, "Requests in flight."),
    "--requests": ("requests", int, "Requests of the whole run."),
    "--arrival": ("arrival_per_s", float, "Requests that arrive a second."),
    "--step-tokens": ("step_tokens", int, "Prompt tokens a step carries at most (chunked prefill)."),
    "--ttft-limit": ("ttft_limit_s", float, "Mean seconds to the first token at most, when planning."),
    "--tpot-limit": ("tpot_limit_s", float, "Mean seconds per token after it at most, when planning."),
    "--scenario": ("scenario", str, "static, inflight, offline or server."),
    "--framework": ("framework", str, "With its version: 'tensorrt-llm 0.17', 'mlperf v3.1' …"),
    "--network-gb-per-s": ("network_gb_per_s", float, "Network of one chip to other nodes, one direction."),
    "--node-chip-count": ("node_chip_count", int, "Chips joined by the fast links."),
    "--oversubscription": ("oversubscription", float, "Of the network above a node; 1 is none."),
}


class JobFlags:
    """Gives a command every flag of a job."""

    @staticmethod
    def add(command: Callable[..., None]) -> Callable[..., None]:
        """The command with its ``**flags`` spelt out, so that the command line knows them."""
        signature = inspect.signature(command)
        own = [p for p in signature.parameters.values() if p.kind is not inspect.Parameter.VAR_KEYWORD]
        added = [
            inspect.Parameter(
                f"flag_{field}",
                inspect.Parameter.KEYWORD_ONLY,
                default=typer.Option(None, flag, help=text),
                annotation=kind | None,
            )
            for flag, (field, kind, text) in FLAGS.items()
        ]
        plain = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in own]
        command.__signature__ = signature.replace(parameters=[*plain, *added])  # type: ignore[attr-defined]
        command.__annotations__ |= {parameter.name: parameter.annotation for parameter in added}
        return command


def flags_to_job(flags: dict[str, Any]) -> dict[str, Any]:
    """The fields of a job that flags give."""
    given = {
        name.removeprefix("flag_"): value
        for name, value in flags.items()
        if name.startswith("flag_") and value is not None
    }
    for kind in ("train", "serve"):
        if kind in given:
            given |= {"kind": kind, "model": given.pop(kind)}
    return given
