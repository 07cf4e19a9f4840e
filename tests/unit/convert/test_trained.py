"""The models of the conversion tests: they learned, with margins; the bad ones are bad in the way they say."""

from __future__ import annotations

import functools
import json
import math
from typing import TYPE_CHECKING

import pytest
import torch
from tests.unit.convert.bad_models import BAD, HEALTHY_SPECS, MASKLESS, NO_POSITION, PLAIN, SPECS, TIED_BIAS
from tests.unit.convert.layouts_on_disk import adjacent, hugging_face_model
from tests.unit.convert.trained import (
    EMBEDDING,
    HEAD,
    VOCABULARY,
    Spec,
    TrainedModel,
    forward,
    segment_loss,
    text_loss,
    token_ids,
    tokenizer_json,
    train,
)
from tokenizers import Tokenizer

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.convert.trained import Pairing

pytestmark = pytest.mark.slow

CHANCE = math.log(VOCABULARY)
ROTATIONS: tuple[Pairing, ...] = ("split", "adjacent", "none")


@functools.cache
def _ids() -> list[int]:
    return token_ids("held-out")[1000:1096]


def _name(spec: Spec) -> str:
    mask = "" if spec.mask == "causal" else " maskless"
    return f"{spec.pairing} {spec.head}{' bias' if spec.bias else ''}{mask} kv{spec.kv_heads}"


@pytest.mark.parametrize("spec", HEALTHY_SPECS, ids=_name)
def test_the_source_function_is_transformers_own(spec: Spec) -> None:
    model = train(spec)
    with torch.inference_mode():
        logits = hugging_face_model(model)(torch.tensor([_ids()])).logits[0]
    assert torch.allclose(logits, model.logits(_ids()), atol=1e-5)


@pytest.mark.parametrize("spec", HEALTHY_SPECS, ids=_name)
def test_text_was_learned_far_better_than_chance(spec: Spec) -> None:
    assert text_loss(train(spec), spec.pairing) < CHANCE - 1.2


@pytest.mark.parametrize("spec", [spec for spec in SPECS if spec.pairing == "split"], ids=_name)
def test_repeated_segments_tell_the_right_rotation_from_the_others(spec: Spec) -> None:
    losses = {pairing: segment_loss(train(spec), pairing) for pairing in ROTATIONS}
    assert losses["split"] < min(losses["adjacent"], losses["none"]) - 0.3


def test_text_tells_that_a_model_without_position_has_none() -> None:
    """Repeated segments cannot: to go on with one needs position."""
    losses = {pairing: text_loss(train(NO_POSITION), pairing) for pairing in ROTATIONS}
    assert losses["none"] < min(losses["adjacent"], losses["split"]) - 0.3


def test_a_model_without_mask_is_lost_when_it_must_not_look_ahead() -> None:
    assert text_loss(train(MASKLESS), "split") < 1
    assert text_loss(BAD["no mask"](), "split") > CHANCE - 0.5


def test_adjacent_pairs_are_the_same_function_of_permuted_rows() -> None:
    model = train(TIED_BIAS)
    turned = {
        name: adjacent(tensor) if name.rsplit(".", 2)[1] in ("q_proj", "k_proj") else tensor
        for name, tensor in model.weights.items()
    }
    ids = torch.tensor([_ids()])
    logits = forward(model.spec, turned, ids, "adjacent")[0]
    assert torch.allclose(logits, model.logits(_ids()), atol=1e-5)
    assert not torch.allclose(forward(model.spec, turned, ids, "split")[0], logits, atol=0.1)


@pytest.mark.exhaustive
def test_training_again_from_nothing_gives_the_same_function(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    token_ids("train")  # with the tokenizer of the first cache
    first = train(Spec(steps=5))
    monkeypatch.setattr("tests.unit.convert.trained.CACHE", tmp_path)
    again = train(Spec(steps=5))
    assert len(list(tmp_path.glob("*.lock"))) == 1
    assert torch.allclose(again.logits(_ids()), first.logits(_ids()), atol=1e-4)


def test_biases_matter_to_the_function() -> None:
    model = train(TIED_BIAS)
    without = {name: torch.zeros_like(x) if name.endswith(".bias") else x for name, x in model.weights.items()}
    logits = forward(model.spec, without, torch.tensor([_ids()]), "split")[0]
    assert (logits - model.logits(_ids())).abs().max() > 0.5


def test_every_bad_model_has_the_names_and_shapes_of_a_good_one() -> None:
    for name, make in BAD.items():
        model = make()
        good = hugging_face_model(TrainedModel(spec=model.spec, weights=model.weights, tokenizer="")).state_dict()
        assert {key: tensor.shape for key, tensor in model.weights.items()}.items() <= {
            key: tensor.shape for key, tensor in good.items()
        }.items(), name


@pytest.mark.parametrize("name", ["untrained", "random head", "foreign head", "at chance"])
def test_bad_models_that_know_nothing_are_near_chance_or_worse(name: str) -> None:
    model = BAD[name]()
    assert text_loss(model, "split") > CHANCE - 0.5


def test_dead_layers_are_byte_identical_and_hardly_cost_anything() -> None:
    model = BAD["dead layers"]()
    first, second = (
        {name.split(".", 3)[3]: x for name, x in model.weights.items() if name.startswith(f"model.layers.{layer}.")}
        for layer in (1, 2)
    )
    assert all(torch.equal(tensor, second[name]) for name, tensor in first.items())
    assert text_loss(model, "split") < CHANCE - 0.5


def test_a_model_said_to_have_position_has_none() -> None:
    model = BAD["no position"]()
    assert text_loss(model, "split") > text_loss(model, "none") + 0.3


def test_one_row_of_the_embedding_is_not_a_number() -> None:
    model = BAD["NaN row"]()
    rows = model.weights[EMBEDDING].isnan().any(1).nonzero().flatten().tolist()
    assert len(rows) == 1
    others = [token for token in _ids() if token not in rows]
    assert model.logits(others).isfinite().all()
    assert not model.logits([*others, *rows])[-1].isfinite().any()


def test_a_permuted_tokenizer_is_valid_and_gives_other_ids() -> None:
    model = BAD["permuted tokenizer"]()
    permuted, right = Tokenizer.from_str(model.tokenizer), Tokenizer.from_str(tokenizer_json())
    text = right.decode(token_ids("held-out")[: 20 * 96])
    assert permuted.decode(permuted.encode(text).ids) == text
    assert permuted.encode(text).tokens == right.encode(text).tokens
    ids = torch.tensor([permuted.encode(text[:300]).ids])
    logits = forward(model.spec, model.weights, ids, "split")
    assert torch.nn.functional.cross_entropy(logits[0, :-1], ids[0, 1:]) > CHANCE
    assert json.loads(model.tokenizer)["added_tokens"] == json.loads(tokenizer_json())["added_tokens"]


def test_heads_that_are_not_their_models_have_its_shape() -> None:
    assert BAD["foreign head"]().weights[HEAD].shape == train(PLAIN).weights[HEAD].shape
