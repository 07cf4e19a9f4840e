"""What a run costs is told before it begins, from a table that knows every language."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from podium.config import ToolchainsSection, read_config
from podium.execute.languages import LANGUAGES
from podium.plan import PlanOptions, plan
from podium.plan.costs import TOTALS, Costs, DiskCost, GenerationCost, read_costs, tell_costs
from podium.plan.facts import facts_of

ROOT = Path(__file__).resolve().parents[3]
CHECKPOINT = ROOT / "scripts" / "podium" / "demo" / "checkpoint"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_table_knows_what_a_program_of_each_language_costs(language: str) -> None:
    assert read_costs().execute[language] > 0


def test_estimates_are_products_of_measured_numbers() -> None:
    costs = Costs(
        execute={"sh": 0.5},
        generate=GenerationCost(tokens=100.0, seconds=0.03),
        disk=DiskCost(sample=1000, verdict=200, parameter=2),
    )
    assert costs.seconds("execute", "sh", 8000, 10**9) == 4000.0
    assert costs.seconds("generate", "sh", 10, 2 * 10**9) == 60.0
    assert costs.seconds("convert", "sh", 10, 10**9) == 0.0
    assert costs.disk_bytes(10, 500) == 13_000


def test_a_plan_tells_jobs_samples_hours_and_disk_and_each_language() -> None:
    record = plan(PlanOptions(tag="v1", checkpoint=CHECKPOINT), read_config(CHECKPOINT.parent / "podium.toml"))
    lines = tell_costs(record)
    assert lines[0].startswith(f"{len(record.jobs)} jobs, 640 samples of ")
    assert lines[0].endswith(f" problems, about {record.disk_bytes / 1e9:,.2f} GB of disk")
    assert "CPU hours to generate and" in lines[1]
    assert len(lines) == TOTALS + sum(job.stage == "execute" for job in record.jobs)
    languages = {task.task: task.language for task in record.tasks}
    executing = [job for job in record.jobs if job.stage == "execute"]
    assert [job.cpu_seconds for job in executing] == [
        round(job.samples * read_costs().execute[languages[job.task]], 1) for job in executing
    ]
    assert record.disk_bytes > 640 * 1000


def test_the_hours_are_the_sum_of_the_jobs() -> None:
    record = plan(PlanOptions(tag="v1", checkpoint=CHECKPOINT), read_config(CHECKPOINT.parent / "podium.toml"))
    jobs = [msgspec.structs.replace(job, cpu_seconds=7200.0 * (job.stage == "execute")) for job in record.jobs]
    count = sum(job.stage == "execute" for job in jobs)
    told = tell_costs(msgspec.structs.replace(record, jobs=jobs, disk_bytes=3 * 10**9))
    assert "3.00 GB" in told[0]
    assert f"0.0 CPU hours to generate and {2 * count}.0 to execute" in told[1]
    assert f"{count}.0 hours on 2 cores" in told[1]


def test_a_root_of_podium_toml_goes_with_the_jobs_of_its_language() -> None:
    config = read_config(CHECKPOINT.parent / "podium.toml")
    config = msgspec.structs.replace(config, toolchains=ToolchainsSection(roots={"pl": "/opt/perl"}))
    record = plan(PlanOptions(tag="v1", checkpoint=CHECKPOINT), config)
    rows = facts_of(record)["tasks"]["include"]
    roots = {row["task"]: row["root"] for row in rows}
    assert roots["demo-pl"] == "pl=/opt/perl"
    assert roots["demo-sh"] == ""
    assert {row["task"]: json.loads(row["plan"])["root"] for row in rows} == roots
