"""Generation: useful tokens a CPU second of `native` against the harness's own way, one thread against one thread.

Usage: python tests/bench/generation.py [--quick] [--keep DIR] [--processes N] [--board MINUTES]; --help says the rest.
Each engine runs in a process of its own. The harness's time for a script is its measured prefill and step times at
several contexts, added up over the steps it makes; --complete checks that sum against one whole problem. The trained
model's samples are drawn whole by both. On a machine with a card the time is the clock's.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from tests.bench.parts import board, floors, trained, workload
from tests.bench.parts.engines import Harness, ScriptedNative, run_native

from podium.generate.backends.native import backend as native_backend

if TYPE_CHECKING:
    from collections.abc import Iterable

CONTEXTS = (64, 128, 256, 384, 500)
PREFILLED = 32  # tokens of the harness's 50 prompts; its time is in the linear layers, so it grows with the tokens
REPOSITORY = Path(__file__).resolve().parents[2]
PROCESS_PROBLEMS = 2
Result = dict[str, float]


def _tokenizer(folder: Path) -> Any:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(folder)


def _native(folder: Path, kind: str, dtype: str, problems: Iterable[int], slots: int) -> Result:
    problems = list(problems)
    script = workload.write_script(_tokenizer(folder), kind, max(problems) + 1).part(problems)
    figures, backend = run_native(folder, script, dtype, slots)
    return {
        "rate": figures.useful / figures.seconds,
        "wall_rate": figures.useful / figures.wall_seconds,
        "wasted": figures.wasted,
        "floor": floors.linear_rate(backend.decoder._weights),
        **(_card(backend) if torch.cuda.is_available() else {}),
        "peak_gib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20),
    }


def _card(backend: ScriptedNative) -> Result:
    size = backend.shape
    layer = size.hidden * size.head_width * 2 * (size.heads + size.kv_heads) + 3 * size.hidden * size.feed_forward
    parameters = size.layers * layer + size.vocabulary * size.hidden
    rates = floors.card_rates(parameters, backend._slots, backend.decoder.dtype)
    return {**rates, "card_peak_gib": torch.cuda.max_memory_allocated() / (1 << 30)}


def _harness(folder: Path, dtype: str, problems: int, complete: bool, steps: int) -> Result:
    harness = Harness(folder, dtype)
    per_prompt = harness.prefill_seconds(PREFILLED) / PREFILLED
    seconds = [harness.step_seconds(context, steps) for context in CONTEXTS]
    result = {f"step_{context}": value for context, value in zip(CONTEXTS, seconds, strict=True)}
    result["prefill_100"] = per_prompt * 100
    scripts = {kind: workload.write_script(harness.tokenizer, kind, problems) for kind in ("tight", "spread")}
    for kind, script in scripts.items():
        sums = [_modelled(script, number, per_prompt, seconds) for number in range(problems)]
        result[f"rate_{kind}"] = script.useful / sum(sums)
    if complete:
        number = int(np.argmin(scripts["tight"].steps))
        result["whole"] = harness.whole(scripts["tight"], number)
        result["whole_modelled"] = _modelled(scripts["tight"], number, per_prompt, seconds)
    return result


def _modelled(script: workload.Script, number: int, per_prompt: float, seconds: list[float]) -> float:
    begin = script.prompt_tokens[number]
    contexts = np.arange(begin + 1, begin + script.steps[number])
    return per_prompt * begin + float(np.interp(contexts, CONTEXTS, seconds).sum())


def _part(options: argparse.Namespace) -> Result:
    torch.set_num_threads(options.threads)
    folder, size = Path(options.folder or "."), workload.QUICK if options.quick else workload.FULL
    engine, _, rest = options.part.partition(" ")
    dtype, _, kind = rest.partition(" ")
    if engine == "trained":
        with tempfile.TemporaryDirectory() as name:
            return trained.measure(Path(name) / "model", trained.QUICK if options.quick else trained.FULL)
    if engine == "board":
        return board.measure(folder, _tokenizer(folder), options.data_dir, options.board, options.median)
    if engine == "harness":
        return _harness(folder, dtype, size.problems, options.complete, 3 if options.quick else 5)
    if options.fixed:
        vars(native_backend)["is_fixed"] = lambda device: options.fixed == "yes"
    begin, step, end = json.loads(options.problems) if options.problems else (0, 1, size.problems)
    return _native(folder, kind, dtype, range(begin, end, step), options.slots)


class Runner:
    """Starts each part as a process of its own, and keeps what it found."""

    def __init__(self, folder: Path, options: argparse.Namespace) -> None:
        self._folder, self._options = folder, options
        if not (folder / "model").exists():
            workload.write_model(folder / "model", workload.QUICK if options.quick else workload.FULL)

    def measure(self, part: str) -> Result:
        """One part; what an earlier run found in the same folder is not measured again."""
        kept = self._folder / f"{part.replace(' ', '-')}.json"
        if not kept.exists():
            threads = os.cpu_count() if part == "board" else 1
            kept.write_bytes(self._result(self._start(part, threads=threads)))
        result: Result = json.loads(kept.read_bytes())
        print(f"{part:24}", "  ".join(f"{name} {value:.4g}" for name, value in result.items()), flush=True)
        return result

    def processes(self, count: int) -> float:
        """How many times as fast `count` processes of one thread are as one of `count` threads, by the clock."""
        part, slots = "native bfloat16 tight", 50 * PROCESS_PROBLEMS
        problems = count * -(-PROCESS_PROBLEMS // count)
        one = self._start(part, threads=count, slots=slots, problems=[0, 1, problems])
        together: Result = json.loads(self._result(one))
        each = [self._start(part, slots=slots // count, problems=[begin, count, problems]) for begin in range(count)]
        rates: list[Result] = [json.loads(self._result(process)) for process in each]
        apart = sum(rate["wall_rate"] for rate in rates)
        cpu = sum(rate["rate"] for rate in rates) / count
        print(
            f"one process, {count} threads: {together['wall_rate']:.1f} tokens/s, {together['rate']:.1f} a CPU second"
        )
        print(f"{count} processes, one thread: {apart:.1f} tokens/s, {cpu:.1f} a CPU second", flush=True)
        return apart / together["wall_rate"]

    def _start(self, part: str, **more: Any) -> subprocess.Popen[bytes]:
        options = self._options
        names = ("slots", "board", "median", "data_dir")
        given = {**{name.replace("_", "-"): getattr(options, name) for name in names}, **more}
        flags = [f"--{name}={value}" for name, value in given.items()]
        flags += ["--quick"] if options.quick else []
        flags += ["--complete"] if options.complete and part == "harness bfloat16" else []
        command = [sys.executable, "-m", "tests.bench.generation", f"--folder={self._folder / 'model'}", *flags]
        return subprocess.Popen([*command, f"--part={part}"], stdout=subprocess.PIPE, cwd=REPOSITORY)

    def _result(self, process: subprocess.Popen[bytes]) -> bytes:
        output = process.communicate()[0]
        if process.returncode:
            raise subprocess.CalledProcessError(process.returncode, process.args)
        *lines, last = output.splitlines()
        print(*(line.decode() for line in lines), sep="\n", end="\n" if lines else "", flush=True)
        return last


class Row(msgspec.Struct, frozen=True):
    """One line of the table."""

    workload: str
    native: Result
    harness: float

    @property
    def ratio(self) -> float:
        """Native against the harness, as the trained part measured it or from both rates."""
        return self.native.get("ratio", self.native["rate"] / self.harness)

    def cells(self) -> list[str]:
        """Texts of the line."""
        native = self.native
        share = f"{native['rate'] / native['floor']:.0%}" if "floor" in native else ""
        peak = f"{native['peak_gib']:.2f}" if "peak_gib" in native else ""
        saved = f"{native['saved']:.0%}" if "saved" in native else ""
        rates = [f"{native['rate']:.1f}", f"{self.harness:.1f}", f"{self.ratio:.1f}"]
        return [self.workload, *rates, share, f"{native['wasted']:.1%}", saved, peak]


def _print_table(rows: list[Row]) -> None:
    heads = ("workload", "native tok/s", "harness tok/s", "ratio", "of floor", "wasted", "shared", "peak GiB")
    print("", f"| {' | '.join(heads)} |", "|" + " --- |" * len(heads), sep="\n")
    for row in rows:
        print(f"| {' | '.join(row.cells())} |")


def _whole(folder: Path, options: argparse.Namespace) -> Result:
    runner = Runner(folder, options)
    harness = {dtype: runner.measure(f"harness {dtype}") for dtype in ("bfloat16", "float32")}
    rows = {}
    for dtype, kind in (("bfloat16", "tight"), ("bfloat16", "spread"), ("float32", "tight")):
        rows[dtype, kind] = Row(
            f"{dtype} {kind}", runner.measure(f"native {dtype} {kind}"), harness[dtype][f"rate_{kind}"]
        )
    natural = runner.measure("trained")
    _print_table([*rows.values(), Row("float32 trained here", natural, natural["rate"] / natural["ratio"])])
    tight, spread = rows["bfloat16", "tight"], rows["bfloat16", "spread"]
    return {
        "ratio_tight": tight.ratio,
        "ratio_spread": spread.ratio,
        "ratio_fp32": rows["float32", "tight"].ratio,
        "floor_share": tight.native["rate"] / tight.native["floor"],
        "wasted_rows": max(row.native["wasted"] for row in rows.values()),
        "prefix_rows_saved": natural["saved"],
        "peak_gib": max(tight.native["peak_gib"], spread.native["peak_gib"]),
        **({"ratio_processes": runner.processes(options.processes)} if options.processes else {}),
        **({f"board_{name}": value for name, value in runner.measure("board").items()} if options.board else {}),
    }


def main() -> None:
    """Parse, measure, print the table and the JSON line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--quick", action="store_true", help="a small model and two problems")
    parser.add_argument("--slots", type=int, default=0, help="samples in flight; 0 as podium generate chooses")
    parser.add_argument("--complete", action="store_true", help="check the harness's sum against one whole problem")
    parser.add_argument("--processes", type=int, default=0, help="compare N processes with one of N threads")
    parser.add_argument("--board", type=float, default=0, help="minutes for 164 x 50 through the stage, on all cores")
    parser.add_argument(
        "--median", type=float, default=workload.SPREAD_MEDIAN, help="new tokens of --board's samples, in the middle"
    )
    parser.add_argument("--data-dir", default="", help="HumanEval's prompts for --board; else the library's")
    parser.add_argument("--keep", help="folder for the model and finished parts; a later run goes on from there")
    for name in ("part", "folder", "problems"):
        parser.add_argument(f"--{name}", help=argparse.SUPPRESS)
    parser.add_argument("--fixed", choices=("yes", "no"), help=argparse.SUPPRESS)
    parser.add_argument("--threads", type=int, default=1, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.part:
        print(json.dumps(_part(options)))
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(options.keep or name)
        folder.mkdir(parents=True, exist_ok=True)
        print(json.dumps(_whole(folder, options)))


if __name__ == "__main__":
    main()
