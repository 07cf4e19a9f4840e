"""Rows from a folder of gzipped JSONL, from the Hub at a pinned revision, or from a package's own files."""

from __future__ import annotations

import gzip
import zlib
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from podium.errors import RecordError, TaskDataError
from podium.files import parse_json

if TYPE_CHECKING:
    from podium.tasks.rows import Row

FETCH_HINT = "pass --data-dir (or PODIUM_DATA) with a folder that holds it, or leave both out to use the Hub"


def _parse_rows(data: bytes, where: str) -> list[Row]:
    rows: list[Any] = []
    for number, line in enumerate(data.splitlines(), 1):
        if line.strip():
            try:
                rows.append(parse_json(line, f"{where}:{number}"))
            except RecordError as err:
                raise TaskDataError(str(err), hint="the file is damaged; fetch it again") from err
    if not rows or not all(isinstance(row, dict) for row in rows):
        message = f"{where} holds no rows"
        raise TaskDataError(message, hint="the file is empty or in another format; fetch it again")
    return rows


def folder_rows(data_dir: Path, relative: str) -> tuple[list[Row], str]:
    """Rows of `data_dir/relative`, gzipped JSONL. Raises TaskDataError."""
    path = data_dir / relative
    try:
        data = gzip.decompress(path.read_bytes())
    except FileNotFoundError as err:
        message = f"there is no {path}"
        raise TaskDataError(message, hint=FETCH_HINT) from err
    except (OSError, EOFError, zlib.error) as err:
        message = f"{path} is truncated or not gzip: {err}"
        raise TaskDataError(message, hint="fetch the file again") from err
    return _parse_rows(data, str(path)), str(path)


def bundled_rows(package: str, name: str) -> tuple[list[Row], str]:
    """Rows of a JSONL file that came with a package."""
    where = f"{name} of {package}"
    return _parse_rows(resources.files(package).joinpath(name).read_bytes(), where), where


def hub_rows(repository: str, revision: str, filename: str) -> tuple[list[Row], str]:
    """Rows of a parquet file of a Hub data set at a commit. Raises TaskDataError when it cannot be had."""
    import pyarrow.parquet
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError, OfflineModeIsEnabled
    from pyarrow.lib import ArrowException

    where = f"{repository}@{revision[:8]}/{filename}"
    try:
        path = hf_hub_download(repository, filename, repo_type="dataset", revision=revision)
        rows: list[Row] = pyarrow.parquet.read_table(Path(path)).to_pylist()
    except (HfHubHTTPError, LocalEntryNotFoundError, OfflineModeIsEnabled, OSError, ArrowException) as err:
        message = f"{where} cannot be had from the Hub: {str(err).splitlines()[0]}"
        raise TaskDataError(message, hint="check the network and HF_TOKEN, or pass --data-dir (PODIUM_DATA)") from err
    return rows, where
