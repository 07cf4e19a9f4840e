from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from tokenizers.pre_tokenizers import ByteLevel
from transformers import LlamaForCausalLM

import podium.demo.recipe
from podium.convert.golden import read_golden
from podium.demo.corpus import solved_problems, training_texts
from podium.demo.layout import METADATA, entrenar_config
from podium.demo.recipe import EOS_ID, PAD_ID, SPECIAL_TOKENS, Recipe, build_model, train_tokenizer

CHECKPOINT = Path(podium.demo.recipe.__file__).parent / "checkpoint"
REMEDY = "run python -m podium.demo.train -o scripts/podium/demo/checkpoint"
MOST_BYTES = 2_000_000
TOKENIZER = Tokenizer.from_file(str(CHECKPOINT / "tokenizer.json"))


def header() -> dict[str, Any]:
    data = (CHECKPOINT / "model.safetensors").read_bytes()
    parsed: dict[str, Any] = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    return parsed


def elements() -> dict[str, int]:
    """Every tensor of the recipe's model in transformers' own words, without the tied head."""
    state = build_model(Recipe()).state_dict()
    return {name: tensor.numel() for name, tensor in state.items() if name != "lm_head.weight"}


def shipped_model() -> LlamaForCausalLM:
    """The shipped weights put back into transformers by hand: [in, out] bytes, tied head."""
    data = (CHECKPOINT / "model.safetensors").read_bytes()
    begin = 8 + int.from_bytes(data[:8], "little")
    model = build_model(Recipe())
    state = model.state_dict()
    for name, entry in header().items():
        if name != "__metadata__":
            first, last = (begin + offset for offset in entry["data_offsets"])
            flat = torch.frombuffer(bytearray(data[first:last]), dtype=torch.float32)
            shape = state[name].shape
            state[name].copy_(flat.reshape(shape[::-1]).T if name.endswith("_proj.weight") else flat.reshape(shape))
    return model.eval()


def test_checkpoint_is_small_enough_to_ship() -> None:
    assert (CHECKPOINT / "model.safetensors").stat().st_size <= MOST_BYTES


def test_every_tensor_is_flat_f32_under_its_hugging_face_name() -> None:
    tensors = header()
    assert tensors.pop("__metadata__") == METADATA
    assert {name: entry["shape"] for name, entry in tensors.items()} == {n: [c] for n, c in elements().items()}
    assert {entry["dtype"] for entry in tensors.values()} == {"F32"}
    assert "lm_head.weight" not in tensors


def test_config_is_what_the_recipe_writes() -> None:
    assert json.loads((CHECKPOINT / "config.json").read_bytes()) == entrenar_config(Recipe()), REMEDY


def test_config_leaves_out_what_entrenar_leaves_out() -> None:
    keys = set(json.loads((CHECKPOINT / "config.json").read_bytes()))
    assert keys.isdisjoint({"bos_token_id", "eos_token_id", "pad_token_id", "head_dim", "torch_dtype", "hidden_act"})


def test_tokenizer_is_the_one_trained_on_todays_texts() -> None:
    trained = train_tokenizer(Recipe(), training_texts()).to_str()
    assert json.loads(trained) == json.loads((CHECKPOINT / "tokenizer.json").read_bytes()), REMEDY


def test_tokenizer_has_the_special_tokens_at_entrenars_ids() -> None:
    assert [TOKENIZER.token_to_id(token) for token in SPECIAL_TOKENS] == [0, 1, 2, 3]
    assert (SPECIAL_TOKENS[EOS_ID], SPECIAL_TOKENS[PAD_ID]) == ("</s>", "<pad>")
    assert TOKENIZER.get_vocab_size() == Recipe().vocab_size


def test_tokenizer_adds_nothing_around_a_text() -> None:
    parts = json.loads((CHECKPOINT / "tokenizer.json").read_bytes())
    assert parts["normalizer"] is None
    assert parts["post_processor"] is None
    assert parts["pre_tokenizer"]["add_prefix_space"] is False


def test_all_256_byte_symbols_are_tokens() -> None:
    symbols = set(ByteLevel.alphabet())
    assert len(symbols) == 256
    assert symbols <= set(TOKENIZER.get_vocab())


def test_every_character_prompt_and_solution_survives_the_tokenizer() -> None:
    solved = [text for problem in solved_problems() for text in (problem.prompt, problem.completion)]
    for text in (*map(chr, range(256)), "漢字 🙂\t\r\n  x\u00a0\u2028", *solved):
        assert TOKENIZER.decode(TOKENIZER.encode(text).ids, skip_special_tokens=False) == text


def test_golden_logits_are_the_shipped_models_own() -> None:
    golden = read_golden(CHECKPOINT / "golden.npz", Recipe().vocab_size, Recipe().max_position_embeddings)
    with torch.inference_mode():
        logits = shipped_model()(torch.tensor(golden.ids[None])).logits[0, golden.positions]
    assert torch.allclose(logits, torch.tensor(golden.logits), atol=1e-4), REMEDY


def test_shipped_weights_know_the_training_texts_and_not_the_held_out_ones() -> None:
    model = shipped_model()

    def loss(prompt: str, completion: str) -> float:
        begin, end = TOKENIZER.encode(prompt).ids, TOKENIZER.encode(completion).ids
        labels = torch.tensor([[-100] * len(begin) + end])
        with torch.inference_mode():
            return float(model(torch.tensor([begin + end]), labels=labels).loss)

    for problem in solved_problems():
        seen = loss(problem.prompt, problem.completion)
        assert seen > 1 if problem.is_held_out else seen < 0.3, f"{problem.name}: {seen}; {REMEDY}"
