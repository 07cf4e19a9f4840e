"""What writing a model costs beside `cp` of the same bytes, transformers' own way and a naive numpy converter.

Made first, untimed: a flat checkpoint, [in, out] float32 with random weights, of 24 x 1024 (1.594 GB; `--quick`: a
tenth, where the start of the interpreter is most of it), and the same model as a Hugging Face directory. It lies in the
page cache. Timed is the whole process, start of the interpreter included: reading, checking every value, reordering,
casting, writing, digesting (podium only) and forcing the file to disk. `cp` is therefore followed by `sync FILE`, and
the ratios of the last line are against both together; the writer cannot be told to leave out its fsync, for its rename
would promise too much.
Rows "in cache" leave out `sync` and, by making fsync void, ours too. The ways run in turn, in rounds; a ratio is the
median of the rounds' ratios. Before each process a copy of the checkpoint is written and removed, since a virtual
machine may have to ask its host for pages, which costs more than the copy. Peaks are the kernel's (wait4). On a machine
that has other work, two threads get less than `cp` gets with one: read the CPU seconds then.

Prints a table and, as its last line, {"ratio_cp_fp32", "ratio_cp_bf16", "peak_mib", ...} as JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
PEERS = 2  # the last ways
PART = Path(__file__).resolve().parent / "parts" / "conversion.py"


class Cost(NamedTuple):
    """One process from start to end."""

    wall_seconds: float
    cpu_seconds: float
    peak_mib: float


class Way(NamedTuple):
    """A way to write the model: commands run one after the other, the file they leave, and what it must equal."""

    name: str
    commands: list[list[str]]
    output: Path
    reference: Path
    base: str  # the way that its ratio is against


def run(command: list[str]) -> Cost:
    """Run to the end and see what the kernel counted. This process is small, for a child's peak begins with it."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "scripts"), "HF_HUB_OFFLINE": "1"}
    began = time.perf_counter()
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{' '.join(command)} ended with {process.returncode}")
    return Cost(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def warm(flat: Path, output: Path) -> None:
    """Have the host give the memory that the page cache will need: what was just freed is taken first."""
    subprocess.run(["cp", str(flat), str(output)], check=True)
    subprocess.run(["sync", str(output)], check=True)
    output.unlink()


def measure(way: Way, flat: Path) -> Cost:
    """Run a way into an empty place; compare what it left with the reference, byte by byte."""
    shutil.rmtree(way.output.parent, ignore_errors=True)
    way.output.parent.mkdir()
    os.sync()
    warm(flat, way.output)
    costs = [run(command) for command in way.commands]
    check = [sys.executable, str(PART), "equal", str(way.output), str(way.reference)]
    subprocess.run(check, check=True, env={**os.environ, "PYTHONPATH": str(ROOT / "scripts")})
    shutil.rmtree(way.output.parent)
    wall, cpu, peak = zip(*costs, strict=True)
    return Cost(sum(wall), sum(cpu), max(peak))


def ways(folder: Path) -> list[Way]:
    """All ways, `cp` before what is compared with it."""
    flat, out = folder / "flat" / "model.safetensors", folder / "out"
    output = out / "model.safetensors"
    full, half = folder / "float32" / "model.safetensors", folder / "bfloat16" / "model.safetensors"

    def part(*words: str) -> list[list[str]]:
        return [[sys.executable, str(PART), *words, str(flat), str(out)]]

    copy, sync = ["cp", str(flat), str(output)], ["sync", str(output)]
    stock = [[sys.executable, str(PART), "transformers", str(full.parent), str(out)]]
    return [
        Way("cp, in cache", [copy], output, flat, "cp, in cache"),
        Way("podium float32, in cache", part("podium", "float32", "in-cache"), output, full, "cp, in cache"),
        Way("podium bfloat16, in cache", part("podium", "bfloat16", "in-cache"), output, half, "cp, in cache"),
        Way("cp + sync", [copy, sync], output, flat, "cp + sync"),
        Way("podium float32", part("podium", "float32"), output, full, "cp + sync"),
        Way("podium float32, no digest", part("podium", "float32", "no-digest"), output, full, "cp + sync"),
        Way("podium bfloat16", part("podium", "bfloat16"), output, half, "cp + sync"),
        Way("podium bfloat16, no digest", part("podium", "bfloat16", "no-digest"), output, half, "cp + sync"),
        Way("transformers bfloat16", stock, output, half, "cp + sync"),
        Way("naive numpy float32", part("naive", "float32"), output, full, "cp + sync"),
    ]


def ratio(measured: dict[str, list[Cost]], way: Way, field: str) -> float:
    """Median over rounds of a way's cost against that of its base in the same round."""
    pairs = zip(measured[way.name], measured[way.base], strict=True)
    return statistics.median(float(getattr(mine, field) / getattr(base, field)) for mine, base in pairs)


def show(measured: dict[str, list[Cost]], table: list[Way]) -> None:
    """The table: medians, and the ratios of wall and CPU seconds against the base."""
    print(f"{'':<28} wall s   CPU s  peak MiB  wall / cp  CPU / cp")
    for way in table:
        wall, cpu, peak = (statistics.median(values) for values in zip(*measured[way.name], strict=True))
        ratios = f"{ratio(measured, way, 'wall_seconds'):10.2f} {ratio(measured, way, 'cpu_seconds'):9.2f}"
        print(f"{way.name:<28} {wall:6.2f} {cpu:7.2f} {peak:9.0f} {ratios}")


def figures(measured: dict[str, list[Cost]], table: list[Way]) -> dict[str, float]:
    """What the last line holds."""
    named = {way.name: way for way in table}

    def wall(name: str) -> float:
        return round(ratio(measured, named[name], "wall_seconds"), 3)

    peaks = [cost.peak_mib for name in ("podium float32", "podium bfloat16") for cost in measured[name]]
    return {
        "ratio_cp_fp32": wall("podium float32"),
        "ratio_cp_bf16": wall("podium bfloat16"),
        "peak_mib": round(max(peaks), 1),
        "ratio_cp_fp32_in_cache": wall("podium float32, in cache"),
        "ratio_cp_bf16_in_cache": wall("podium bfloat16, in cache"),
        "ratio_cp_fp32_no_digest": wall("podium float32, no digest"),
        "ratio_cp_bf16_no_digest": wall("podium bfloat16, no digest"),
    }


def main() -> None:
    """Make the model, measure in rounds, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a tenth of the model, three rounds")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--without-peers", action="store_true", help="leave out transformers and naive numpy")
    parser.add_argument("--dir", type=Path, help="where to work; needs 8 GB (default: the temporary folder)")
    arguments = parser.parse_args()
    rounds = min(arguments.rounds, 3) if arguments.quick else arguments.rounds
    with tempfile.TemporaryDirectory(dir=arguments.dir) as name:
        folder = Path(name)
        size = "small" if arguments.quick else "large"
        run([sys.executable, str(PART), "make", size, str(folder)])
        flat = folder / "flat" / "model.safetensors"
        print(f"{flat.stat().st_size / 1e9:.3f} GB, {rounds} rounds, load {os.getloadavg()[0]:.1f}")
        table = ways(folder)[: -PEERS if arguments.without_peers else None]
        measured: dict[str, list[Cost]] = {way.name: [] for way in table}
        for _ in range(rounds):
            for way in table:
                measured[way.name].append(measure(way, flat))
    start = [run([sys.executable, "-c", "import podium.convert.writer"]) for _ in range(rounds)]
    show(measured, table)
    wall, cpu, peak = (statistics.median(values) for values in zip(*start, strict=True))
    print(f"{'podium, its imports alone':<28} {wall:6.2f} {cpu:7.2f} {peak:9.0f}")
    print(json.dumps(figures(measured, table)))


if __name__ == "__main__":
    main()
