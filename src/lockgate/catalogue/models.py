"""Model architectures: shipped as TOML, read from a Hugging Face ``config.json``, or given inline."""

import json
from collections.abc import Mapping
from functools import cached_property
from typing import Any, Literal, Self

from pydantic import Field, ValidationError, model_validator

from lockgate.base.errors import LockgateError, problems_from_validation
from lockgate.catalogue.records import CatalogueRecord, Record

Positive = Field(gt=0, le=10**12, strict=True)


class LatentAttention(Record):
    """Multi-head latent attention: keys and values are kept compressed.

    Source: arXiv 2405.04434, section 2.1.
    """

    q_rank: int = Field(ge=0, description="0: queries are not compressed")
    kv_rank: int = Positive
    nope_head_dim: int = Positive
    rope_head_dim: int = Positive
    value_head_dim: int = Positive


class Experts(Record):
    """The routed part of a mixture of experts."""

    count: int = Field(gt=1)
    per_token: int = Field(gt=0)
    ffn: int = Positive
    shared_ffn: int = Field(default=0, ge=0, description="width of the experts every token passes, together")
    dense_layers: int = Field(default=0, ge=0, description="layers that keep an ordinary MLP")
    groups_per_token: int = Field(
        default=0, ge=0, description="groups of experts, a node's each, that a token may reach; 0: any"
    )
    biased: bool = Field(default=False, description="their products add biases")

    @model_validator(mode="after")
    def _routes_to_existing(self) -> Self:
        if self.per_token > self.count:
            raise ValueError(f"{self.per_token} experts a token, but only {self.count} exist")
        return self


class ModelArchitecture(CatalogueRecord):
    """What determines the work of a transformer: its widths, depths and kinds of layer.

    ``parameter_count`` and the rest are derived; ``stated_parameter_count`` is what its source says.
    """

    name: str
    kind: Literal["decoder", "encoder"] = "decoder"
    layers: int = Positive
    hidden: int = Positive
    heads: int = Positive
    kv_heads: int = Positive
    head_dim: int = Positive
    ffn: int = Positive
    vocab: int = Positive
    gated: bool = Field(default=True, description="the MLP has a gate beside its up projection")
    tied_embeddings: bool = False
    parallel_block: bool = Field(default=False, description="attention and MLP read the same input")
    learned_positions: int = Field(default=0, ge=0)
    max_context: int = Field(default=131072, gt=0)
    sliding_window: int | None = Field(default=None, gt=0)
    sliding_layers: int = Field(
        default=0, ge=0, description="layers that look back no further than the window"
    )
    latent: LatentAttention | None = None
    experts: Experts | None = None
    prediction_layers: int = Field(
        default=0, ge=0, description="modules that predict further tokens, in training"
    )
    stated_parameter_count: float | None = None
    source: str = "user"
    pinpoint: str = ""
    note: str = ""
    aliases: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        if self.heads % self.kv_heads:
            raise ValueError(f"{self.heads} heads cannot share {self.kv_heads} key-value heads evenly")
        if self.sliding_layers > self.layers:
            raise ValueError(f"{self.sliding_layers} sliding layers of {self.layers}")
        if self.sliding_layers and self.sliding_window is None:
            raise ValueError("sliding layers need a sliding_window")
        if self.experts and self.experts.dense_layers >= self.layers:
            raise ValueError("a mixture of experts needs at least one layer with experts")
        return self

    @property
    def moe_layers(self) -> int:
        """Layers with routed experts."""
        return self.layers - self.experts.dense_layers if self.experts else 0

    @property
    def dense_layers(self) -> int:
        """Layers with an ordinary MLP."""
        return self.layers - self.moe_layers

    @property
    def mlp_matrices(self) -> int:
        """Matrices of an MLP: up and down, and the gate where there is one."""
        return 3 if self.gated else 2

    @cached_property
    def attention_parameter_count(self) -> int:
        """Weights of the attention of one layer."""
        if self.latent:
            mla = self.latent
            qk = mla.nope_head_dim + mla.rope_head_dim
            query = (
                mla.q_rank * (self.hidden + self.heads * qk) if mla.q_rank else self.hidden * self.heads * qk
            )
            return (
                query
                + self.hidden * (mla.kv_rank + mla.rope_head_dim)
                + mla.kv_rank * self.heads * (mla.nope_head_dim + mla.value_head_dim)
                + self.heads * mla.value_head_dim * self.hidden
            )
        return self.hidden * self.head_dim * (2 * self.heads + 2 * self.kv_heads)

    @cached_property
    def dense_mlp_parameter_count(self) -> int:
        """Weights of the MLP of one layer without experts."""
        return self.mlp_matrices * self.hidden * self.ffn

    @cached_property
    def expert_parameter_count(self) -> int:
        """Weights of one routed expert."""
        return self.mlp_matrices * self.hidden * self.experts.ffn if self.experts else 0

    @cached_property
    def shared_parameter_count(self) -> int:
        """Weights of the shared experts and the router of one layer with experts."""
        if not self.experts:
            return 0
        return self.mlp_matrices * self.hidden * self.experts.shared_ffn + self.hidden * self.experts.count

    @cached_property
    def embedding_parameter_count(self) -> int:
        """Weights of the vocabulary and position embeddings."""
        return self.hidden * (self.vocab + self.learned_positions)

    @cached_property
    def head_parameter_count(self) -> int:
        """Weights of the output layer that are not the embedding's own."""
        return 0 if self.tied_embeddings else self.hidden * self.vocab

    @cached_property
    def norm_parameter_count(self) -> int:
        """Weights of the norms and biases, nearly."""
        return self.hidden * (2 * self.layers + 1) * (1 if self.gated else 4)

    @cached_property
    def parameter_count(self) -> int:
        """All weights."""
        experts = self.experts.count if self.experts else 0
        return self._count_with(experts)

    @cached_property
    def active_parameter_count(self) -> int:
        """Weights a token passes."""
        return self._count_with(self.experts.per_token if self.experts else 0)

    def _count_with(self, experts: int) -> int:
        return (
            self.layers * self.attention_parameter_count
            + self.dense_layers * self.dense_mlp_parameter_count
            + self.moe_layers * (experts * self.expert_parameter_count + self.shared_parameter_count)
            + self.embedding_parameter_count
            + self.head_parameter_count
            + self.norm_parameter_count
        )

    @property
    def kv_element_count_per_token(self) -> int:
        """Elements of the key-value cache a token adds, all layers, without regard to windows."""
        return self.layers * self.kv_element_count_per_token_and_layer

    @property
    def kv_element_count_per_token_and_layer(self) -> int:
        """Elements of the key-value cache a token adds in one layer."""
        if self.latent:
            return self.latent.kv_rank + self.latent.rope_head_dim
        return 2 * self.kv_heads * self.head_dim


def _checked(fields: Mapping[str, Any], where: str) -> ModelArchitecture:
    try:
        return ModelArchitecture.model_validate(fields)
    except ValidationError as error:
        raise problems_from_validation(error, where) from None


def parse_model(text: str) -> ModelArchitecture:
    """A model from JSON: our short form, our full form, or a Hugging Face configuration.

    The short form is ``{"layers", "hidden", "heads", "kv_heads", "ffn", "vocab"}``; the last three default to
    ``heads``, four times ``hidden``, and 51,200. An MLP whose width is four times ``hidden`` is taken to have
    no gate, any other to have one; ``"gated"`` says otherwise.

    Raises:
        LockgateError: Where it is no JSON object, or fields are missing, unknown or impossible.

    >>> parse_model('{"layers": 32, "hidden": 4096, "heads": 32, "ffn": 11008, "vocab": 32000}').parameter_count
    6738415616
    """
    try:
        fields = json.loads(text)
    except json.JSONDecodeError as error:
        raise LockgateError(
            f"not valid JSON: {error.msg} at character {error.pos}", code="invalid-json", where="model"
        ) from None
    if not isinstance(fields, dict):
        raise LockgateError("a model is a JSON object", code="invalid-model", where="model")
    return model_from_mapping(fields)


def model_from_mapping(fields: Mapping[str, Any]) -> ModelArchitecture:
    """As ``parse_model``, from an object already read."""
    from lockgate.catalogue.model_configs import from_hugging_face

    if "layers" not in fields and {
        "num_hidden_layers",
        "n_layer",
        "n_layers",
        "text_config",
        "num_layers",
    } & set(fields):
        return _checked(from_hugging_face(fields), "model")
    filled = {"id": "inline", "name": "inline model", **fields}
    hidden, heads = filled.get("hidden"), filled.get("heads")
    if isinstance(hidden, int) and isinstance(heads, int) and heads > 0 and hidden > 0:
        if "head_dim" not in filled:
            if hidden % heads:
                raise LockgateError(
                    f"hidden {hidden} is no multiple of heads {heads}",
                    code="invalid-model",
                    where=("model", "heads"),
                    hint="give head_dim if the model really is so",
                )
            filled["head_dim"] = hidden // heads
        filled.setdefault("kv_heads", heads)
        filled.setdefault("ffn", 4 * hidden)
        filled.setdefault("gated", filled["ffn"] != 4 * hidden)
    filled.setdefault("vocab", 51200)
    missing = [name for name in ("layers", "hidden", "heads") if name not in filled]
    if missing:
        raise LockgateError(
            f"a model needs {', '.join(missing)}",
            code="invalid-model",
            where="model",
            hint='the short form is {"layers", "hidden", "heads", "kv_heads", "ffn", "vocab"}',
        )
    return _checked(filled, "model")
