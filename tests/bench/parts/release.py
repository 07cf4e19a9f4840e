"""A whole release on this machine: generations made of our own completions, `podium run --tag`, then the pull request.

Everything is the command line's own work but the texts, which backend replay takes from files.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec
from tests.bench.parts import few
from tests.bench.parts.completions import write_generations

from podium.execute.languages import LANGUAGES
from podium.execute.provisions import provisions_named
from podium.execute.provisions.machine import Machine
from podium.protocol import BIGCODE_PROBLEMS, BOARD_SAMPLING
from podium.records import Receipt, Scores, decode, read_record
from podium.run_directory import SCORES
from podium.standin.server import Standin
from podium.standin.world import BOT, FORK, LEADERBOARD, default_world
from podium.tasks import load_task, source_of

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).resolve().parents[3]
TAG = "v1.0.0"
CONFIG = f"""
[model]
org = "Acme"
model = "Small"
user = "ada"
checkpoint = "{ROOT}/scripts/podium/demo/checkpoint"
dtype = "float32"

[evaluation]
profile = "bigcode"
backend = "replay"

[submit]
fork = "{FORK}"

[publish]
space = "{LEADERBOARD}"
"""


class Release(NamedTuple):
    """What came of it: scores, the pull request, different texts made, and what running took."""

    scores: Scores
    receipt: Receipt
    said: str
    distinct: int
    seconds: float
    cpu_seconds: float
    peak_mib: float


def lacking(language: str, roots: Mapping[str, Path]) -> str:
    """Why programs of a language cannot run here, or nothing."""
    if language not in LANGUAGES:
        return "no executor"
    if language in roots:
        return ""
    machine, listed = Machine(), provisions_named(language)
    missing = {listed.package_of(name) for name, found in listed.targets.items() if not machine.command(found)}
    missing |= {name for name, data in listed.data.items() if not all(Path(path).exists() for path in data.paths)}
    return f"not installed: {', '.join(sorted(missing))}" if missing else ""


def board_tasks(roots: Mapping[str, Path]) -> dict[str, str]:
    """Every task of the board, with why it cannot run here, or nothing."""
    return {task: lacking(source_of(task).language, roots) for task in BIGCODE_PROBLEMS}


def release(
    folder: Path, data_dir: Path, counts: Mapping[str, int], distinct: int, roots: Mapping[str, Path]
) -> Release:
    """Run and submit one release in an empty folder; `counts` are the board's, or a smaller board's."""
    is_whole = dict(counts) == BIGCODE_PROBLEMS
    data = data_dir if is_whole else folder / "data"
    if not is_whole:
        few.write_data(data_dir, data, counts)
    made = folder / "made"
    made.mkdir()
    texts = 0
    for task, count in counts.items():
        loaded = load_task(task, data_dir)
        loaded = msgspec.structs.replace(loaded, problems=loaded.problems[:count])
        texts += write_generations(loaded, made, BOARD_SAMPLING.n_samples, distinct, data_dir)
    (folder / "podium.toml").write_text(CONFIG)
    root_options = [word for name, path in roots.items() for word in ("--root", f"{name}={path}")]
    begun, cpu = time.perf_counter(), _cpu_seconds()
    with Standin(folder / "standin", default_world()) as standin:
        environment = _environment(folder, counts, standin, is_whole=is_whole)
        said = _podium(
            folder, environment, "run", "--tag", TAG, "--data-dir", data, "--generations", made, *root_options
        )
        sent = _podium(folder, environment, "submit", f"runs/{TAG}")
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return Release(
        scores=read_record(folder / "runs" / TAG / SCORES, Scores),
        receipt=decode(sent.stdout.encode(), Receipt, "podium submit"),
        said=said.stderr,
        distinct=texts,
        seconds=time.perf_counter() - begun,
        cpu_seconds=_cpu_seconds() - cpu,
        peak_mib=usage.ru_maxrss / 1024,
    )


def _cpu_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _environment(folder: Path, counts: Mapping[str, int], standin: Standin, *, is_whole: bool) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "PYTHONPATH": f"{ROOT}/scripts:{ROOT}",
        "GITHUB_API_URL": standin.github_url,
        "PODIUM_FORK_TOKEN": BOT.token,
        "HF_ENDPOINT": standin.hub_url,
        **({} if is_whole else {few.VARIABLE: json.dumps(dict(counts))}),
    }


def _podium(folder: Path, environment: Mapping[str, str], *words: str | Path) -> subprocess.CompletedProcess[str]:
    module = "tests.bench.parts.few" if few.VARIABLE in environment else "podium"
    command = [sys.executable, "-m", module, *map(str, words)]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        message = f"podium {words[0]} ended with {done.returncode}:\n{done.stderr}"
        raise RuntimeError(message)
    return done
