"""convert: a training checkpoint becomes a Hugging Face directory that stock transformers loads.

Reads a checkpoint folder. Writes the model directory and, beside it, `<directory>.json` (records.Model).
"""

from __future__ import annotations

import os
import shutil
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from podium.convert.layouts import detect
from podium.convert.tokenizer import write_tokenizer
from podium.convert.writer import DTYPES, write_safetensors
from podium.errors import StorageError
from podium.files import canonical_json, sha256_file, write_atomic
from podium.names import check_name
from podium.records import FileDigest, Model, write_record

if TYPE_CHECKING:
    from podium.convert.layouts import Checkpoint
    from podium.progress import Report
    from podium.records import Check

REVISION = 1  # raise when the same checkpoint would give other bytes


class ConvertOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What `podium convert` was asked for."""

    checkpoint: Path
    output: Path
    dtype: str = "bfloat16"

    def __post_init__(self) -> None:
        """Refuse a dtype that no writer knows."""
        check_name("dtype", self.dtype, DTYPES)


def record_path(model_dir: Path) -> Path:
    """Where the record of a model directory lies: beside it, so that the directory holds the model alone."""
    return model_dir.with_name(f"{model_dir.name}.json")


def digest_folder(folder: Path) -> list[FileDigest]:
    """Size and SHA-256 of every regular file below a folder, sorted by path."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return [
        FileDigest(path=path.relative_to(folder).as_posix(), size_bytes=path.stat().st_size, sha256=sha256_file(path))
        for path in files
    ]


def convert(options: ConvertOptions, report: Report) -> Model:
    """Convert, check by loading, then move the finished directory into place. Raises CheckpointError, StorageError."""
    checkpoint = detect(options.checkpoint)
    temporary = options.output.with_name(f".{options.output.name}.tmp")
    try:
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir(parents=True)
        _write_model(checkpoint, temporary, options.dtype, report)
        checks = _check_model(temporary, checkpoint, report)
        record_path(options.output).unlink(missing_ok=True)
        if options.output.exists():
            shutil.rmtree(options.output)
        os.rename(temporary, options.output)  # noqa: PTH104
    except OSError as err:
        message = f"cannot write {options.output}: {err.strerror}"
        raise StorageError(message, hint="free disk space or choose another output folder") from err
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    record = _describe(checkpoint, options, checks)
    write_record(record_path(options.output), record)
    return record


def _write_model(checkpoint: Checkpoint, folder: Path, dtype: str, report: Report) -> None:
    special = write_tokenizer(checkpoint.tokenizer, folder, checkpoint.config.max_position_embeddings)
    config = {**checkpoint.config.hugging_face(), **special, "dtype": dtype}
    write_atomic(folder / "config.json", canonical_json(config, indent=2))
    write_atomic(folder / "generation_config.json", canonical_json(special, indent=2))
    report.start("convert", len(checkpoint.tensors), "tensors")
    write_safetensors(folder / "model.safetensors", checkpoint, dtype, report.advance)
    report.finish()


def _check_model(folder: Path, checkpoint: Checkpoint, report: Report) -> list[Check]:
    from podium.convert.checks import check_directory

    checks = check_directory(folder, checkpoint.tokenizer)
    for check in checks:
        if not check.ok:
            report.note(f"convert: {check.name}: {check.saw}")
    return checks


def _describe(checkpoint: Checkpoint, options: ConvertOptions, checks: list[Check]) -> Model:
    return Model(
        layout=checkpoint.layout,
        checkpoint=digest_folder(options.checkpoint),
        files=digest_folder(options.output),
        dtype=options.dtype,
        parameters=checkpoint.parameters,
        vocab_size=checkpoint.config.vocab_size,
        max_length=checkpoint.config.max_position_embeddings,
        assumptions=list(checkpoint.assumptions),
        checks=checks,
        tensors=[tensor.as_map() for tensor in checkpoint.tensors],
        versions={name: version(name) for name in ("safetensors", "tokenizers", "torch", "transformers")},
    )
