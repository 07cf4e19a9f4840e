"""Which folder a control group is made in, for the layouts that machines have."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from podium.execute.warden import groups

if TYPE_CHECKING:
    from pathlib import Path


def test_version_1_prefers_the_own_group(tmp_path: Path) -> None:
    (tmp_path / "job" / "step").mkdir(parents=True)
    mounts = f"30 25 0:26 / {tmp_path} rw,relatime - cgroup cgroup rw,memory\n"
    found = list(groups._folders(mounts, "4:memory:/job/step\n0::/\n"))
    assert found == [("v1", tmp_path / "job" / "step"), ("v1", tmp_path / "job"), ("v1", tmp_path)]


def test_version_1_in_a_container_that_sees_only_its_own_group(tmp_path: Path) -> None:
    mounts = f"30 25 0:26 /docker/abc {tmp_path} rw,relatime - cgroup cgroup rw,memory\n"
    assert list(groups._folders(mounts, "4:cpu,memory:/docker/abc\n")) == [("v1", tmp_path)]


def test_version_2_takes_only_a_folder_that_hands_memory_on(tmp_path: Path) -> None:
    service = tmp_path / "system.slice" / "runner.service"
    service.mkdir(parents=True)
    (service / "cgroup.subtree_control").write_text("")
    (service.parent / "cgroup.subtree_control").write_text("cpu memory pids\n")
    (tmp_path / "cgroup.subtree_control").write_text("hugetlb")
    mounts = f"30 25 0:26 / {tmp_path} rw,nosuid shared:4 - cgroup2 cgroup2 rw\n"
    assert list(groups._folders(mounts, "0::/system.slice/runner.service\n")) == [("v2", service.parent)]


def test_no_group_where_the_machine_has_none() -> None:
    mounts = "22 1 0:21 / /proc rw - proc proc rw\n30 25 0:26 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n"
    assert list(groups._folders(mounts, "1:cpu:/\n")) == []


def test_only_groups_of_dead_wardens_are_swept(tmp_path: Path) -> None:
    for name in ("podium-1", "podium-999999999", "other"):
        (tmp_path / name).mkdir()
    groups._sweep(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["other", "podium-1"]


@pytest.mark.parametrize(("version", "swap"), [("v1", str((192 << 20) + groups.OWN_BYTES)), ("v2", "0")])
def test_limit_is_written_for_memory_and_swap(tmp_path: Path, version: str, swap: str) -> None:
    names = ("members", "limit", "swap")
    members, limit, swap_file = (os.open(tmp_path / name, os.O_WRONLY | os.O_CREAT) for name in names)
    group = groups.MemoryGroup(
        version=version, name="g", parent=-1, members=members, limit_file=limit, swap_file=swap_file
    )
    group.limit(192 << 20)
    assert (tmp_path / "limit").read_text() == str((192 << 20) + groups.OWN_BYTES)
    assert (tmp_path / "swap").read_text() == swap
    for descriptor in (members, limit, swap_file):
        os.close(descriptor)


@pytest.mark.parametrize(
    ("counter", "before", "after"),
    [
        (b"oom_kill", "low 0\noom 3\noom_kill 2\noom_group_kill 0\n", "low 0\noom 4\noom_kill 3\noom_group_kill 0\n"),
        (b"oom_kill", "oom_kill_disable 0\nunder_oom 0\noom_kill 0\n", "oom_kill_disable 0\nunder_oom 0\noom_kill 1\n"),
        (b"max", "max 7\n", "max 12\n"),
    ],
)
def test_limit_was_enforced_when_its_counter_moved(tmp_path: Path, counter: bytes, before: str, after: str) -> None:
    events = tmp_path / "events"
    events.write_text(before)
    descriptor = os.open(events, os.O_RDONLY)
    group = groups.Group(name="g", parent=-1, members=-1, limit_file=-1, events=descriptor, counter=counter)
    group.has_counted()
    assert not group.has_counted()
    events.write_text(after)
    assert group.has_counted()
    assert not group.has_counted()
    os.close(descriptor)


def make_version_2(folder: Path, name: str, *files: str) -> None:
    """A folder as the kernel would fill it when a group is made there."""
    (folder / name).mkdir(parents=True)
    for file in files:
        (folder / name / file).touch()


def test_version_2_counts_processes_in_the_group_of_memory_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process is in one group there: another one for processes would take it out of that of memory."""
    name = f"{groups.PREFIX}{os.getpid()}"
    shared, other = tmp_path / "shared", tmp_path / "other"
    for folder in (shared, other):
        make_version_2(folder, "deep", "cgroup.procs")
        (folder / "cgroup.subtree_control").write_text("pids\n")
    make_version_2(shared, name, "cgroup.procs", "pids.max", "pids.events")
    memory = groups.MemoryGroup(version="v2", name=name, parent=-1, members=-1, limit_file=-1, swap_file=None)
    layout = f"30 25 0:26 / {tmp_path} rw - cgroup2 cgroup2 rw\n"
    monkeypatch.setattr(groups, "_read_layout", lambda: (layout, "0::/other\n"))
    assert groups.create_for_processes(memory) is None
    monkeypatch.setattr(groups, "_read_layout", lambda: (layout, "0::/shared\n"))
    made = groups.create_for_processes(memory)
    assert made is not None
    made.limit(12)
    assert (shared / name / "pids.max").read_text() == "13"
