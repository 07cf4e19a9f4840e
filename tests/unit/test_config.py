"""config: podium.toml is read strictly; a wrong key is answered with the right one."""

from __future__ import annotations

from pathlib import Path

import pytest

from podium.config import read_config
from podium.errors import ConfigError
from podium.records import ModelName

ROOT = Path(__file__).resolve().parents[2]
MINIMAL = """
[model]
org = "Acme"
model = "Small-Coder"
user = "ada"
checkpoint = "checkpoints/{tag}"

[submit]
fork = "acme/bigcode-models-leaderboard"
"""


def _read(tmp_path: Path, text: str) -> None:
    path = tmp_path / "podium.toml"
    path.write_text(text)
    read_config(path)


def test_the_repository_is_configured_for_albor() -> None:
    config = read_config(ROOT / "podium.toml")
    assert config.model_name == ModelName(org="PAIML", model="ALBOR350M", user="noahgift")
    assert config.model_name.folder == "PAIML_ALBOR350M_noahgift"
    assert config.evaluation.profile == "bigcode"


def test_a_minimal_file_gets_the_defaults(tmp_path: Path) -> None:
    path = tmp_path / "podium.toml"
    path.write_text(MINIMAL)
    config = read_config(path)
    assert config.publish.space == "bigcode/bigcode-models-leaderboard"
    assert config.evaluation.n_samples is None


@pytest.mark.parametrize(
    ("wrong", "right", "said"),
    [
        ("[modle]\n", "", "unknown key 'modle' (did you mean 'model'?)"),
        ("[evaluation]\ntask = []\n", "", "unknown key 'evaluation.task' (did you mean 'tasks'?)"),
        ("[submit]\nfork_name = 'x'\n", "[submit]", "unknown key 'submit.fork_name' (did you mean 'fork'?)"),
    ],
)
def test_an_unknown_key_fails_with_its_closest_match(tmp_path: Path, wrong: str, right: str, said: str) -> None:
    text = MINIMAL.replace("[submit]\n", wrong) if right else MINIMAL + wrong
    with pytest.raises(ConfigError) as caught:
        _read(tmp_path, text)
    assert said in str(caught.value)
    assert caught.value.exit_code == 2


def test_a_missing_file_names_podium_init(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        read_config(tmp_path / "podium.toml")
    assert "podium init" in caught.value.hint


@pytest.mark.parametrize("name", ["../x", "a/b", "", " a", "a b", "-a"])
def test_a_name_that_is_no_folder_name_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="model"):
        _read(tmp_path, MINIMAL.replace("Small-Coder", name))


@pytest.mark.parametrize("text", ["[model", "a = 1 2", "\x00"])
def test_junk_is_one_sentence_with_the_file_name(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError, match=r"podium\.toml"):
        _read(tmp_path, text)


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ('[runners]\ngenerate = "gpu"', '[runners]\ngenerate = ["gpu"]'),
        ('[runners]\nexecute = "self-hosted"', '[runners]\nexecute = ["self-hosted"]'),
        ('[evaluation]\ntasks = "humaneval"', '[evaluation]\ntasks = ["humaneval"]'),
        ('[evaluation]\nn_samples = "50"', "[evaluation]\nn_samples = 50"),
        ('[evaluation]\nbackend = ["native"]', '[evaluation]\nbackend = "native"'),
        ('[publish]\neval_results = "true"', "[publish]\neval_results = true"),
        ("[publish]\nspace = 7", '[publish]\nspace = "7"'),
    ],
)
def test_a_value_of_the_wrong_kind_is_told_as_the_line_that_works(tmp_path: Path, wrong: str, right: str) -> None:
    with pytest.raises(ConfigError) as caught:
        _read(tmp_path, MINIMAL + wrong)
    section, line = right.splitlines()
    assert caught.value.hint == f"under {section} write: {line}"
    _read(tmp_path, MINIMAL + right)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        (MINIMAL.replace('model = "Small-Coder"\n', ""), 'add model = "…" under [model]'),
        (MINIMAL.partition("[submit]")[0], "add the table [submit]"),
        ('model = "x"\n', "write the table [model]"),
        (MINIMAL + '[evaluation]\nn_samples = "many"', "podium init --org ORG"),
    ],
)
def test_what_is_missing_or_nothing_like_it_is_told_too(tmp_path: Path, text: str, hint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        _read(tmp_path, text)
    assert hint in caught.value.hint
