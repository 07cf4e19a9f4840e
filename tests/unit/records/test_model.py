"""A model says of itself whether it was converted as a plan states."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from tests.unit.gates.release import MODEL, VERDICT

from podium.files import sha256_json
from podium.records import Conversion, FileDigest, Model

ONE, TWO = "1" * 64, "2" * 64
SHARDS = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"]
SHARDED = sha256_json([[SHARDS[0], ONE], [SHARDS[1], TWO]])
STATED = Conversion(base="base", base_sha256=ONE)


def _model(*base: tuple[str, str], assumed: tuple[str, ...] = (), layout: str = "peft over entrenar-flat") -> Model:
    files = [FileDigest(path=path, size_bytes=1, sha256=sha256) for path, sha256 in base]
    verdict = msgspec.structs.replace(VERDICT, assumed=list(assumed))
    return msgspec.structs.replace(MODEL, base=files, verdict=verdict, layout=layout if base else "entrenar-flat")


@pytest.mark.parametrize(
    ("model", "stated"),
    [
        (_model(), Conversion()),
        (_model(("weights", ONE)), STATED),
        (_model(("config.json", TWO), ("deep/weights", ONE)), msgspec.structs.replace(STATED, base="moved")),
        (_model((SHARDS[0], ONE), (SHARDS[1], TWO)), msgspec.structs.replace(STATED, base_sha256=SHARDED)),
        (
            _model(("adapter.safetensors", TWO), (SHARDS[0], ONE), (SHARDS[1], TWO)),
            msgspec.structs.replace(STATED, base_sha256=SHARDED),
        ),
        (_model(("a.safetensors", ONE), layout="huggingface"), Conversion(base="unused")),
        (_model(assumed=("order", "pairing")), Conversion(assume="pairing=split, order=in_out")),
    ],
)
def test_a_model_that_is_what_the_plan_states_departs_from_nothing(model: Model, stated: Conversion) -> None:
    assert model.departures(stated) == {}


@pytest.mark.parametrize(
    ("model", "stated", "found"),
    [
        (_model(("weights", TWO)), STATED, {"$.base": f"another base than {ONE[:12]}…"}),
        (_model((SHARDS[1], ONE), (SHARDS[0], TWO)), msgspec.structs.replace(STATED, base_sha256=SHARDED), "$.base"),
        (_model(), STATED, {"$.base": "no base"}),
        (_model(("weights", ONE)), Conversion(), {"$.base": "a base"}),
        (_model(), Conversion(assume="order=in_out"), {"$.verdict.assumed": "nothing instead of order=in_out assumed"}),
        (_model(assumed=("order",)), Conversion(), {"$.verdict.assumed": "order=in_out instead of nothing assumed"}),
        (_model(assumed=("order",)), Conversion(assume="order=out_in"), "$.verdict.assumed"),
        (_model(assumed=("no-axis",)), Conversion(assume="order=in_out"), "$.verdict.assumed"),
    ],
)
def test_each_departure_is_told_where_the_record_shows_it(model: Model, stated: Conversion, found: Any) -> None:
    departures = model.departures(stated)
    assert departures == found if isinstance(found, dict) else list(departures) == [found]
