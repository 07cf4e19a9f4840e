"""Generation: useful tokens a CPU second of `native` against the harness's own way, one thread against one thread.

Usage: python tests/bench/generation.py [--quick] [--slots N] [--complete]
Each engine runs in a process of its own. The harness's time for a script is its measured prefill and step times at
several contexts, added up over the steps it makes; --complete checks that sum against one whole problem.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from tests.bench.parts import workload
from tests.bench.parts.engines import Harness, now, run_native

CONTEXTS = (64, 128, 256, 384, 500)
REPOSITORY = Path(__file__).resolve().parents[2]
FLOOR_ROWS = 50


def _script(folder: Path, kind: str, problems: int) -> workload.Script:
    from transformers import AutoTokenizer

    return workload.write_script(AutoTokenizer.from_pretrained(folder), kind, problems)


def _native(folder: Path, kind: str, dtype: str, problems: int, slots: int) -> dict[str, float]:
    figures, backend = run_native(folder, _script(folder, kind, problems), dtype, slots)
    floor = _floor_rate(backend.decoder._weights)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20)
    rate = figures.useful / figures.seconds
    wasted = figures.wasted / max(figures.rows, 1)
    return {"rate": rate, "floor": floor, "wasted": wasted, "peak_gib": peak, "seconds": figures.seconds}


def _floor_rate(weights: Any) -> float:
    """Tokens a second if a step of 50 rows were its linear layers and nothing else; best of five."""
    layer, width = weights.layers[0], weights.embedding.shape[1]
    rows = torch.randn(FLOOR_ROWS, width).to(weights.embedding)
    wide = torch.randn(FLOOR_ROWS, layer.gate_up(rows).shape[1] // 2).to(rows)
    attended = torch.randn(FLOOR_ROWS, width).to(rows)
    times = []
    for _ in range(5):
        begun = now()
        for one in weights.layers:
            one.qkv(rows), one.output(attended), one.gate_up(rows), one.down(wide)
        weights.head(rows)
        times.append(now() - begun)
    return FLOOR_ROWS / min(times)


def _harness(folder: Path, dtype: str, problems: int, complete: bool, steps: int) -> dict[str, float]:
    harness = Harness(folder, dtype)
    per_prompt = harness.prefill_seconds(100) / 100
    seconds = [harness.step_seconds(context, steps) for context in CONTEXTS]
    result = {f"step_{context}": value for context, value in zip(CONTEXTS, seconds, strict=True)}
    result["prefill_100"] = per_prompt * 100
    scripts = {kind: _script(folder, kind, problems) for kind in ("tight", "spread")}
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


def _trained() -> dict[str, float]:
    """The demo's trained model with its own stopping: the share of rows that shared prefixes save, and the ratio."""
    from tests.bench.parts.engines import SAMPLING, Untouched

    from podium.convert import ConvertOptions, convert
    from podium.generate.backend import Wanted
    from podium.generate.native.backend import NativeBackend
    from podium.progress import SilentReport
    from podium.tasks import load_task

    task = load_task("demo-python", None)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "model"
        checkpoint = REPOSITORY / "scripts" / "podium" / "demo" / "checkpoint"
        convert(ConvertOptions(checkpoint=checkpoint, output=folder, dtype="float32"), SilentReport())
        native, harness = NativeBackend(folder), Harness(folder, "float32")
        wanted = [Wanted(problem, list(range(workload.SAMPLES))) for problem in task.problems]
        begun = now()
        samples = [sample for batch in native.draw(task, wanted, SAMPLING) for sample in batch]
        seconds = now() - begun
        begun = now()
        for problem in task.problems:
            ids = harness.tokenizer(problem.prompt)["input_ids"]
            harness.generate(ids, Untouched(None, len(ids)), workload.WINDOW)
        ratio = (now() - begun) / seconds
    useful = sum(sample.tokens for sample in samples)
    return {"saved": 1 - native.decoder.linear_rows / native.sample_rows, "ratio": ratio, "rate": useful / seconds}


def _part(options: argparse.Namespace) -> dict[str, float]:
    torch.set_num_threads(1)
    folder, size = Path(options.folder or "."), workload.QUICK if options.quick else workload.FULL
    engine, _, rest = options.part.partition(" ")
    dtype, _, kind = rest.partition(" ")
    if engine == "trained":
        return _trained()
    if engine == "native":
        return _native(folder, kind, dtype, size.problems, options.slots)
    return _harness(folder, dtype, size.problems, options.complete, 3 if options.quick else 7)


def _measure(part: str, folder: Path, options: argparse.Namespace) -> dict[str, float]:
    flags = ["--folder", str(folder), "--part", part, "--slots", str(options.slots)]
    flags += ["--quick"] if options.quick else []
    flags += ["--complete"] if options.complete and part == "harness bfloat16" else []
    command = [sys.executable, "-m", "tests.bench.generation", *flags]
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE, cwd=REPOSITORY).stdout
    result: dict[str, float] = json.loads(output.splitlines()[-1])
    print(f"{part:24}", "  ".join(f"{name} {value:.4g}" for name, value in result.items()), flush=True)
    return result


def _whole(options: argparse.Namespace) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "model"
        workload.write_model(folder, workload.QUICK if options.quick else workload.FULL)
        tight = _measure("native bfloat16 tight", folder, options)
        harness = _measure("harness bfloat16", folder, options)
        spread = _measure("native bfloat16 spread", folder, options)
        tight_fp32 = _measure("native float32 tight", folder, options)
        harness_fp32 = _measure("harness float32", folder, options)
        trained = _measure("trained", folder, options)
    return {
        "ratio_tight": tight["rate"] / harness["rate_tight"],
        "ratio_spread": spread["rate"] / harness["rate_spread"],
        "ratio_fp32": tight_fp32["rate"] / harness_fp32["rate_tight"],
        "floor_share": tight["rate"] / tight["floor"],
        "wasted_rows": max(tight["wasted"], spread["wasted"]),
        "prefix_rows_saved": trained["saved"],
        "peak_gib": max(tight["peak_gib"], spread["peak_gib"]),
    }


def main() -> None:
    """Parse, measure, print the table and the JSON line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--quick", action="store_true", help="a small model and two problems")
    parser.add_argument("--slots", type=int, default=192)
    parser.add_argument("--complete", action="store_true", help="check the harness's sum against one whole problem")
    parser.add_argument("--part", help=argparse.SUPPRESS)
    parser.add_argument("--folder", help=argparse.SUPPRESS)
    options = parser.parse_args()
    print(json.dumps(_part(options) if options.part else _whole(options)))


if __name__ == "__main__":
    main()
