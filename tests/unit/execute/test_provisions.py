"""What programs may use: the stated lists, everything on them, nothing else, and the remedy for what is missing."""

from __future__ import annotations

import importlib.metadata
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest

from podium.errors import RecordError, SandboxError
from podium.execute.jobs import one_step
from podium.execute.languages import judge, language_named
from podium.execute.provisions import NAMES, provisions_named
from podium.execute.provisions.checks import look, look_at_all
from podium.execute.provisions.machine import Machine
from podium.execute.sandbox import Sandbox, UnsafeSandbox
from podium.execute.toolchains.missing import APT
from podium.records import Limits, VerdictsHeader, decode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from podium.execute.jobs import Completed, Job

REPOSITORY = Path(__file__).resolve().parents[3]
LIMITS = Limits(
    wall_seconds=30.0, cpu_seconds=30.0, memory_bytes=4 << 30, output_bytes=1 << 16, file_bytes=1 << 20, processes=32
)
INSTALL = "apt-get install --yes" if APT.exists() else "install"


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def brought_by(name: str) -> set[str]:
    """What an installation of a distribution without extras brings."""
    found, waiting = set[str](), [name]
    while waiting:
        current = canonical(waiting.pop())
        if current not in found:
            found.add(current)
            wanted = [text for text in importlib.metadata.requires(current) or [] if "extra ==" not in text]
            names = [
                re.match(r"[\w.-]+", text) for text in wanted if "win32" not in text and "python_version <" not in text
            ]
            waiting += [match.group() for match in names if match and is_installed(match.group())]
    return found


def is_installed(name: str) -> bool:
    return next(iter(importlib.metadata.distributions(name=name)), None) is not None


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as made:
        yield made


def outcome_of(sandbox: Sandbox, language: str, program: str, provisions: str) -> tuple[str, str]:
    def run(job: Job) -> Completed:
        return sandbox.run(msgspec.structs.replace(job.within(LIMITS.wall_seconds, 0.0), provisions=provisions))

    return judge(language_named(language), program.encode(), "parity", run)[1:]


def shell(sandbox: Sandbox, script: str, provisions: str = "demo-sh") -> str:
    done = sandbox.run(
        one_step(["bash", "p.sh"], files={"p.sh": script.encode()}, limits=LIMITS, provisions=provisions)
    )
    return done.stdout.decode()


@pytest.mark.parametrize("name", NAMES)
def test_no_list_both_gives_and_withholds_a_thing(name: str) -> None:
    listed = provisions_named(name)
    modules = {module for package in listed.distributions.values() for module in package.modules}
    assert not modules & set(listed.withheld.python)
    assert not set(listed.targets) & set(listed.withheld.commands)
    assert not set(listed.perl.modules) & set(listed.withheld.perl)


def test_python_packages_are_pinned_and_come_with_podium_without_any_extra() -> None:
    constraints = (REPOSITORY / "constraints.txt").read_text(encoding="utf-8").split()
    pinned = {canonical(name): version for name, _, version in (line.partition("==") for line in constraints)}
    listed = provisions_named("py").distributions
    assert {name: package.version for name, package in listed.items()} == {
        name: pinned[canonical(name)] for name in listed
    }
    assert {canonical(name) for name in listed} <= brought_by("podium-leaderboard")


def test_what_the_harness_requires_itself_is_given_or_withheld() -> None:
    listed = provisions_named("py")
    given = {module for package in listed.distributions.values() for module in package.modules}
    required = {"transformers", "accelerate", "datasets", "evaluate", "mosestokenizer", "huggingface_hub", "fsspec"}
    brought = {
        "torch",
        "numpy",
        "pandas",
        "sympy",
        "networkx",
        "regex",
        "yaml",
        "tqdm",
        "requests",
        "dill",
        "multiprocess",
    }
    assert required | brought <= given | set(listed.withheld.python)


@pytest.mark.world
@pytest.mark.parametrize(
    ("program", "wanted"),
    [
        ("import sympy, networkx, regex, yaml, tqdm, dateutil\nassert sympy.isprime(7)", "passed"),
        ("import numpy, pandas\nassert pandas.Series(numpy.arange(3)).sum() == 3", "passed"),
        ("from importlib.metadata import version\nassert version('numpy')", "passed"),
        ("import msgspec", "failed"),
        ("import podium", "failed"),
        ("import pytest", "failed"),
        ("import torch", "unavailable"),
        ("try:\n    import transformers.models\nexcept BaseException:\n    pass", "unavailable"),
        (
            "import threading\nt = threading.Thread(target=__import__, args=('datasets',))\nt.start()\nt.join()",
            "unavailable",
        ),
        ("import time, zoneinfo\nassert time.tzname == ('UTC', 'UTC')\nzoneinfo.ZoneInfo('Europe/Berlin')", "passed"),
        ("import sys\nassert not [p for p in sys.path if 'packages' in p and p != '/packages'], sys.path", "passed"),
        ("import os, shutil\nassert os.environ['PATH'] == '/commands/py' and not shutil.which('sh')", "passed"),
    ],
)
def test_python_programs_find_the_list_and_nothing_else(sandbox: Sandbox, program: str, wanted: str) -> None:
    assert outcome_of(sandbox, "py", program, "py")[0] == wanted


@pytest.mark.world
@pytest.mark.parametrize("kind", [Sandbox, UnsafeSandbox])
def test_asking_for_what_is_withheld_is_named_whatever_the_program_does_about_it(kind: type[Sandbox]) -> None:
    with kind() as made:
        python = outcome_of(made, "py", "try:\n    import torch\nexcept BaseException:\n    pass", "py")
        perl = outcome_of(made, "pl", "eval { require LWP::UserAgent; }; exit 0;", "pl")
        bash = outcome_of(made, "sh", "x=$(node -e 1 2>/dev/null || true)\nexit 0", "sh")
        assert outcome_of(made, "sh", "node -e 1", "demo-sh")[0] == "failed"
    assert python == ("unavailable", "it asked for torch, which the harness has and programs here have not")
    assert perl == ("unavailable", "it asked for LWP::UserAgent, which the harness has and programs here have not")
    assert bash[0] == "unavailable"


@pytest.mark.world
def test_scripts_find_the_commands_of_their_list_alone(sandbox: Sandbox) -> None:
    listed = provisions_named("demo-sh").targets
    assert set(shell(sandbox, "ls $PATH").split()) == set(listed)
    assert shell(sandbox, "type -P bc gawk python3 perl busybox git") == ""
    assert shell(sandbox, "readlink $PATH/awk").endswith("/mawk\n")


@pytest.mark.world
def test_python3_of_a_script_is_ours_with_the_listed_packages(sandbox: Sandbox) -> None:
    version = f"{sys.version_info.major}.{sys.version_info.minor}\n"
    # A module of the standard library that later versions lack must not be hidden by the word that stands for it there.
    kept = next((name for name in provisions_named("py").withheld.python if name in sys.stdlib_module_names), "sys")
    assert shell(sandbox, f"python3 -W ignore -c 'import {kept}' && echo there", "sh") == "there\n"
    script = "python3 -c 'import sympy, sys; print(*sys.version_info[:2], sep=\".\")'; python3 -c 'import msgspec'"
    assert shell(sandbox, script, "sh") == version


@pytest.mark.world
def test_zone_locale_and_word_lists_are_not_the_machines(sandbox: Sandbox) -> None:
    assert (
        shell(sandbox, "date +%Z%z; echo $LANG$LC_ALL; ls /etc/localtime /usr/share/dict/* 2>/dev/null")
        == "UTC+0000\n\n"
    )
    assert set(shell(sandbox, "ls /usr/lib/locale 2>/dev/null").split()) <= {"C.utf8", "C.UTF-8"}
    assert shell(sandbox, "LC_ALL=C.UTF-8; x=$'\\xc3\\xa9'; echo ${#x}") == "1\n"


@pytest.mark.world
def test_perl_modules_of_the_machine_are_not_there(sandbox: Sandbox) -> None:
    if not Path("/usr/share/perl5").is_dir():
        pytest.skip("this machine has no Perl modules of packages")
    assert shell(sandbox, "ls /usr/share/perl5 | wc -l") == "0\n"
    program = (
        "for (qw(Git Error JSON Dpkg Debconf::Db)) { exit 1 if eval qq{require $_; 1} } use POSIX; use Data::Dumper;"
    )
    assert outcome_of(sandbox, "pl", program, "demo-pl")[0] == "passed"


@pytest.mark.world
@pytest.mark.parametrize("name", ["sh", "pl"])
def test_whole_list_of_the_benchmarks_scripts_is_checked_where_it_is_installed(sandbox: Sandbox, name: str) -> None:
    listed = provisions_named(name)
    modules = list(Machine().perl_modules(listed)) if name == "pl" else ["none asked for"]
    if not all(map(Machine().command, listed.targets.values())) or not modules:
        pytest.skip(f"this machine lacks something of the list {name!r}; podium doctor says what")
    facts = look(listed, sandbox)
    assert facts.toolchain["bash"].startswith("GNU bash")
    assert facts.differences
    assert {"sh": "bc", "pl": "Test::Deep"}[name] in facts.toolchain


def lookup_folder(tmp_path: Path, *left_out: str, **instead: str) -> tuple[str, ...]:
    """A machine whose commands are links to this one's, without some, and with some leading elsewhere."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in set(provisions_named("sh").targets.values()) - set(left_out):
        if found := Machine().command(instead.get(name, name)):
            (folder / name).symlink_to(found)
    return (str(folder),)


@pytest.mark.world
def test_missing_command_stops_with_the_package_to_install(tmp_path: Path) -> None:
    with Sandbox(machine=Machine(commands=lookup_folder(tmp_path, "sed", "diff", "cmp"))) as poor:
        with pytest.raises(SandboxError, match="missing commands: cmp, diff, sed") as caught:
            look(provisions_named("demo-sh"), poor)
        assert caught.value.hint == f"{INSTALL} diffutils sed"
        assert caught.value.exit_code == 7
        with pytest.raises(SandboxError, match=r"'demo-sh'.*'demo-pl'"):
            look_at_all([provisions_named("demo-sh"), provisions_named("demo-pl")], poor)


@pytest.mark.world
def test_command_of_another_make_is_not_taken_for_the_right_one(tmp_path: Path) -> None:
    with (
        Sandbox(machine=Machine(commands=lookup_folder(tmp_path, sed="grep"))) as odd,
        pytest.raises(SandboxError, match=r"sed is sed \(GNU grep\).*, not GNU sed") as caught,
    ):
        look(provisions_named("demo-sh"), odd)
    assert caught.value.hint == f"{INSTALL} sed"


@pytest.mark.world
def test_missing_package_stops_with_the_pinned_version_to_install(tmp_path: Path) -> None:
    for entry in Machine().packages[0].iterdir():
        if not entry.name.startswith(("sympy", "regex")):
            (tmp_path / entry.name).symlink_to(entry)
    with Sandbox(machine=Machine(packages=(tmp_path,))) as poor:
        with pytest.raises(
            SandboxError, match="missing Python package: regex; missing Python package: sympy"
        ) as caught:
            look(provisions_named("py"), poor)
        assert outcome_of(poor, "py", "import numpy", "py")[0] == "passed"
    versions = provisions_named("py").distributions
    wanted = f"-m pip install regex=={versions['regex'].version} sympy=={versions['sympy'].version}"
    assert caught.value.hint.endswith(wanted)


@pytest.mark.world
def test_listed_perl_module_is_found_and_its_absence_named(tmp_path: Path) -> None:
    pattern = str(tmp_path / "perl5")
    with (
        Sandbox(machine=Machine(perl=(pattern,))) as poor,
        pytest.raises(SandboxError, match="missing Perl module: Test::Deep") as caught,
    ):
        look(provisions_named("pl"), poor)
    assert caught.value.hint == f"{INSTALL} libtest-deep-perl"
    module = tmp_path / "perl5" / "Test" / "Deep.pm"
    module.parent.mkdir(parents=True)
    module.write_text("package Test::Deep;\nour $VERSION = '1.204';\n1;\n")
    (module.parent / "Odd.pm").write_text("package Test::Odd;\n1;\n")
    with Sandbox(machine=Machine(perl=(pattern,))) as rich:
        assert look(provisions_named("pl"), rich).toolchain["Test::Deep"] == "1.204"
        assert outcome_of(rich, "pl", "use Test::Odd;", "pl")[0] == "failed"
        assert outcome_of(rich, "pl", "use Test::Deep;", "demo-pl")[0] == "failed"


@pytest.mark.world
def test_versions_of_everything_listed_are_told_with_what_the_image_has_otherwise(sandbox: Sandbox) -> None:
    facts = look(provisions_named("py"), sandbox)
    assert set(facts.packages) == set(provisions_named("py").distributions)
    assert facts.packages["numpy"] == importlib.metadata.version("numpy")
    assert any("the board's image has 3.10" in difference for difference in facts.differences)
    tools = look(provisions_named("demo-sh"), sandbox)
    assert tools.toolchain["coreutils"].startswith("sort (GNU coreutils)")
    assert (tools.toolchain["time zone"], tools.differences) == ("UTC", [])


@pytest.mark.world
@pytest.mark.parametrize("broken", ["[[ a ] || b ]]", "[[ ]]", "for ((i = 0; i < 3; i++) do :; done", "[[ -z a b ]]"])
def test_script_that_bash_cannot_read_to_its_end_never_passes(sandbox: Sandbox, broken: str) -> None:
    """Bash 5.2.15 ends with 0 on these, and mostly without a word; other versions do not."""
    assert (
        outcome_of(sandbox, "sh", f"f() {{\n    {broken}\n}}\nset -e\nf\n[[ a = b ]]", "demo-sh")[0] == "syntax_error"
    )


@pytest.mark.world
@pytest.mark.parametrize(
    "right", ["shopt -s extglob\ncase 12 in\n+([0-9])) ;;\n*) exit 1 ;;\nesac", "cat <<X\n]]\nX", "exit 0"]
)
def test_script_that_only_a_running_bash_can_read_still_passes(sandbox: Sandbox, right: str) -> None:
    assert outcome_of(sandbox, "sh", right, "demo-sh") == ("passed", "OK")


def test_verdicts_of_an_earlier_version_say_so_and_what_to_do() -> None:
    old = b'{"record": "verdicts", "task": "humaneval", "toolchain": {}}'
    with pytest.raises(RecordError, match="earlier version of podium: it lacks packages, root, differences") as caught:
        decode(old, VerdictsHeader, "v.jsonl:1")
    assert "podium execute" in caught.value.hint


@pytest.mark.world
@pytest.mark.parametrize(
    "script",
    [
        "x=é; [ ${#x} = 1 ]",
        "[ \"$(printf '\\u00e9')\" = é ]",
        "[[ é == [[:alpha:]] ]]",
        "[ $(echo é | sed s/./x/g) = x ]",
    ],
)
def test_characters_of_utf_8_are_characters_as_in_the_harnesss_processes(sandbox: Sandbox, script: str) -> None:
    assert outcome_of(sandbox, "sh", script, "demo-sh")[0] == "passed"


@pytest.mark.world
@pytest.mark.parametrize(
    "script", ["x=$(timeout 5 node -v)", "set -m; node -v & wait", "timeout 5 python3 -c 'import torch'"]
)
def test_asking_from_another_group_of_processes_is_seen_too(sandbox: Sandbox, script: str) -> None:
    assert outcome_of(sandbox, "sh", f"{script}\nexit 1", "sh")[0] == "unavailable"
