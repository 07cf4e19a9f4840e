"""The harness backend: a user's checkout of bigcode-evaluation-harness draws, in its own process and environment.

Its command is the board's; the folder it runs in is fresh and goes away. What its file holds is checked before it is
believed, since the harness itself checks nothing.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from podium.errors import BackendError, RecordError
from podium.files import canonical_json, read_json, write_atomic
from podium.generate.backends.foreign import check_counts, check_problems
from podium.generate.backends.replay import replayed
from podium.generate.texts import Texts, prompt_only
from podium.generation_settings import write_plain
from podium.generations import read_generations
from podium.harness_checkout import ask_interpreter, check_checkout, commit_of, digest_of_sources
from podium.model_directory import open_tokenizer
from podium.protocol import FILE_SEPARATOR
from podium.tasks import known_tasks

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping, Sequence

    from podium.generate.backends.seam import Wanted
    from podium.records import Sample, Sampling
    from podium.tasks import Problem, Task

DRIVER = Path(__file__).with_name("harness_driver.py")
NEEDED = ("main.py", "bigcode_eval/generation.py", "bigcode_eval/tasks/multiple.py")
PACKAGES = ("torch", "transformers", "accelerate", "datasets", "evaluate")
PIP_HINT = "install the harness's requirements in the environment that --harness-python names"
PRECISIONS = {"float32": "fp32", "bfloat16": "bf16", "float16": "fp16"}
BATCH = 50  # the board's; it decides which samples are drawn together
# A launcher's leftovers would make accelerate wait for other processes; the rest is podium's own or nobody's business.
LAUNCHER = r"RANK|WORLD_SIZE|LOCAL_\w+|MASTER_\w+|ACCELERATE_\w+"
DROPPED = re.compile(LAUNCHER + r"|PYTHONPATH|PYTHONHOME|PODIUM_\w+|\w+_TOKEN")
POLL_SECONDS = 1.0
SHOWN_LINES, SHOWN_CHARACTERS = 5, 600
PROGRESS = re.compile(r"(\d+)/(\d+) \[")


class HarnessBackend:
    """All samples of a task in one process of the harness: its seed is set once a task, so a part is never drawn."""

    draws_single_samples = False

    def __init__(
        self, model_dir: Path, dtype: str, *, harness: Path, harness_python: str, environment: Mapping[str, str]
    ) -> None:
        """Look at checkout, interpreter and tokenizer. Raises UsageError, BackendError."""
        self._checkout = check_checkout(harness, NEEDED)
        self._interpreter = ask_interpreter(harness_python, PACKAGES, hint=PIP_HINT)
        missing = [name for name in PACKAGES if name not in self._interpreter.packages]
        if missing:
            message = f"the environment of {harness_python} lacks {', '.join(missing)}, which the harness needs"
            raise BackendError(message, hint=f"{harness_python} -m pip install {' '.join(missing)}")
        self._model_dir, self._precision = model_dir.resolve(), _precision(model_dir, dtype)
        hint = "run podium convert first, and name the folder it wrote"
        self._tokens = Texts(open_tokenizer(model_dir, BackendError, hint=hint), model_dir)
        kept = {name: value for name, value in environment.items() if not DROPPED.fullmatch(name)}
        # Model and data are here: whatever still asks the Hub is a mistake.
        self._environment = {**kept, "HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "PYTHONUNBUFFERED": "1"}
        self._said = ""

    def versions(self) -> dict[str, str]:
        """The checkout by its sources' digest and its commit, and its environment's packages."""
        sources = [self._checkout / "main.py", *(self._checkout / "bigcode_eval").glob("*.py")]
        sources += [self._checkout / "bigcode_eval" / "tasks" / name for name in ("humaneval.py", "multiple.py")]
        return {
            **self._interpreter.packages,
            "engine": "harness",
            "python": self._interpreter.python,
            "precision": self._precision,
            "harness_commit": commit_of(self._checkout),
            "harness_sha256": digest_of_sources(self._checkout, [path for path in sources if path.is_file()]),
        }

    def stop_words(self, task: Task) -> list[str]:
        """The task's stop words and the eos token's text."""
        return self._tokens.stop_words(task)

    def preflight(self, task: Task, sampling: Sampling) -> list[str]:
        """Every prompt survives the tokenizer: the harness cuts by characters and would not notice (#74, #167)."""
        return self._tokens.preflight(task, sampling)

    def facts(self) -> str:
        """How far the harness says it is."""
        return self._said

    def tokens_drawn(self) -> int:
        """The harness does not tell."""
        return 0

    def draw(self, task: Task, wanted: Sequence[Wanted], sampling: Sampling) -> Generator[list[Sample], None, None]:
        """Run the harness once over all problems of the task; empty batches while it works, then all that is wanted.

        Raises BackendError with the harness's last words, or naming what its file lacks.
        """
        with tempfile.TemporaryDirectory(prefix="podium-harness-") as folder:
            work = Path(folder)
            write_atomic(work / "request.json", canonical_json(_request(task)))
            for _ in self._run(work, _arguments(task, self._model(work), self._precision, sampling)):
                yield []
            rows = self._collect(work / f"generations_{_name(task)}.json", task, sampling)
        samples = {(sample.problem, sample.index): sample for row in rows for sample in row}
        yield [samples[one.problem.id, index] for one in wanted for index in one.indexes]

    def _model(self, work: Path) -> Path:
        """The model directory; where its own files say more than what ends a text, links to it that do not."""
        if self._tokens.says_no_more:
            return self._model_dir
        return write_plain(work / "model", self._model_dir, self._tokens.end_ids)

    def _run(self, work: Path, arguments: list[str]) -> Iterator[None]:
        """Yield every second until the process has ended. Raises BackendError when it failed or was killed."""
        log, temporary = work / "harness.log", work / "tmp"
        temporary.mkdir()
        with log.open("wb") as stream:
            process = subprocess.Popen(
                [self._interpreter.executable, str(DRIVER), str(self._checkout), *arguments],
                cwd=work,
                env={**self._environment, "TMPDIR": str(temporary)},
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            while not _has_ended(process):
                counts = PROGRESS.findall(_tail(log))
                self._said = f"the harness is at {counts[-1][0]} of {counts[-1][1]} problems" if counts else ""
                yield
        finally:
            if process.returncode is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        if process.returncode:
            raise self._failed(process.returncode, _tail(log))

    def _failed(self, code: int, said: str) -> BackendError:
        how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
        lines = [line.strip() for line in re.split(r"[\r\n]+", said) if line.strip()][-SHOWN_LINES:]
        message = f"the harness in {self._checkout} {how}: {' | '.join(lines)[-SHOWN_CHARACTERS:] or 'it said nothing'}"
        if "protocol at" in message:
            return BackendError(message, hint="check out a commit of 2024 or later, for example 8fc5bae6")
        if "ModuleNotFoundError" in message:
            return BackendError(message, hint=PIP_HINT)
        if code == -signal.SIGKILL:
            return BackendError(message, hint="most likely memory ran out; a larger machine, or --backend native")
        return BackendError(message, hint="nothing was written; mend what it says and run generate again")

    def _collect(self, path: Path, task: Task, sampling: Sampling) -> list[list[Sample]]:
        """The harness's file as samples, completed where the harness is known to leave samples out."""
        limit = sampling.max_length
        full = {problem.id for problem in task.problems if len(self._tokens.prompt_ids(problem)) >= limit}
        try:
            texts = read_generations(path)
            check_problems(texts, task.problems)
            rows = [
                _completed(problem, row, sampling.n_samples) if problem.id in full else row[: sampling.n_samples]
                for problem, row in zip(task.problems, texts.rows, strict=True)
            ]
            check_counts(msgspec.structs.replace(texts, rows=rows), task.problems, sampling.n_samples)
        except RecordError as err:
            message = f"the harness in {self._checkout} wrote a file that does not fit: {err}"
            raise BackendError(message, hint="use the pinned commit 8fc5bae6 of the harness") from err
        return [
            [
                prompt_only(problem, index) if problem.id in full else replayed(problem.id, index, text)
                for index, text in enumerate(row)
            ]
            for problem, row in zip(task.problems, rows, strict=True)
        ]


def _completed(problem: Problem, row: list[str], n_samples: int) -> list[str]:
    """A prompt that fills the window: one input a batch comes back instead of its samples, all of them the prompt."""
    is_whole = row and all(text == problem.prompt for text in row)
    return [problem.prompt] * n_samples if is_whole else row


def _name(task: Task) -> str:
    source = known_tasks().get(task.name)
    name = (source.harness_task if source else "") or task.name
    if name != "humaneval" and not name.startswith("multiple-"):
        message = f"the harness has no task {task.name}"
        raise BackendError(message, hint="it draws humaneval and multiple-<language>; pass --backend native")
    return name


def _request(task: Task) -> dict[str, object]:
    """What the driver is told: one row serves both formats, and the harness adds the file separator itself."""
    name = _name(task)
    stop = [word for word in task.stop if word != FILE_SEPARATOR] if name != "humaneval" else task.stop
    rows = [
        {
            "task_id": problem.id,
            "name": problem.id,
            "language": task.language,
            "prompt": problem.prompt,
            "test": "",
            "tests": problem.tests,
            "entry_point": "",
            "stop_tokens": stop,
        }
        for problem in task.problems
    ]
    return {"task": name, "stop": task.stop, "rows": rows}


def _arguments(task: Task, model_dir: Path, precision: str, sampling: Sampling) -> list[str]:
    """The board's command for generation."""
    greedy = sampling.temperature == 0
    values = {
        "model": model_dir,
        "tasks": _name(task),
        "n_samples": sampling.n_samples,
        "batch_size": min(sampling.n_samples, BATCH),
        "do_sample": not greedy,
        "temperature": 1.0 if greedy else sampling.temperature,
        "top_p": 1.0 if greedy else sampling.top_p,
        "max_length_generation": sampling.max_length,
        "seed": sampling.seed,
        "precision": precision,
        "save_generations_path": "generations.json",
    }
    named = [part for name, value in values.items() for part in (f"--{name}", str(value))]
    return [*named, "--generation_only", "--save_generations"]


def _precision(model_dir: Path, dtype: str) -> str:
    """The harness's word for a dtype; its own default, fp32, is not what `auto` means."""
    if dtype == "auto":
        try:
            config = read_json(model_dir / "config.json")
        except RecordError as err:
            raise BackendError(str(err), hint="run podium convert first, and name the folder it wrote") from err
        dtype = str(config.get("dtype") or config.get("torch_dtype") or "float32") if isinstance(config, dict) else ""
    if dtype not in PRECISIONS:
        message = f"{model_dir} has weights of type {dtype!r}, which the harness has no precision for"
        raise BackendError(message, hint="pass --dtype bfloat16 or float32")
    return PRECISIONS[dtype]


def _has_ended(process: subprocess.Popen[bytes]) -> bool:
    try:
        process.wait(POLL_SECONDS)
    except subprocess.TimeoutExpired:
        return False
    return True


def _tail(log: Path) -> str:
    """The end of what was said so far."""
    with log.open("rb") as stream:
        stream.seek(max(0, log.stat().st_size - 8192))
        return stream.read().decode(errors="replace")
