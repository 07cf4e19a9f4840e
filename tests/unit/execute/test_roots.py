"""A toolchain in a root file system of its own: programs see that root and nothing of this machine, by any user."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.unit.execute.users import USERS, Case, judge_as

from podium.cli.execute import build_sandbox
from podium.cli.roots import roots_of, roots_of_lists
from podium.config import Config, ModelSection, SubmitSection, ToolchainsSection
from podium.errors import SandboxError, UnknownNameError, UsageError
from podium.execute.jobs import one_step
from podium.execute.provisions.machine import describe_root, follow, machine_in
from podium.execute.provisions.view import View
from podium.execute.sandbox import Sandbox
from podium.records import Limits

if TYPE_CHECKING:
    from collections.abc import Iterator

    from podium.execute.jobs import Completed

LIMITS = Limits(
    wall_seconds=30.0, cpu_seconds=30.0, memory_bytes=1 << 30, output_bytes=1 << 16, file_bytes=1 << 20, processes=32
)
COMMANDS = ("bash", "dash", "ls", "cat", "id", "sed")


def copy_command(name: str, root: Path) -> None:
    """A command of this machine with the libraries that it needs, at the same places below another root."""
    said = subprocess.run(["ldd", f"/usr/bin/{name}"], capture_output=True, text=True, check=True).stdout
    for library in re.findall(r"(/\S+) \(0x", said):
        place = root / library.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(Path(library).resolve(), place)
    (root / "usr/bin").mkdir(parents=True, exist_ok=True)
    shutil.copy(Path("/usr/bin", name).resolve(), root / "usr/bin" / name)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A root with a few commands, one of them behind links that lead astray when they are followed from outside."""
    made = tmp_path_factory.mktemp("root")
    for name in COMMANDS:
        copy_command(name, made)
    (made / "usr/bin/sed").rename(made / "usr/libexec-sed")
    (made / "usr/bin/sed").symlink_to("/etc/alternatives/sed")
    (made / "etc/alternatives").mkdir(parents=True)
    (made / "etc/alternatives/sed").symlink_to("../../usr/libexec-sed")
    (made / "bin").mkdir()
    (made / "bin/sh").symlink_to("/usr/bin/dash")
    (made / "etc/os-release").write_text('NAME=Small\nPRETTY_NAME="Small 7"\n')
    (made / "etc/shadow").write_text("secret of the root\n")
    (made / "opt/kit/bin").mkdir(parents=True)
    shutil.copy(made / "usr/bin/cat", made / "opt/kit/bin/tac")
    (made / "home/somebody").mkdir(parents=True)
    for folder in (made, *made.parents):
        if folder.is_relative_to("/tmp") and folder != Path("/tmp"):
            folder.chmod(0o755)
    return made


@pytest.fixture(scope="module")
def sandbox(root: Path) -> Iterator[Sandbox]:
    with Sandbox(roots={"demo-sh": root}) as made:
        yield made


def shell(sandbox: Sandbox, script: str, provisions: str = "demo-sh") -> Completed:
    files = {"p.sh": script.encode()}
    return sandbox.run(one_step(["bash", "p.sh"], files=files, limits=LIMITS, provisions=provisions))


@pytest.mark.world
def test_programs_of_a_list_see_its_root_and_those_of_others_this_machine(sandbox: Sandbox) -> None:
    assert shell(sandbox, "[ -e /usr/libexec-sed ] && cat /opt/kit/bin/tac | cat >/dev/null").exit_code == 0
    assert shell(sandbox, "[ -e /usr/libexec-sed ]", "demo-pl").exit_code == 1
    seen = shell(sandbox, "ls /").stdout.decode().split()
    assert not set(seen) & {"home", "root", "var", "srv", "mnt", "media", "run", "sys"}
    assert {"bin", "opt", "usr"} <= set(seen)


@pytest.mark.world
@pytest.mark.parametrize(
    "script", ["cat /etc/shadow", "echo x >/usr/x", "echo x >/opt/kit/x", "echo x >/x", "ls /home"]
)
def test_the_root_is_read_only_and_its_own_secrets_are_not_shown(sandbox: Sandbox, script: str) -> None:
    assert shell(sandbox, script).exit_code != 0


@pytest.mark.world
def test_links_are_followed_inside_the_root(sandbox: Sandbox, root: Path) -> None:
    assert shell(sandbox, "echo a | sed s/a/b/").stdout == b"b\n"
    assert machine_in(root).command("sed") == "/usr/libexec-sed"
    assert machine_in(root).command("tac") == "/opt/kit/bin/tac"
    assert machine_in(root).command("perl") is None


def test_links_in_a_circle_or_out_of_the_root_lead_nowhere_else(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("/a")
    assert follow(str(tmp_path), "/a").startswith("/")
    (tmp_path / "up").symlink_to("../../../../etc/passwd")
    assert follow(str(tmp_path), "/up") == "/etc/passwd"


@pytest.mark.world
def test_no_python_program_runs_in_another_root(sandbox: Sandbox) -> None:
    job = one_step(["p.py"], files={"p.py": b"1"}, limits=LIMITS, driver="python", provisions="demo-sh")
    with pytest.raises(SandboxError, match="no Python programs run in another root"):
        sandbox.run(job)


def test_a_root_has_a_name_for_the_header(root: Path, tmp_path: Path) -> None:
    assert describe_root(root) == f"{root}: Small 7"
    assert describe_root(None) == ""
    assert describe_root(tmp_path) == f"{tmp_path}: a distribution that does not say its name"


@pytest.mark.parametrize(("folder", "said"), [("/", "this machine's own root"), ("/proc", "no /bin/sh"), ("/no", "no")])
def test_what_is_no_root_is_refused_with_the_command_that_makes_one(folder: str, said: str) -> None:
    with pytest.raises(UsageError, match=said) as caught:
        Sandbox(roots={"demo-sh": Path(folder)})
    assert "podium toolchains" in caught.value.hint


@pytest.mark.world
@pytest.mark.parametrize("user", USERS)
def test_any_user_may_have_programs_run_in_a_root(user: str, root: Path) -> None:
    case = Case("sh", "[ -e /usr/libexec-sed ] && ! [ -e /usr/bin/perl ] && id")
    (judged,) = judge_as(user, [case], roots={"sh": str(root)})
    assert (judged.outcome, judged.stdout) == ("passed", "uid=65534(nobody) gid=65534(nogroup) groups=65534(nogroup)\n")


def test_a_view_is_of_one_list_and_starting_does_not_grow_with_their_number(root: Path) -> None:
    view = View("demo-sh", machine_in(root))
    assert {Path(path).parts[2] for path, _ in view.links} == {"demo-sh"}
    assert view.texts == []
    assert not any("perl" in path for _, path in view.shown)


@pytest.mark.world
def test_programs_find_commands_of_their_own_list_alone() -> None:
    with Sandbox() as fresh:
        assert shell(fresh, "ls /commands").stdout == b"demo-sh\n"
        assert shell(fresh, "ls /commands", "demo-pl").stdout == b"demo-pl\n"


def config_with(roots: dict[str, str]) -> Config:
    model = ModelSection(org="O", model="M", user="u", checkpoint="c")
    return Config(model=model, submit=SubmitSection(fork="o/f"), toolchains=ToolchainsSection(roots=roots))


def test_the_option_goes_before_podium_toml_whose_paths_begin_beside_it(tmp_path: Path) -> None:
    config = config_with({"pl": "roots/perl", "sh": "/roots/sh"})
    found = roots_of(("sh=/opt/sh",), config, tmp_path)
    assert found == {"pl": tmp_path / "roots/perl", "sh": Path("/opt/sh")}
    assert roots_of((), None, tmp_path) == {}


@pytest.mark.parametrize("text", ["pl", "pl=", "=/opt", ""])
def test_a_malformed_root_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(UsageError, match="LANGUAGE=FOLDER") as caught:
        roots_of((text,), None, Path())
    assert "--root swift=" in caught.value.hint


def test_a_root_of_no_language_or_of_python_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'pl'"):
        roots_of(("pll=/opt",), None, Path())
    with pytest.raises(UsageError, match="podium's own Python"):
        roots_of_lists({"py": Path("/opt")})
    assert set(roots_of_lists({"pl": Path("/opt")})) == {"pl", "demo-pl"}


def test_without_the_sandbox_there_is_no_other_root() -> None:
    with pytest.raises(UsageError, match="without the sandbox") as caught:
        build_sandbox(unsafe_no_sandbox=True, roots={"pl": Path("/opt")})
    assert "--unsafe-no-sandbox" in caught.value.hint
