"""The committed schemas: generated ones are up to date, transcribed ones accept and refuse the examples."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from podium.errors import RecordError
from podium.files import canonical_json, parse_json, read_json
from podium.records import encode, from_builtins
from podium.validate.schemas import SUFFIX, generated, write_schemas
from podium.validate.shapes import BOARD_SCHEMAS, board_schema, record_types, validator

REPOSITORY = Path(__file__).resolve().parents[2]
SCHEMAS = REPOSITORY / "schemas"
EXAMPLES = REPOSITORY / "tests" / "examples"
VALID = sorted(EXAMPLES.glob("*/valid/*.json"))
INVALID = sorted(EXAMPLES.glob("*/invalid/*.json"))


def label(path: Path) -> str:
    return path.relative_to(EXAMPLES).as_posix()


def schema_of(path: Path) -> str:
    return path.parents[1].name


@pytest.mark.parametrize("name", generated())
def test_committed_schema_is_the_generated_one(name: str) -> None:
    committed = (SCHEMAS / name).read_bytes() if (SCHEMAS / name).exists() else b""
    assert committed == generated()[name], f"schemas/{name} is out of date: run `make schemas` and commit it"


def test_no_schema_of_a_record_that_is_gone_is_left() -> None:
    left = {path.name for path in SCHEMAS.glob(f"*{SUFFIX}")} - generated().keys()
    assert not left, f"{left} belong to no record: run `make schemas` and commit"


def test_make_schemas_runs_what_the_messages_name() -> None:
    assert "schemas: setup\n\t$(BIN)/python -m podium.validate.schemas\n" in (REPOSITORY / "Makefile").read_text()


def test_write_schemas_drops_what_is_gone_and_keeps_the_boards(tmp_path: Path) -> None:
    (tmp_path / "boards").mkdir()
    (tmp_path / "boards" / f"other{SUFFIX}").write_text("{}")
    (tmp_path / f"gone{SUFFIX}").write_text("{}")
    write_schemas(tmp_path)
    assert {path.name for path in tmp_path.glob("*.json")} == generated().keys()
    assert (tmp_path / "boards" / f"other{SUFFIX}").exists()


@pytest.mark.parametrize("name", [*record_types(), *BOARD_SCHEMAS])
def test_schema_is_draft_2020_12_with_identity(name: str) -> None:
    schema = validator(name).schema
    Draft202012Validator.check_schema(schema)
    assert isinstance(schema, dict)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["$id"].endswith(name)
    assert schema["title"]


@pytest.mark.parametrize("name", BOARD_SCHEMAS)
def test_transcribed_schema_names_source_and_date(name: str) -> None:
    source = "evalplus/evalplus" if name.startswith("evalplus") else "bigcode-project/bigcode-evaluation-harness"
    comment = board_schema(name)["$comment"]
    assert f"https://github.com/{source}" in comment
    assert re.search(r"Transcribed by hand on 2026-\d\d-\d\d", comment)


@pytest.mark.parametrize("name", BOARD_SCHEMAS)
def test_the_package_carries_the_transcribed_schema(name: str) -> None:
    assert board_schema(name) == parse_json((SCHEMAS / "boards" / f"{name}{SUFFIX}").read_bytes(), name)


@pytest.mark.parametrize("name", [*record_types(), *BOARD_SCHEMAS])
def test_every_schema_has_examples_of_both_kinds(name: str) -> None:
    assert list((EXAMPLES / name / "valid").glob("*.json")), f"add tests/examples/{name}/valid/<case>.json"
    assert list((EXAMPLES / name / "invalid").glob("*.json")), f"add tests/examples/{name}/invalid/<case>.json"


@pytest.mark.parametrize("path", VALID, ids=label)
def test_valid_example_fits(path: Path) -> None:
    value = read_json(path)
    assert [error.message for error in validator(schema_of(path)).iter_errors(value)] == []
    kind = record_types().get(schema_of(path))
    if kind is not None:
        assert encode(from_builtins(value, kind, path.name)) == canonical_json(value)


@pytest.mark.parametrize("path", INVALID, ids=label)
def test_invalid_example_does_not_fit(path: Path) -> None:
    value = read_json(path)
    assert not validator(schema_of(path)).is_valid(value)
    kind = record_types().get(schema_of(path))
    if kind is not None:
        with pytest.raises(RecordError, match="not a valid"):
            from_builtins(value, kind, path.name)
