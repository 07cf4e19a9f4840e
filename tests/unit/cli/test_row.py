"""The board's row leads to a model that everybody can see, or the plan says that it does not."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest

from podium.cli.row import told_of_row
from podium.cli.tags import require_commit
from podium.errors import StalePlanError
from podium.records import Plan, read_record, write_record
from podium.run_directory import PLAN
from podium.standin.server import Standin
from podium.standin.world import Space, World

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.world
EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "plan" / "valid" / "example.json"
NAME = "acme/tiny-code"


@pytest.fixture
def record() -> Plan:
    return msgspec.structs.replace(read_record(EXAMPLE, Plan), partial=[])


@pytest.fixture
def standin(tmp_path: Path) -> Iterator[Standin]:
    with Standin(tmp_path / "state", World(spaces=[Space(id="acme/hidden", kind="model", is_private=True)])) as running:
        yield running


def test_a_row_that_would_point_to_nothing_is_told_with_the_way_out(standin: Standin, record: Plan) -> None:
    told = told_of_row(record, "", {"HF_ENDPOINT": standin.hub_url})
    assert f"the board's row will link to {NAME}, which nobody can see" in told
    assert f'model = "{NAME}" below [publish]' in told
    standin.store.add_hub(Space(id=NAME, kind="model"))
    assert told_of_row(record, "", {"HF_ENDPOINT": standin.hub_url}) == ""


def test_a_private_model_is_nothing_to_a_stranger(standin: Standin, record: Plan) -> None:
    names = msgspec.structs.replace(record.release.model, model="hidden")
    hidden = msgspec.structs.replace(record, release=msgspec.structs.replace(record.release, model=names))
    assert "nobody can see" in told_of_row(hidden, "", {"HF_ENDPOINT": standin.hub_url})


def test_what_is_uploaded_is_held_against_the_row(record: Plan) -> None:
    assert told_of_row(record, NAME, {}) == ""
    assert "the model goes to acme/other, and the board's row will link to acme/tiny-code" in told_of_row(
        record, "acme/other", {}
    )


def test_a_hub_that_does_not_answer_is_not_checked(record: Plan) -> None:
    assert told_of_row(record, "", {"HF_ENDPOINT": "http://127.0.0.1:1"}).startswith("not checked: ")


@pytest.mark.parametrize("fields", [{"partial": ["a limit"]}, {"profile": "demo"}])
def test_what_has_no_row_is_not_asked_about(record: Plan, fields: dict[str, object]) -> None:
    assert told_of_row(msgspec.structs.replace(record, **fields), "", {"HF_ENDPOINT": "http://127.0.0.1:1"}) == ""


def test_a_tag_that_moved_while_the_run_went_on_stops_the_submission(record: Plan, tmp_path: Path) -> None:
    write_record(tmp_path / PLAN, record)
    require_commit(tmp_path, "")
    require_commit(tmp_path, record.release.commit)
    with pytest.raises(
        StalePlanError, match=r"tag v1\.0\.0 was 0123\w+ when the run was planned and is c0ffee"
    ) as moved:
        require_commit(tmp_path, "c0ffee00" * 5)
    assert f"git push -f origin {record.release.commit}:refs/tags/v1.0.0" in moved.value.hint
