"""Toolchains are data: for each language and distribution a version, or the command that gets one from elsewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from podium.cli.crosscheck import check_toolchains
from podium.cli.doctor import command as doctor_command
from podium.cli.toolchains import command as toolchains_command
from podium.crosscheck import TaskFiles
from podium.doctor import check_languages
from podium.errors import NotInstalledError, UsageError
from podium.execute.languages import LANGUAGES, Probe, language_named
from podium.execute.provisions import provisions_named
from podium.execute.provisions.checks import look, look_at_all
from podium.execute.provisions.machine import Machine
from podium.execute.sandbox import Sandbox
from podium.execute.toolchains import read_table, this_distribution, toolchain_of
from podium.execute.toolchains.missing import APT, MMDEBSTRAP, ROOTS, Missing, find_missing, how_to_repair, place
from podium.profiles import profile_named
from podium.tasks import Task, known_tasks

REPOSITORY = Path(__file__).resolve().parents[3]
# Every Debian has these; a compiler brings the other.
BOARD_LANGUAGES = {known_tasks()[task].language for task in profile_named("bigcode").problems}
BROUGHT = {"gzip", "hostname", "ncurses-bin", "tar", "util-linux", "gcc"}
INSTALL = "apt-get install --yes" if APT.exists() else "install"
JULIA = f"mkdir --parents {ROOTS} && mmdebstrap --variant=essential --include=julia bullseye {ROOTS}/jl"
if not MMDEBSTRAP.exists():
    JULIA = f"{INSTALL} mmdebstrap && {JULIA}"


@pytest.fixture
def poor(tmp_path: Path) -> Machine:
    """This machine with the basic commands alone, and no module of Perl."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in set(provisions_named("demo-sh").targets.values()) | {"perl"}:
        if found := Machine().command(name):
            (folder / name).symlink_to(found)
    return Machine(commands=(str(folder),), perl=(str(tmp_path / "perl5"),))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_a_toolchain_that_its_list_knows(language: str) -> None:
    toolchain, listed = toolchain_of(language), provisions_named(language)
    assert toolchain is not None
    assert toolchain.versions.keys() <= read_table().distributions.keys()
    if language not in {"py", "sh"}:  # podium's own interpreter; bash is a command of every list
        assert toolchain.package in listed.commands
        assert listed.commands[toolchain.package].image or language == "js"  # whatever was current when it was built
        assert listed.commands[toolchain.package].version
    for distribution in read_table().distributions:
        assert distribution in toolchain.versions or toolchain.root is not None


@pytest.mark.parametrize("language", [name for name, toolchain in read_table().languages.items() if toolchain.root])
def test_what_a_root_is_made_of_brings_what_the_list_names(language: str) -> None:
    toolchain = toolchain_of(language)
    assert toolchain is not None
    assert toolchain.root is not None
    assert toolchain.package in toolchain.root.packages
    assert set(provisions_named(language).data) <= set(toolchain.root.packages)


@pytest.mark.parametrize("language", sorted(BOARD_LANGUAGES - {"jl", "swift", "py"} | {"pl", "sh"}))
def test_the_gate_installs_what_each_language_needs(language: str) -> None:
    """But for what every Debian has; lists name what brings each file, which may come with another package."""
    script = (REPOSITORY / ".ci" / "run").read_text(encoding="utf-8")
    listed, basic = provisions_named(language), provisions_named("demo-sh").commands
    wanted = (listed.commands.keys() | {module.package for module in listed.perl.modules.values()}) - basic.keys()
    named = set(re.findall(r"missing\+=\(([^)]*)\)", script))
    assert wanted - BROUGHT <= {package for names in named for package in names.split()}


def test_the_modules_that_tests_load_change_the_probes_of_their_languages() -> None:
    changed = {
        name
        for name in LANGUAGES
        if (toolchain := toolchain_of(name)) and language_named(name).probes(" ".join(toolchain.modules))
        != language_named(name).probes("")
    }  # fmt: skip
    assert "pl" in changed


def test_the_distribution_is_read_from_its_own_file(tmp_path: Path) -> None:
    path = tmp_path / "os-release"
    path.write_text('PRETTY_NAME="Ubuntu 22.04.5 LTS"\nID=ubuntu\nVERSION_ID="22.04"\n# a comment\n')
    assert this_distribution(path) == "ubuntu-22.04"
    path.write_text("ID=void\n")
    assert this_distribution(path) == ""
    assert this_distribution(tmp_path / "nothing") == ""


@pytest.mark.parametrize(("here", "wanted"), [("debian-12", "mmdebstrap"), ("debian-13", "apt-get")])
def test_a_package_is_installed_where_the_distribution_has_it_and_else_a_root_is_made(
    monkeypatch: pytest.MonkeyPatch, here: str, wanted: str
) -> None:
    monkeypatch.setattr("podium.execute.toolchains.missing.this_distribution", lambda: here)
    monkeypatch.setattr("podium.execute.toolchains.missing.MMDEBSTRAP", APT)
    missing = place(provisions_named("swift"), {"swiftlang"}, None)
    assert wanted.replace("apt-get", INSTALL) in str(missing)
    assert ("trixie" in str(missing)) == (here == "debian-12")


def test_what_a_root_lacks_is_installed_inside_it(tmp_path: Path) -> None:
    missing = place(provisions_named("jl"), {"mawk", "julia"}, tmp_path)
    assert str(missing) == f"chroot {tmp_path} apt-get install --yes julia mawk"


def test_what_is_missing_for_several_languages_is_one_command() -> None:
    both = Missing(packages={"b"}, python={"x==1"}) | Missing(packages={"a"})
    assert str(both).startswith(f"{INSTALL} a b && ")
    assert str(both).endswith("-m pip install x==1")
    assert str(Missing()) == ""


def test_the_remedy_of_a_broken_toolchain_is_a_command(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("podium.execute.toolchains.missing.APT", tmp_path)
    assert how_to_repair("pl", None).startswith("apt-get install --reinstall --yes perl;")
    assert f"{tmp_path}" in how_to_repair("pl", tmp_path)


@pytest.mark.world
def test_doctor_names_the_command_that_installs_a_missing_toolchain_or_module(poor: Machine) -> None:
    with Sandbox(machine=poor) as sandbox:
        checks = {check.name: check for check in check_languages(sandbox, {"jl": "jl", "pl": "pl", "demo-pl": "pl"})}
    assert [check.ok for check in checks.values()] == [False, False, True]
    assert checks["toolchain jl"].saw.startswith(f"not installed: {JULIA} (")
    assert checks["toolchain pl"].saw.startswith(f"not installed: {INSTALL} libtest-deep-perl (")
    assert "right answer passed, wrong answer failed, syntax error failed, endless loop timed_out" in (
        checks["toolchain pl, for demo-pl"].saw
    )


@pytest.mark.world
def test_doctor_tries_programs_with_the_modules_that_tests_load(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def probes(_: object, tests: str) -> list[Probe]:
        asked.append(tests)
        return []

    monkeypatch.setattr("podium.execute.languages.perl.Perl.probes", probes)
    monkeypatch.setattr("podium.doctor.look", lambda *_: None)
    with Sandbox() as sandbox:
        saw = [check.saw for check in check_languages(sandbox, {"pl": "pl", "demo-pl": "pl"})]
    assert asked == ["Test::Deep", ""]
    assert "with Test::Deep" in saw[0]
    assert "Test::Deep" not in saw[1]


@pytest.mark.world
def test_missing_toolchains_of_several_tasks_are_one_error_with_each_command(poor: Machine) -> None:
    with (
        Sandbox(machine=poor) as sandbox,
        pytest.raises(NotInstalledError, match=r"'jl'.*julia; not installed: .*bullseye.*'pl'.*Test::Deep") as caught,
    ):
        look_at_all([provisions_named("jl"), provisions_named("pl")], sandbox)
    assert "libtest-deep-perl" in caught.value.hint
    assert "--include=julia bullseye" in caught.value.hint
    with Sandbox(machine=poor) as sandbox, pytest.raises(NotInstalledError):
        look(provisions_named("pl"), sandbox)


def test_files_alone_tell_what_is_missing(poor: Machine) -> None:
    assert find_missing(provisions_named("demo-sh"), poor) == Missing()
    assert find_missing(provisions_named("pl"), poor) == Missing(packages={"libtest-deep-perl"})
    assert list(find_missing(provisions_named("jl"), poor).roots) == ["jl"]


def test_crosscheck_names_the_tasks_that_the_harness_cannot_judge_here(
    monkeypatch: pytest.MonkeyPatch, poor: Machine, tmp_path: Path
) -> None:
    def files(name: str, language: str, provisions: str) -> TaskFiles:
        task = Task(
            name=name, language=language, problems=[], stop=[], data_sha256="0" * 64, problems_in_task=1,
            provisions=provisions,
        )  # fmt: skip
        return TaskFiles(task=task, generations=tmp_path, verdicts=tmp_path)

    monkeypatch.setattr("podium.cli.crosscheck.Machine", lambda: poor)
    here, rooted, lacking = files("a", "sh", "demo-sh"), files("b", "jl", ""), files("c", "pl", "")
    check_toolchains([here])
    with pytest.raises(UsageError, match="cannot judge b, c: not installed") as caught:
        check_toolchains([here, rooted, lacking])
    assert caught.value.hint == f"{INSTALL} libtest-deep-perl; or --tasks a"
    with pytest.raises(UsageError) as caught:
        check_toolchains([rooted])
    assert caught.value.hint == "nothing is left to compare on this machine"


def test_toolchains_shows_state_and_commands_of_the_named_languages(
    monkeypatch: pytest.MonkeyPatch, poor: Machine
) -> None:
    monkeypatch.setattr("podium.cli.toolchains.Machine", lambda: poor)
    shown = CliRunner().invoke(toolchains_command, ["--languages", "jl,pl", "--json"])
    assert shown.exit_code == 0, shown.output
    assert f"not installed: {JULIA}" in shown.stdout
    assert '"run": "perl tmp/program.pl"' in shown.stdout
    assert '"modules": "Test::Deep"' in shown.stdout


def test_install_prints_one_command_and_without_yes_runs_nothing(
    monkeypatch: pytest.MonkeyPatch, poor: Machine
) -> None:
    monkeypatch.setattr("podium.cli.toolchains.Machine", lambda: poor)
    monkeypatch.setattr("podium.cli.toolchains.subprocess.run", lambda *_, **__: pytest.fail("it ran something"))
    printed = CliRunner().invoke(toolchains_command, ["install", "--tasks", "multiple-pl"])
    assert printed.stdout == f"{INSTALL} libtest-deep-perl\n"
    nothing = CliRunner().invoke(toolchains_command, ["install", "--tasks", "demo-sh"])
    assert (nothing.exit_code, nothing.stdout) == (0, "")


@pytest.mark.parametrize("is_root", [True, False])
def test_install_with_yes_runs_the_command_as_root(
    monkeypatch: pytest.MonkeyPatch, poor: Machine, tmp_path: Path, is_root: bool
) -> None:
    ran = []

    class Done:
        returncode = 0

    def run(words: list[str], **_: object) -> Done:
        ran.append(words)
        Done.returncode = 100 if "libtest-deep-perl" in words and not is_root else 0
        return Done()

    monkeypatch.setattr("podium.cli.toolchains.Machine", lambda: poor)
    monkeypatch.setattr("podium.cli.toolchains.APT", tmp_path)
    monkeypatch.setattr("podium.execute.toolchains.missing.APT", tmp_path)
    monkeypatch.setattr("podium.cli.toolchains.subprocess.run", run)
    monkeypatch.setattr("podium.cli.toolchains.os.geteuid", lambda: 0 if is_root else 1000)
    monkeypatch.setattr("podium.cli.toolchains.shutil.which", lambda _: "/usr/bin/sudo")
    done = CliRunner().invoke(toolchains_command, ["install", "--tasks", "multiple-pl", "--yes"])
    before = [] if is_root else ["/usr/bin/sudo", "-n"]
    install = ["apt-get", "install", "--yes", "libtest-deep-perl"]
    assert ran == [[*before, "apt-get", "update"], [*before, *install]]
    if is_root:
        assert done.exit_code == 0, done.output
    else:
        assert "ended with exit code 100" in str(done.exception)


def test_install_says_so_where_nobody_may_install(
    monkeypatch: pytest.MonkeyPatch, poor: Machine, tmp_path: Path
) -> None:
    monkeypatch.setattr("podium.cli.toolchains.Machine", lambda: poor)
    monkeypatch.setattr("podium.cli.toolchains.APT", tmp_path)
    monkeypatch.setattr("podium.cli.toolchains.os.geteuid", lambda: 1000)
    monkeypatch.setattr("podium.cli.toolchains.shutil.which", lambda _: None)
    refused = CliRunner().invoke(toolchains_command, ["install", "--tasks", "multiple-pl", "--yes"])
    assert "only root can install" in str(refused.exception)


def test_a_podium_toml_decides_which_languages_are_looked_at(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    text = '[model]\norg = "o"\nmodel = "m"\nuser = "u"\ncheckpoint = "c"\n[submit]\nfork = "o/f"\n'
    (tmp_path / "podium.toml").write_text(text + '[evaluation]\ntasks = ["multiple-pl"]\n')
    monkeypatch.chdir(tmp_path)
    shown = CliRunner().invoke(toolchains_command, ["--json"])
    assert shown.stdout.count('"language"') == 1
    named = CliRunner().invoke(toolchains_command, ["--json", "--languages", "sh"])
    assert {line.strip() for line in named.stdout.splitlines() if '"language"' in line} == {
        '"language": "sh",', '"language": "sh (demo-sh)",'
    }  # fmt: skip
    assert "--root" in {option for parameter in doctor_command.params for option in parameter.opts}
