"""convert: the model that comes out computes what the checkpoint's function computes; damage is named."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from podium.convert import ConvertOptions, convert, digest_checkpoint, digest_folder, record_path
from podium.convert.containers import open_container
from podium.convert.golden import FILE_NAME
from podium.errors import CheckpointError, FindingsError, StorageError, UndeterminedError, UnknownNameError, UsageError
from podium.files import sha256_file
from podium.progress import SilentProgress
from podium.records import Hypothesis, Model, read_record

DEMO = Path(__file__).resolve().parents[3] / "scripts" / "podium" / "demo" / "checkpoint"


def _copy(tmp_path: Path) -> Path:
    folder = tmp_path / "checkpoint"
    shutil.copytree(DEMO, folder)
    return folder


def _convert(folder: Path, tmp_path: Path, dtype: str = "float32", **more: Any) -> Path:
    output = tmp_path / "model"
    convert(ConvertOptions(checkpoint=folder, output=output, dtype=dtype, **more), SilentProgress())
    return output


def _flat(folder: Path) -> dict[str, np.ndarray[Any, Any]]:
    data = (folder / "model.safetensors").read_bytes()
    tensors = open_container(folder).tensors
    return {name: np.frombuffer(data[stored.begin : stored.end], "<f4") for name, stored in tensors.items()}


def _data_begin(path: Path) -> int:
    return 8 + int.from_bytes(path.read_bytes()[:8], "little")


def _slow_obvious_model(folder: Path) -> Any:
    """The same model, filled in tensor by tensor from the definition of the layout."""
    from transformers import LlamaConfig, LlamaForCausalLM

    config = json.loads((folder / "config.json").read_text())
    config.pop("architectures", None)
    model = LlamaForCausalLM(LlamaConfig(**{**config, "tie_word_embeddings": False}))
    flat = _flat(folder)
    flat["lm_head.weight"] = flat["model.embed_tokens.weight"]
    state = {}
    for name, parameter in model.state_dict().items():
        values = torch.tensor(flat[name])
        if parameter.ndim == 1 or name in ("model.embed_tokens.weight", "lm_head.weight"):
            state[name] = values.reshape(parameter.shape)
        else:
            state[name] = values.reshape(parameter.shape[1], parameter.shape[0]).T.contiguous()
    model.load_state_dict(state)
    return model.eval()


def test_converted_model_has_the_logits_of_an_obviously_right_one(tmp_path: Path) -> None:
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(_convert(DEMO, tmp_path), dtype=torch.float32).eval()
    ids = torch.arange(64)[None] + 7
    with torch.inference_mode():
        assert torch.allclose(model(ids).logits, _slow_obvious_model(DEMO)(ids).logits, atol=1e-5)


def test_record_tells_the_tensors_the_choice_and_the_checks(tmp_path: Path) -> None:
    output = _convert(DEMO, tmp_path)
    record = read_record(record_path(output), Model)
    transformed = {tensor.name: tensor.transformation for tensor in record.tensors}
    assert record.layout == "entrenar-flat"
    assert transformed["model.layers.0.self_attn.q_proj.weight"] == ["transpose"]
    assert transformed["model.embed_tokens.weight"] == ["copy"]
    assert record.verdict.hypothesis == Hypothesis(order="in_out", pairing="split", head="tied")
    assert record.verdict.decided_by == "golden"
    assert len(record.verdict.trials) == 12
    assert record.parity["max_logit_difference"] < 1e-4
    assert all(check.ok for check in record.checks)
    assert {file.path for file in record.files} == {path.name for path in output.iterdir()}


def test_files_of_the_record_are_those_on_disk(tmp_path: Path) -> None:
    output = _convert(DEMO, tmp_path, shard_bytes=400_000)
    assert read_record(record_path(output), Model).files == digest_folder(output)
    assert len(list(output.glob("model-*-of-*.safetensors"))) > 1


def test_without_golden_logits_the_demo_is_undetermined_and_nothing_is_written(tmp_path: Path) -> None:
    """It was trained for one minute on two dozen functions: repeated ids mean nothing to it."""
    folder = _copy(tmp_path)
    (folder / FILE_NAME).unlink()
    with pytest.raises(UndeterminedError) as caught:
        _convert(folder, tmp_path)
    assert "the rotary pairing is open" in str(caught.value)
    assert str(caught.value).count("in_out") >= 6
    assert "--golden" in caught.value.hint
    assert "--assume" in caught.value.hint
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint"]


def test_what_is_assumed_is_recorded(tmp_path: Path) -> None:
    folder = _copy(tmp_path)
    (folder / FILE_NAME).unlink()
    record = read_record(record_path(_convert(folder, tmp_path, assume="pairing=split")), Model)
    assert record.verdict.assumed == ["pairing"]
    assert record.verdict.decided_by == "perplexity"
    assert {trial.hypothesis.pairing for trial in record.verdict.trials} == {"split"}


def test_golden_logits_of_another_model_fit_no_reading(tmp_path: Path) -> None:
    folder = _copy(tmp_path)
    path = folder / "model.safetensors"
    begin = _data_begin(path)
    noise = np.random.default_rng(0).normal(0, 0.05, (path.stat().st_size - begin) // 4).astype("<f4").tobytes()
    path.write_bytes(path.read_bytes()[:begin] + noise)
    with pytest.raises(UndeterminedError, match="no reading gives the golden logits"):
        _convert(folder, tmp_path)
    (folder / FILE_NAME).unlink()
    with pytest.raises(UndeterminedError, match="no reading predicts plain Python"):
        _convert(folder, tmp_path)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_other_dtypes_are_written_as_torch_casts_them(tmp_path: Path, dtype: str) -> None:
    from safetensors.torch import load_file

    written = load_file(_convert(DEMO, tmp_path, dtype) / "model.safetensors")
    for name, parameter in _slow_obvious_model(DEMO).state_dict().items():
        assert torch.equal(written[name], parameter.to(getattr(torch, dtype))), name


def _rewrite_header(folder: Path, change: Any) -> None:
    path = folder / "model.safetensors"
    data, begin = path.read_bytes(), _data_begin(path)
    header = json.loads(data[8:begin])
    text = change(header)
    text = text if isinstance(text, bytes) else json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + data[begin:])


def _edit_config(folder: Path, **changes: Any) -> None:
    path = folder / "config.json"
    config = {**json.loads(path.read_text()), **changes}
    path.write_text(json.dumps({key: value for key, value in config.items() if value is not None}))


def _damage(folder: Path, kind: str) -> None:
    weights = folder / "model.safetensors"
    first = "model.embed_tokens.weight"
    changes: dict[str, Any] = {
        "no weights": weights.unlink,
        "empty": lambda: weights.write_bytes(b""),
        "junk": lambda: weights.write_bytes(b"\x93NUMPY junk, not a model"),
        "pickle": lambda: weights.write_bytes(b"PK\x03\x04" + b"\0" * 100),
        "long header": lambda: weights.write_bytes((1 << 40).to_bytes(8, "little") + b"{}"),
        "truncated": lambda: weights.write_bytes(weights.read_bytes()[:-10]),
        "overlap": lambda: _rewrite_header(folder, lambda h: h[first].update(data_offsets=[0, 262152])),
        "negative": lambda: _rewrite_header(folder, lambda h: h[first].update(data_offsets=[-8, 8])),
        "doubled": lambda: _rewrite_header(folder, lambda _: b'{"a": {}, "a": {}}'),
        "missing tensor": lambda: _rewrite_header(
            folder, lambda h: h.update({"model.nrm.weight": h.pop("model.norm.weight")})
        ),
        "no config": (folder / "config.json").unlink,
        "missing key": lambda: _edit_config(folder, rope_theta=None),
        "wrong shape": lambda: _edit_config(folder, intermediate_size=300),
        "wrong layers": lambda: _edit_config(folder, num_hidden_layers=3),
        "no tokenizer": (folder / "tokenizer.json").unlink,
        "bad tokenizer": lambda: (folder / "tokenizer.json").write_text("{}"),
    }
    changes[kind]()


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("no weights", "there is no checkpoint in"),
        ("empty", "0 bytes are too short"),
        ("junk", "it is a NumPy file"),
        ("pickle", "it is never loaded"),
        ("long header", "said to have 1099511627776 bytes"),
        ("truncated", "leaves the data"),
        ("overlap", "holds 262152 bytes"),
        ("negative", "data_offsets"),
        ("doubled", "duplicate key 'a'"),
        ("missing tensor", "lacks model.norm.weight"),
        ("no config", "config.json"),
        ("missing key", "rope_theta"),
        ("wrong shape", "the config calls for"),
        ("wrong layers", "model.layers.2."),
        ("no tokenizer", "tokenizer.json"),
        ("bad tokenizer", "not a readable tokenizer"),
    ],
)
def test_damage_is_named_and_leaves_nothing_behind(tmp_path: Path, kind: str, said: str) -> None:
    folder = _copy(tmp_path)
    _damage(folder, kind)
    with pytest.raises(CheckpointError) as caught:
        _convert(folder, tmp_path)
    assert said in str(caught.value)
    assert caught.value.hint
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint"]


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_one_bad_number_is_named_with_its_tensor(tmp_path: Path, value: float) -> None:
    folder = _copy(tmp_path)
    path = folder / "model.safetensors"
    data = bytearray(path.read_bytes())
    place = open_container(folder).tensors["model.embed_tokens.weight"].begin + 4 * (128 * 7 + 5)
    data[place : place + 4] = np.float32(value).tobytes()
    path.write_bytes(bytes(data))
    with pytest.raises(CheckpointError, match=r"model\.embed_tokens\.weight holds (nan|inf) at value 901 \(row 7\)"):
        _convert(folder, tmp_path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["checkpoint"]


def test_a_tokenizer_larger_than_the_embedding_is_refused_with_both_sizes(tmp_path: Path) -> None:
    folder = _copy(tmp_path)
    tokenizer = json.loads((folder / "tokenizer.json").read_text())
    tokenizer["model"]["vocab"]["onemore"] = 512
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer))
    with pytest.raises(CheckpointError, match=r"has 513 tokens, the embedding has 512 rows"):
        _convert(folder, tmp_path)


def test_unknown_dtype_is_answered_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'bfloat16'"):
        ConvertOptions(checkpoint=DEMO, output=tmp_path / "m", dtype="bfloat")


@pytest.mark.parametrize(
    ("text", "said"),
    [("order=sideways", "order=sideways"), ("ordr=in_out", "did you mean 'order'"), ("pairing", "cannot assume")],
)
def test_an_assumption_that_names_nothing_is_answered_with_the_axes(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said) as caught:
        ConvertOptions(checkpoint=DEMO, output=tmp_path / "m", assume=text)
    assert "pairing=split|adjacent|none" in caught.value.hint


def test_a_head_that_the_file_does_not_have_cannot_be_assumed(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="head own_vh cannot be assumed"):
        _convert(DEMO, tmp_path, assume="head=own_vh")


def test_a_symlink_as_output_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "model").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StorageError, match="is a symlink"):
        _convert(DEMO, tmp_path)
    assert not list((tmp_path / "elsewhere").iterdir())


def test_converting_again_replaces_the_old_model(tmp_path: Path) -> None:
    output = _convert(DEMO, tmp_path)
    (output / "model-00009-of-00009.safetensors").write_text("old")
    _convert(DEMO, tmp_path)
    assert not (output / "model-00009-of-00009.safetensors").exists()


def _edit_json(path: Path, change: Any) -> None:
    value = json.loads(path.read_text()) if path.exists() else {}
    change(value)
    path.write_text(json.dumps(value))


def test_what_was_read_otherwise_than_saved_is_in_the_record_and_said_before_the_work(tmp_path: Path) -> None:
    folder = _copy(tmp_path)
    truncation = {"direction": "Right", "max_length": 64, "strategy": "LongestFirst", "stride": 0}
    _edit_json(folder / "tokenizer.json", lambda value: value.update(truncation=truncation))
    _edit_json(
        folder / "generation_config.json", lambda value: value.update(eos_token_id=[2, 3], repetition_penalty=1.3)
    )
    names = list(_flat(folder))
    _rewrite_header(folder, lambda h: h.update({f"_orig_mod.{name}": h.pop(name) for name in names}))
    report = _Notes()
    output = tmp_path / "model"
    record = convert(ConvertOptions(checkpoint=folder, output=output, dtype="float32"), report)
    saw = {check.name: check.saw for check in record.checks}
    assert all(check.ok for check in record.checks)
    assert saw["names"] == "taken off all tensor names: _orig_mod."
    assert "taken out of tokenizer.json: truncation" in saw["tokenizer-switches"]
    assert "a text ends at '</s>' (2), '<pad>' (3)" in saw["special-tokens"]
    assert saw["generation-settings"].endswith("generation_config.json: repetition_penalty 1.3")
    begun = report.said.index("start")
    for word in ("_orig_mod.", "truncation", "'<pad>' (3)", "repetition_penalty"):
        assert any(word in said for said in report.said[:begun]), word
    assert json.loads((output / "generation_config.json").read_text()) == {
        "bos_token_id": 1,
        "eos_token_id": [2, 3],
        "pad_token_id": 2,
    }
    assert json.loads((output / "config.json").read_text())["eos_token_id"] == [2, 3]


class _Notes(SilentProgress):
    """Remembers in order what was said and where work began."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []

    def note(self, text: str) -> None:
        self.said.append(text)

    def start(self, stage: str, total: int, unit: str, done: int = 0) -> None:
        self.said.append("start")


def test_a_failed_check_ends_the_command_with_1_and_says_what_becomes_of_it(tmp_path: Path) -> None:
    from click.testing import CliRunner

    from podium.cli.convert import command

    folder = _copy(tmp_path)
    ending: dict[str, Any] = {"type": "TemplateProcessing", "pair": [{"Sequence": {"id": "A", "type_id": 0}}]}
    ending["single"] = [{"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": "</s>", "type_id": 0}}]
    ending["special_tokens"] = {"</s>": {"id": "</s>", "ids": [2], "tokens": ["</s>"]}}
    _edit_json(folder / "tokenizer.json", lambda value: value.update(post_processor=ending))
    result = CliRunner().invoke(command, [str(folder), "-o", str(tmp_path / "model"), "--dtype", "float32"])
    assert isinstance(result.exception, FindingsError)
    assert result.exception.exit_code == 1
    assert "failed tokenizer: " in str(result.exception)
    assert "the gate `conversion` says no" in result.exception.hint
    assert str(record_path(tmp_path / "model")) in result.exception.hint
    assert result.stdout.strip() == str(tmp_path / "model")
    assert not next(
        check for check in read_record(record_path(tmp_path / "model"), Model).checks if check.name == "tokenizer"
    ).ok


def _demo_copy(folder: Path) -> Path:
    shutil.copytree(DEMO, folder)
    return folder


@pytest.mark.parametrize("place", ["checkpoint", "parent", "run", "notes", "file"])
def test_nothing_but_an_earlier_model_is_replaced(tmp_path: Path, place: str) -> None:
    checkpoint = _demo_copy(tmp_path / "home" / "checkpoint")
    (tmp_path / "run" / "samples").mkdir(parents=True)
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "model.txt").write_text("mine")
    (tmp_path / "file").write_text("mine")
    outputs = {"checkpoint": checkpoint, "parent": checkpoint.parent}
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(StorageError, match="is not replaced by a model") as caught:
        convert(ConvertOptions(checkpoint=checkpoint, output=outputs.get(place, tmp_path / place)), SilentProgress())
    assert "-o" in caught.value.hint
    assert sorted(tmp_path.rglob("*")) == before


def test_hidden_files_and_runs_inside_its_folder_are_no_part_of_a_checkpoint_and_are_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoint = _demo_copy(tmp_path / "checkpoint")
    before, read = digest_checkpoint(checkpoint), []

    def reading(path: Path) -> str:
        read.append(path)
        return sha256_file(path)

    monkeypatch.setattr("podium.convert.sha256_file", reading)
    (checkpoint / ".git").mkdir()
    (checkpoint / ".git" / "index").write_text("x")
    (checkpoint / "runs" / "v1" / "samples").mkdir(parents=True)
    (checkpoint / "runs" / "v1" / "samples" / "a.jsonl").write_text("x")
    assert digest_checkpoint(checkpoint) == before
    assert {path.relative_to(checkpoint).as_posix() for path in read} == {file.path for file in before}
    (checkpoint / "more.json").write_text("{}")
    assert digest_checkpoint(checkpoint) != before


def test_a_checkpoint_of_links_as_in_the_hubs_cache_has_the_digests_of_the_files_that_they_lead_to(
    tmp_path: Path,
) -> None:
    checkpoint, links = _demo_copy(tmp_path / "checkpoint"), tmp_path / "links"
    links.mkdir()
    for path in checkpoint.iterdir():
        (links / path.name).symlink_to(path)
    (links / "gone.json").symlink_to(tmp_path / "nowhere")
    assert digest_checkpoint(links) == digest_checkpoint(checkpoint) != []


def test_golden_logits_beside_a_model_are_not_read_to_name_it(tmp_path: Path) -> None:
    folder = _demo_copy(tmp_path / "model")
    (folder / "deep").mkdir()
    (folder / "deep" / "golden.npz").write_bytes(b"x")
    listed = [file.path for file in digest_folder(folder, without=".npz")]
    assert listed == ["config.json", "model.safetensors", "tokenizer.json"]
