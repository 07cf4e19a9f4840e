"""convert: a training checkpoint becomes a Hugging Face directory that stock transformers loads.

Reads a checkpoint folder or file. Writes the model directory and, beside it, `<directory>.json` (records.Model).
"""

from __future__ import annotations

import os
import re
import shutil
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from podium.convert.adapter import Base
from podium.convert.card import model_card
from podium.convert.golden import FILE_NAME, read_golden
from podium.convert.hypotheses import parse_assumptions
from podium.convert.layouts import detect
from podium.convert.mapping import tensors_of
from podium.convert.tokenizer import write_tokenizer
from podium.convert.writer import DTYPES, write_model_files
from podium.errors import StorageError, UndeterminedError
from podium.files import canonical_json, sha256_file, write_atomic, write_remedy
from podium.names import check_name
from podium.records import Check, FileDigest, Model, write_record
from podium.run_directory import is_run_directory

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from podium.convert.layouts.checkpoint import Checkpoint
    from podium.convert.mapping import Tensor
    from podium.progress import Progress
    from podium.records import LayoutChoice

# What a model directory holds.
MODEL_FILE = re.compile(
    r"README\.md|(config|generation_config|tokenizer|tokenizer_config)\.json|model.*\.safetensors(\.index\.json)?"
)
REVISION = 3  # raise when the same checkpoint would give other bytes


class ConvertOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What `podium convert` was asked for.

    `golden` are logits of the training stack (golden.npz beside the weights without it), `assume` states axes of
    the layout, `base` is the checkpoint under a LoRA, `log` the training log, `shard_bytes` the size of a weight
    file (one file without it).
    """

    checkpoint: Path
    output: Path
    dtype: str = "bfloat16"
    golden: Path | None = None
    assume: str = ""
    base: Base | None = None
    log: Path | None = None
    shard_bytes: int | None = None

    def __post_init__(self) -> None:
        """Refuse a dtype that no writer knows and an assumption that names nothing."""
        check_name("dtype", self.dtype, DTYPES)
        parse_assumptions(self.assume)


def record_path(model_dir: Path) -> Path:
    """Where the record of a model directory lies: beside it, so that the directory holds the model alone."""
    return model_dir.with_name(f"{model_dir.name}.json")


def digest_folder(folder: Path, *, without: str = "") -> list[FileDigest]:
    """Size and SHA-256 of every regular file below a folder, sorted by path; those with the suffix `without` left out.

    Only what is listed is read.
    """
    files = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return _digests(folder, (path for path in files if not without or path.suffix != without))


def digest_checkpoint(checkpoint: Path) -> list[FileDigest]:
    """As `digest_folder`, less hidden files and runs; of a checkpoint that is one file, that file and its neighbours.

    Neighbours are the JSON files beside it and its golden logits. A link counts as the file that it leads to: the
    Hub's cache is made of them.
    """
    if checkpoint.is_dir():
        return _digests(checkpoint, _files_of_checkpoint(checkpoint))
    beside = (*checkpoint.parent.glob("*.json"), checkpoint.parent / FILE_NAME)
    paths = [checkpoint, *sorted(path for path in beside if path.is_file())]
    return [_digest(checkpoint.parent, path) for path in paths]


def _files_of_checkpoint(folder: Path) -> Iterator[Path]:
    """Its files, but for what is hidden and what runs leave there: work with the checkpoint changes these."""
    for path in folder.iterdir():
        if path.name.startswith("."):
            continue
        if path.is_file():
            yield path
        elif path.is_dir() and not path.is_symlink() and not is_run_directory(path):
            yield from _files_of_checkpoint(path)


def _digests(folder: Path, paths: Iterable[Path]) -> list[FileDigest]:
    return [_digest(folder, path) for path in sorted(paths)]


def _digest(folder: Path, path: Path) -> FileDigest:
    return FileDigest(
        path=path.relative_to(folder).as_posix(), size_bytes=path.stat().st_size, sha256=sha256_file(path)
    )


def convert(options: ConvertOptions, report: Progress, prompts: Sequence[str] = ()) -> Model:
    """Detect, prove, write, look again, then move the finished directory into place.

    `prompts` are benchmark prompts that the tokenizer must give back. Raises CheckpointError (UndeterminedError where
    the bytes can be read in several ways), UsageError, StorageError.
    """
    _refuse_place(options)
    checkpoint = detect(options.checkpoint, options.base)
    checks = [*_read_so(checkpoint, report), *_check_source(checkpoint, report)]
    choice = _decide(options, checkpoint, checks, report)
    checks = _settled(checks, choice)
    tensors = tensors_of(checkpoint, choice.hypothesis)
    with _folder_in_the_making(options.output) as folder:
        files = _write_model(checkpoint, choice, tensors, options, folder, report)
        more, parity = _check_directory(folder, checkpoint, choice, options, prompts)
        checks += more
        _tell(checks, report)
    record = Model(
        layout=checkpoint.layout,
        checkpoint=digest_checkpoint(options.checkpoint),
        base=digest_checkpoint(options.base.checkpoint) if options.base else [],
        files=files,
        dtype=options.dtype,
        parameters=checkpoint.parameters,
        vocab_size=checkpoint.config.vocab_size,
        max_length=checkpoint.config.max_position_embeddings,
        verdict=choice,
        checks=checks,
        parity=parity,
        tensors=[tensor.as_map() for tensor in tensors],
        versions=_versions(),
    )
    write_record(record_path(options.output), record)
    return record


def _versions() -> dict[str, str]:
    from importlib.metadata import version

    return {name: version(name) for name in ("safetensors", "tokenizers", "torch", "transformers")}


@contextmanager
def _folder_in_the_making(output: Path) -> Iterator[Path]:
    """A temporary folder that becomes `output` at the end, or leaves nothing. Raises StorageError."""
    temporary = output.with_name(f".{output.name}.tmp")
    try:
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir(parents=True)
        yield temporary
        record_path(output).unlink(missing_ok=True)
        if output.exists():
            shutil.rmtree(output)
        os.rename(temporary, output)  # noqa: PTH104
    except OSError as err:
        message = f"cannot write {output}: {err.strerror}"
        raise StorageError(message, hint=write_remedy(err, "choose another output folder")) from err
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _refuse_place(options: ConvertOptions) -> None:
    """What is at the output is replaced as a whole: an earlier model, and nothing else. Raises StorageError."""
    output = options.output
    if output.is_symlink():
        message = f"{output} is a symlink"
        raise StorageError(message, hint="name the folder itself; what a link points to is not replaced")
    inputs = [options.checkpoint, options.base.checkpoint if options.base else None, options.golden, options.log]
    inside = [path for path in inputs if path is not None and path.resolve().is_relative_to(output.resolve())]
    strange = _strange_files(output)
    if inside or not output.name or is_run_directory(output) or strange:
        held = inside or strange or ["a run or the current folder"]
        message = f"{output} is not replaced by a model: it holds {held[0]}"
        raise StorageError(message, hint="move it away, or give `podium convert -o` a folder of its own")


def _strange_files(output: Path) -> list[str]:
    """What a folder holds beside the files of a model."""
    if not output.is_dir():
        return [output.name] if output.exists() else []
    return sorted(path.name for path in output.iterdir() if not MODEL_FILE.fullmatch(path.name))


def _read_so(checkpoint: Checkpoint, report: Progress) -> list[Check]:
    """How names and tokens were read, for the record; what nobody should overlook is said at once."""
    notes = [f"{name}: {what}" for name, what in checkpoint.told.items()]
    for note in [*notes, *checkpoint.tokenizer.notes]:
        report.note(f"convert: {note}")
    told = {**checkpoint.told, **checkpoint.tokenizer.told}
    return [Check(name=name, ok=True, saw=what) for name, what in told.items()]


def _check_source(checkpoint: Checkpoint, report: Progress) -> list[Check]:
    from podium.convert.checks.source import check_source

    return check_source(checkpoint, report)


def _settled(checks: list[Check], choice: LayoutChoice) -> list[Check]:
    from podium.convert.checks.source import settled

    return settled(checks, choice)


def _decide(options: ConvertOptions, checkpoint: Checkpoint, checks: list[Check], report: Progress) -> LayoutChoice:
    """The choice of a reading; where there is none, what the cheap checks saw belongs to the reason."""
    from podium.convert.choice import decide

    golden = _golden_path(options)
    config = checkpoint.config
    logits = read_golden(golden, config.vocab_size, config.max_position_embeddings) if golden else None
    try:
        choice = decide(checkpoint, logits, parse_assumptions(options.assume), report)
    except UndeterminedError as err:
        seen = [f"  also {check.name}: {check.saw}" for check in checks if not check.ok]
        raise UndeterminedError("\n".join([str(err), *seen]), hint=err.hint) from err
    chosen = choice.hypothesis
    report.note(
        f"convert: {checkpoint.layout}, order {chosen.order}, pairing {chosen.pairing}, head {chosen.head}; "
        f"decided by {choice.decided_by}: {choice.evidence}"
    )
    return choice


def _golden_path(options: ConvertOptions) -> Path | None:
    folder = options.checkpoint if options.checkpoint.is_dir() else options.checkpoint.parent
    beside = folder / FILE_NAME
    return options.golden or (beside if beside.is_file() else None)


def _write_model(
    checkpoint: Checkpoint,
    choice: LayoutChoice,
    tensors: Sequence[Tensor],
    options: ConvertOptions,
    folder: Path,
    report: Progress,
) -> list[FileDigest]:
    """Everything a Hugging Face directory needs; returns all of its files."""
    tokenizer, config = checkpoint.tokenizer, checkpoint.config
    shape = config.hugging_face(
        choice.hypothesis.pairing,
        attention_bias=checkpoint.has_bias("q", "k", "v", "o"),
        mlp_bias=checkpoint.has_bias("gate", "up", "down"),
    )
    report.start("convert", len(tensors), "tensors")
    weights = write_model_files(folder, tensors, options.dtype, report.advance, shard_bytes=options.shard_bytes)
    report.finish()
    special = tokenizer.special_ids
    write_tokenizer(tokenizer, folder, config.max_position_embeddings)
    write_atomic(folder / "config.json", canonical_json({**shape, **special, "dtype": options.dtype}, indent=2))
    # Nothing but ids: whatever else stood there, transformers would apply.
    write_atomic(folder / "generation_config.json", canonical_json(tokenizer.generation_ids, indent=2))
    write_atomic(folder / "README.md", model_card(checkpoint, choice, options.dtype).encode())
    written = {file.path for file in weights}
    others = [file for file in digest_folder(folder) if file.path not in written]
    return sorted([*weights, *others], key=lambda file: file.path)


def _check_directory(
    folder: Path,
    checkpoint: Checkpoint,
    choice: LayoutChoice,
    options: ConvertOptions,
    prompts: Sequence[str],
) -> tuple[list[Check], dict[str, float]]:
    from podium.convert.checks.directory import check_directory
    from podium.convert.checks.log import check_log

    checks, parity = check_directory(folder, checkpoint, choice, options.dtype, prompts)
    if options.log:
        checks.append(check_log(options.log, parity["text_nats_of_checkpoint"]))
    return checks, parity


def _tell(checks: list[Check], report: Progress) -> None:
    failed = [check for check in checks if not check.ok]
    for check in failed:
        report.note(f"convert: {check.name}: {check.saw}")
    if failed:
        names = ", ".join(check.name for check in failed)
        report.note(f"convert: {len(failed)} checks failed ({names}); the gate `conversion` says no to such a model")
