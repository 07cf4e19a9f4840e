"""Damaged weight files against the readers of convert, for as long as wanted: nothing but CheckpointError may come out.

With atheris installed (it is no dependency) coverage guides the damage; without it the damage is random. Both judge by
the same oracle: refused with a remedy, or everything said of the file is true and the reference reader agrees.
Prints a table and, as its last line, {"executions", "accepted", "crashes", "peak_mib", "guided"} as JSON.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from random import Random

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "scripts")]
QUICK_SECONDS = 5
MEMORY_MIB = 1024


def peak_mib(who: int) -> int:
    """Largest resident size so far, of this process or of its children."""
    return resource.getrusage(who).ru_maxrss >> 10


def randomly(folder: Path, seconds: float, seed: int) -> dict[str, object]:
    """Random damage. A crash is reported with its bytes and counted."""
    from tests.bench.parts.damage import check, damaged, seeds

    random, files = Random(seed), seeds()
    executions = accepted = crashes = 0
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        data = damaged(random, random.choice(files))
        executions += 1
        try:
            accepted += check(folder / "damaged", data)
        except Exception as err:  # noqa: BLE001  what a fuzzer looks for is what nobody expected
            crashes += 1
            print(f"{err!r}\n{data.hex()}")
    peak = peak_mib(resource.RUSAGE_SELF)
    return {"executions": executions, "accepted": accepted, "crashes": crashes, "peak_mib": peak, "guided": False}


def guided_child(folder: Path, seconds: float) -> None:
    """Run libFuzzer in this process, which it ends itself."""
    atheris = importlib.import_module("atheris")
    with atheris.instrument_imports(include=["podium.convert"]):
        from tests.bench.parts.damage import check, damaged, sealed_again, seeds

    corpus = folder / "corpus"
    corpus.mkdir()
    for number, data in enumerate(seeds()):
        (corpus / str(number)).write_bytes(data)

    def mutate(data: bytes, most: int, seed: int) -> bytes:
        random = Random(seed)
        if random.random() < 0.5:
            return damaged(random, data)[:most]
        return sealed_again(atheris.Mutate(data, most))[:most]

    limits = [f"-max_total_time={int(seconds)}", "-max_len=8192", f"-rss_limit_mb={MEMORY_MIB}", "-timeout=20"]
    output = [f"-artifact_prefix={folder}/", "-print_final_stats=1"]
    target = folder / "damaged"

    def judge(data: bytes) -> None:
        check(target, data)

    atheris.Setup([sys.argv[0], *limits, *output, str(corpus)], judge, custom_mutator=mutate)
    atheris.Fuzz()


def guided(folder: Path, seconds: float) -> dict[str, object]:
    """Damage guided by coverage, in a child process that libFuzzer ends."""
    command = [sys.executable, __file__, "--child", str(folder), "--minutes", str(seconds / 60)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    statistics = dict(
        line.removeprefix("stat::").split(":", 1) for line in done.stderr.splitlines() if line.startswith("stat::")
    )
    crashes = [path for path in folder.iterdir() if path.name.startswith(("crash-", "oom-", "timeout-"))]
    if done.returncode or crashes:
        print(done.stdout[-5000:] + done.stderr[-5000:])
    return {
        "executions": int(statistics.get("number_of_executed_units", 0)),
        "accepted": None,
        "crashes": len(crashes) or int(done.returncode != 0),
        "peak_mib": peak_mib(resource.RUSAGE_CHILDREN),
        "guided": True,
    }


def main() -> None:
    """Fuzz and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_SECONDS} seconds")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--random", action="store_true", help="random damage even where atheris is installed")
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    seconds = QUICK_SECONDS if options.quick else options.minutes * 60
    if options.child:
        guided_child(options.child, seconds)
    with tempfile.TemporaryDirectory() as name:
        if importlib.util.find_spec("atheris") and not options.random:
            result = guided(Path(name), seconds)
        else:
            result = randomly(Path(name), seconds, options.seed)
    for key, value in result.items():
        print(f"{key:<12} {value}")
    print(json.dumps(result))
    if result["crashes"]:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
