import json

import pytest

from lockgate.base.errors import LockgateError
from lockgate.catalogue import load_catalogue
from lockgate.catalogue.models import model_from_mapping, parse_model


@pytest.mark.parametrize("model_id", load_catalogue().model_shelf.ids())
def test_parameters_add_up_to_what_the_source_states(model_id: str) -> None:
    model = load_catalogue().model(model_id)
    assert model.stated_parameter_count is not None
    assert model.parameter_count == pytest.approx(model.stated_parameter_count, rel=0.01)


def test_active_parameters_of_mixtures() -> None:
    assert load_catalogue().model("mixtral-8x7b").active_parameter_count == pytest.approx(12.9e9, rel=0.01)
    assert load_catalogue().model("deepseek-v3").active_parameter_count == pytest.approx(37e9, rel=0.02)
    assert load_catalogue().model("qwen3-235b-a22b").active_parameter_count == pytest.approx(22e9, rel=0.02)
    assert load_catalogue().model("gpt-oss-120b").active_parameter_count == pytest.approx(5.7e9, rel=0.02)


LLAMA3 = {
    "model_type": "llama", "hidden_act": "silu", "hidden_size": 8192, "intermediate_size": 28672,
    "num_attention_heads": 64, "num_hidden_layers": 80, "num_key_value_heads": 8, "vocab_size": 128256,
    "max_position_embeddings": 8192, "tie_word_embeddings": False, "architectures": ["LlamaForCausalLM"],
}  # fmt: skip
FALCON = {
    "model_type": "falcon", "hidden_size": 14848, "num_attention_heads": 232, "num_hidden_layers": 80,
    "num_kv_heads": 8, "vocab_size": 65024, "new_decoder_architecture": True, "multi_query": True,
    "parallel_attn": True, "tie_word_embeddings": True,
}  # fmt: skip
DEEPSEEK = {
    "model_type": "deepseek_v3", "hidden_act": "silu", "hidden_size": 7168, "intermediate_size": 18432,
    "moe_intermediate_size": 2048, "n_routed_experts": 256, "n_shared_experts": 1, "num_experts_per_tok": 8,
    "first_k_dense_replace": 3, "num_attention_heads": 128, "num_key_value_heads": 128, "num_hidden_layers": 61,
    "q_lora_rank": 1536, "kv_lora_rank": 512, "qk_nope_head_dim": 128, "qk_rope_head_dim": 64, "v_head_dim": 128,
    "vocab_size": 129280,
}  # fmt: skip
QWEN3_MOE = {
    "model_type": "qwen3_moe", "hidden_act": "silu", "hidden_size": 2048, "intermediate_size": 6144, "head_dim": 128,
    "moe_intermediate_size": 768, "num_experts": 128, "num_experts_per_tok": 8, "num_attention_heads": 32,
    "num_key_value_heads": 4, "num_hidden_layers": 48, "vocab_size": 151936, "sliding_window": None,
}  # fmt: skip
GPT_OSS = {
    "model_type": "gpt_oss", "hidden_act": "silu", "hidden_size": 2880, "intermediate_size": 2880, "head_dim": 64,
    "num_local_experts": 128, "num_experts_per_tok": 4, "num_attention_heads": 64, "num_key_value_heads": 8,
    "num_hidden_layers": 36, "vocab_size": 201088, "sliding_window": 128,
    "layer_types": ["sliding_attention", "full_attention"] * 18,
}  # fmt: skip


@pytest.mark.parametrize(
    ("config", "parameters", "sliding"),
    [
        # as their makers state: GPT-2 XL, MPT-7B, GLM-4-9B, Gemma 2 27B, OPT-66B, Llama 4 Scout
        ({"model_type": "gpt2", "n_embd": 1600, "n_head": 25, "n_layer": 48, "n_positions": 1024, "vocab_size": 50257}, 1.56e9, 0),
        ({"model_type": "mpt", "d_model": 4096, "n_heads": 32, "n_layers": 32, "expansion_ratio": 4, "vocab_size": 50432}, 6.7e9, 0),
        ({"model_type": "chatglm", "num_layers": 40, "hidden_size": 4096, "ffn_hidden_size": 13696, "num_attention_heads": 32,
          "multi_query_attention": True, "multi_query_group_num": 2, "padded_vocab_size": 151552}, 9.4e9, 0),
        ({"model_type": "gemma2", "hidden_activation": "gelu_pytorch_tanh", "hidden_size": 4608, "intermediate_size": 36864,
          "head_dim": 128, "num_attention_heads": 32, "num_key_value_heads": 16, "num_hidden_layers": 46, "sliding_window": 4096,
          "vocab_size": 256000}, 27.2e9, 23),
        ({"model_type": "opt", "activation_function": "relu", "hidden_size": 9216, "ffn_dim": 36864, "num_attention_heads": 72,
          "num_hidden_layers": 64, "vocab_size": 50272}, 66e9, 0),
        ({"model_type": "llama4", "text_config": {"model_type": "llama4_text", "hidden_act": "silu", "hidden_size": 5120,
          "intermediate_size": 8192, "num_attention_heads": 40, "num_key_value_heads": 8, "num_hidden_layers": 48,
          "num_local_experts": 16, "num_experts_per_tok": 1, "head_dim": 128, "vocab_size": 202048}}, 109e9, 0),
        ({"model_type": "mistral", "hidden_act": "silu", "hidden_size": 4096, "intermediate_size": 14336, "num_attention_heads": 32,
          "num_hidden_layers": 32, "num_key_value_heads": 8, "sliding_window": 4096, "vocab_size": 32000}, 7.24e9, 32),
    ],
)  # fmt: skip
def test_a_hugging_face_configuration_has_the_parameters_its_maker_states(
    config: dict[str, object], parameters: float, sliding: int
) -> None:
    model = parse_model(json.dumps(config))
    assert model.parameter_count == pytest.approx(parameters, rel=0.03)
    assert model.sliding_layers == sliding


@pytest.mark.parametrize(
    ("config", "model_id"),
    [
        (LLAMA3, "llama3-70b"), (FALCON, "falcon-180b"), (DEEPSEEK, "deepseek-v3"), (QWEN3_MOE, "qwen3-30b-a3b"),
        (GPT_OSS, "gpt-oss-120b"),
        ({"model_type": "gptj", "n_layer": 28, "n_embd": 4096, "n_head": 16, "vocab_size": 50400}, "gpt-j-6b"),
        ({"text_config": LLAMA3, "model_type": "llava"}, "llama3-70b"),
    ],
)  # fmt: skip
def test_a_hugging_face_configuration_is_the_shipped_model(config: dict[str, object], model_id: str) -> None:
    read = parse_model(json.dumps(config))
    shipped = load_catalogue().model(model_id)
    assert read.parameter_count == shipped.parameter_count
    assert read.kv_element_count_per_token == shipped.kv_element_count_per_token
    assert read.sliding_layers == shipped.sliding_layers
    assert read.parallel_block == shipped.parallel_block


@pytest.mark.parametrize(
    "text",
    [
        "[1]", "{", '{"layers": 2}', '{"layers": 0, "hidden": 64, "heads": 8}', '{"layers": 2, "hidden": 65, "heads": 8}',
        '{"layers": 2, "hidden": 64, "heads": 8, "kv_heads": 3}', '{"layers": 2, "hidden": 64, "heads": 0}',
        '{"layers": 2, "hidden": 64, "heads": 8, "colour": "red"}', '{"num_hidden_layers": 2}',
        '{"layers": "two", "hidden": 64, "heads": 8}', '{"layers": 1e999, "hidden": 64, "heads": 8}',
        '{"layers": true, "hidden": 64, "heads": 8}', '{"layers": -3, "hidden": -64, "heads": 8}',
        '{"num_hidden_layers": 2, "hidden_size": 64, "num_attention_heads": 8, "vocab_size": "many"}',
    ],
)  # fmt: skip
def test_an_impossible_model_is_refused(text: str) -> None:
    with pytest.raises(LockgateError):
        parse_model(text)


def test_short_form_defaults() -> None:
    model = model_from_mapping({"layers": 2, "hidden": 64, "heads": 8})
    assert (model.kv_heads, model.ffn, model.vocab, model.gated, model.head_dim) == (8, 256, 51200, False, 8)


def test_unknown_model_names_near_ones() -> None:
    with pytest.raises(LockgateError, match="llama3-70b") as caught:
        load_catalogue().model("llama3-70")
    assert caught.value.code == "unknown-model"
