"""The keys of a Hugging Face ``config.json`` in our words."""

import re
from collections.abc import Mapping
from typing import Any

from lockgate.base.errors import LockgateError

# Model types whose MLP has no gate whatever its activation is called.
PLAIN_MLP = frozenset(
    {"gpt2", "gptj", "gpt_neo", "gpt_neox", "gpt_bigcode", "falcon", "opt", "bloom", "bert", "roberta",
     "mpt", "phi", "nemotron", "starcoder2", "t5", "RefinedWeb", "RefinedWebModel"}
)  # fmt: skip
# Those whose MLP has one although their configuration names no activation that says so.
GATED = frozenset({"gpt_oss", "chatglm"})
# Those that share the embedding with the output layer unless they say otherwise.
TIED = frozenset({"gpt2", "gemma", "gemma2", "gemma3", "gemma3_text"})
ENCODERS = frozenset({"bert", "roberta", "xlm-roberta", "deberta", "deberta-v2", "electra"})


def from_hugging_face(config: Mapping[str, Any]) -> dict[str, Any]:
    """Our fields from a Hugging Face configuration.

    Args:
        config: The parsed ``config.json``; a multimodal one is read for its ``text_config``.

    Raises:
        LockgateError: ``invalid-model`` where widths or depths are missing.

    >>> from_hugging_face({"model_type": "gptj", "n_layer": 28, "n_embd": 4096, "n_head": 16, "vocab_size": 50400})["ffn"]
    16384
    """
    if isinstance(config.get("text_config"), Mapping):
        config = {**config, **config["text_config"]}

    def first(*names: str) -> Any:
        return next((config[name] for name in names if config.get(name) is not None), None)

    kind = str(config.get("model_type", "")).lower()
    layers = first("num_hidden_layers", "n_layer", "num_layers", "n_layers")
    hidden = first("hidden_size", "n_embd", "d_model", "dim")
    heads = first("num_attention_heads", "n_head", "n_heads", "num_heads")
    missing = [
        name
        for name, value in (
            ("num_hidden_layers", layers),
            ("hidden_size", hidden),
            ("num_attention_heads", heads),
        )
        if not isinstance(value, int) or value <= 0
    ]
    if missing:
        raise LockgateError(
            f"the configuration lacks a positive {', '.join(missing)}", code="invalid-model", where="model"
        )
    kv_heads = first("num_key_value_heads", "num_kv_heads", "n_head_kv", "multi_query_group_num") or heads
    if kind in {"falcon", "refinedweb", "refinedwebmodel"} and config.get("multi_query") is True:
        kv_heads = first("num_kv_heads", "n_head_kv") if config.get("new_decoder_architecture") else 1
    ffn = first("intermediate_size", "n_inner", "ffn_dim", "ffn_hidden_size", "d_ff")
    ffn = ffn or (first("expansion_ratio") or 4) * hidden
    activation = str(first("hidden_act", "activation_function", "hidden_activation") or "")
    gated = kind not in PLAIN_MLP and (
        activation in {"silu", "swish", "swiglu", "geglu", "gelu_pytorch_tanh"} or kind in GATED
    )
    fields: dict[str, Any] = {
        "id": _id_from(str(config.get("_name_or_path") or kind)),
        "name": str(config.get("_name_or_path") or kind or "Hugging Face configuration"),
        "kind": "encoder" if kind in ENCODERS else "decoder",
        "layers": layers,
        "hidden": hidden,
        "heads": heads,
        "kv_heads": kv_heads,
        "head_dim": first("head_dim", "attention_head_dim") or hidden // heads,
        "ffn": ffn,
        "vocab": first("vocab_size", "padded_vocab_size") or 51200,
        "gated": gated,
        "tied_embeddings": bool(config.get("tie_word_embeddings", kind in ENCODERS | TIED)),
        "parallel_block": kind in {"gptj", "gpt_neox", "phi"}
        or bool(config.get("parallel_attn") or config.get("new_decoder_architecture")),
        "max_context": first(
            "max_position_embeddings",
            "n_positions",
            "n_ctx",
            "max_sequence_length",
            "max_seq_len",
            "seq_length",
        )
        or 131072,
        "prediction_layers": first("num_nextn_predict_layers") or 0,
    }
    if kind in ENCODERS or kind == "gpt2":
        fields["learned_positions"] = fields["max_context"]
    return fields | _windows(config, layers) | _latent(config) | _experts(config, ffn)


def _id_from(name: str) -> str:
    """A record id from the last part of a repository's name."""
    last = name.rstrip("/").split("/")[-1].lower()
    return "-".join(re.findall(r"[a-z0-9]+", last)) or "config"


def _windows(config: Mapping[str, Any], layers: int) -> dict[str, Any]:
    window = config.get("sliding_window")
    if not isinstance(window, int) or window <= 0 or config.get("use_sliding_window") is False:
        return {}
    kinds = config.get("layer_types")
    if isinstance(kinds, list):
        count = sum("sliding" in str(kind) for kind in kinds)
    else:
        pattern = config.get("sliding_window_pattern", 2 if config.get("model_type") == "gemma2" else None)
        count = layers - layers // pattern if isinstance(pattern, int) and pattern > 1 else layers
    return {"sliding_window": window, "sliding_layers": count} if count else {}


def _latent(config: Mapping[str, Any]) -> dict[str, Any]:
    if not config.get("kv_lora_rank"):
        return {}
    return {
        "kv_heads": config.get("num_key_value_heads") or config["num_attention_heads"],
        "latent": {
            "q_rank": config.get("q_lora_rank") or 0,
            "kv_rank": config["kv_lora_rank"],
            "nope_head_dim": config.get("qk_nope_head_dim", 128),
            "rope_head_dim": config.get("qk_rope_head_dim", 64),
            "value_head_dim": config.get("v_head_dim", 128),
        },
        "head_dim": config.get("v_head_dim", 128),
    }


def _experts(config: Mapping[str, Any], ffn: int) -> dict[str, Any]:
    count = next(
        (
            config[name]
            for name in ("n_routed_experts", "num_local_experts", "num_experts")
            if config.get(name)
        ),
        0,
    )
    if not isinstance(count, int) or count < 2:
        return {}
    width = config.get("moe_intermediate_size") or ffn
    always = config.get("n_shared_experts") or str(config.get("model_type", "")).startswith("llama4")
    shared = config.get("shared_expert_intermediate_size") or width * int(always or 0)
    return {
        "experts": {
            "count": count,
            "per_token": config.get("num_experts_per_tok") or config.get("num_experts_per_token") or 2,
            "ffn": width,
            "shared_ffn": shared,
            "dense_layers": config.get("first_k_dense_replace") or 0,
            "groups_per_token": config.get("topk_group") or 0 if (config.get("n_group") or 1) > 1 else 0,
            "biased": "gpt_oss" in str(config.get("model_type", "")),
        }
    }
