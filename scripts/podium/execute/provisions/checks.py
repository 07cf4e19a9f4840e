"""Whether the machine gives what a list names: asked from inside the sandbox, by one program a kind of thing.

Raises SandboxError with the command that installs what is missing; it is never a verdict against a program.
"""

from __future__ import annotations

import shlex
import sys
from typing import TYPE_CHECKING, Any

import msgspec

from podium.errors import NotInstalledError, RecordError, SandboxError
from podium.execute.jobs import one_step
from podium.execute.provisions import NO_IMAGE
from podium.execute.toolchains.missing import Missing, place
from podium.files import parse_json
from podium.records import Limits

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from podium.execute.provisions import Provisions
    from podium.execute.sandbox import Runner

# A loaded machine gets time: what is there is there.
LIMITS = Limits(
    wall_seconds=60.0, cpu_seconds=60.0, memory_bytes=4 << 30, output_bytes=1 << 18, file_bytes=1 << 20, processes=64
)
TIME_ZONE = "UTC"

COMMANDS_PROGRAM = r"""# provisions
for name in {names}; do [[ $(type -P "$name") = "${{PATH}}/$name" ]] || echo "missing $name"; done
for file in {files}; do [[ -r $file ]] || echo "absent $file"; done
version() {{ printf 'version %s ' "$1"; shift; "$@" 2>&1 < /dev/null | {{ read -r line; printf '%s\n' "$line"; }}; }}
{versions}
[[ $(LC_ALL=C.UTF-8; text=$'\xc3\xa9'; echo ${{#text}}) = 1 ]] || echo "absent C.UTF-8"
echo "zone $(date +%Z)"
echo end
"""
PERL_PROGRAM = r"""# provisions
for my $name (qw({names})) {{
    (my $path = "$name.pm") =~ s{{::}}{{/}}g;
    if (eval {{ require $path; 1 }}) {{ print "version $name ", $name->VERSION // "", "\n" }}
    else {{ print "missing $name\n" }}
}}
print "end\n";
"""
# Only the outermost modules are tried: an import of all that belongs to them takes seconds. Those with compiled parts
# are really imported, since a shared library may be what is missing.
PYTHON_PROGRAM = """# provisions
import importlib.metadata, importlib.util, json, time, zoneinfo
missing, versions = [], {{}}
for name, modules in {distributions!r}.items():
    try:
        versions[name] = importlib.metadata.version(name)
        if not all(map(importlib.util.find_spec, modules)):
            missing.append(name)
    except (ImportError, ValueError):
        missing.append(name)
for name in {standard!r}:
    try:
        __import__(name)
    except ImportError:
        missing.append(name)
for name in {compiled!r}:
    if name not in missing:
        try:
            for module in {distributions!r}[name]:
                __import__(module)
        except ImportError:
            missing.append(name)
try:
    zoneinfo.ZoneInfo("Europe/Berlin")
except zoneinfo.ZoneInfoNotFoundError:
    missing.append("tzdata")
raise SystemExit(json.dumps(dict(missing=missing, versions=versions, zone=time.tzname[0])))
"""
COMPILED = ("numpy", "pandas", "PyYAML", "regex", "xxhash")


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What programs of a list find: versions of Python packages, of all else, and how that differs from the image."""

    packages: dict[str, str] = {}
    toolchain: dict[str, str] = {}
    differences: list[str] = []

    def __str__(self) -> str:
        counts = {"packages": len(self.packages), "versions of commands and modules": len(self.toolchain)}
        return ", ".join(f"{count} {name}" for name, count in counts.items() if count) + ", as listed"


class _Seen(msgspec.Struct, kw_only=True):
    versions: dict[str, str] = {}
    packages: dict[str, str] = {}
    debian: set[str] = set()  # packages that would bring what is missing
    pip: set[str] = set()
    wrong: list[str] = []
    missing: Missing = msgspec.field(default_factory=Missing)


def look(provisions: Provisions, sandbox: Runner) -> Facts:
    """Check every entry of a list. Raises NotInstalledError that names each missing one and what installs it."""
    seen = _examine(provisions, sandbox)
    if seen.wrong:
        raise _not_installed([_told(provisions, seen)], seen.missing)
    return Facts(packages=seen.packages, toolchain=seen.versions, differences=_differences(provisions, seen))


def look_at_all(lists: Iterable[Provisions], sandbox: Runner) -> None:
    """Check several lists, before anybody works for hours. Raises NotInstalledError that names all that is missing."""
    told, missing = [], Missing()
    for provisions in lists:
        seen = _examine(provisions, sandbox)
        if seen.wrong:
            told.append(_told(provisions, seen))
            missing |= seen.missing
    if told:
        raise _not_installed(told, missing)


def _examine(provisions: Provisions, sandbox: Runner) -> _Seen:
    seen = _Seen()
    if provisions.commands:
        _look_at_commands(provisions, sandbox, seen)
    if provisions.perl.standard and "perl" not in seen.debian:
        _look_at_perl(provisions, sandbox, seen)
    if provisions.distributions:
        _look_at_python(provisions, sandbox, seen)
    seen.missing = place(provisions, seen.debian, sandbox.root_of(provisions.name)) | Missing(python=seen.pip)
    return seen


def _told(provisions: Provisions, seen: _Seen) -> str:
    """What is wrong with one list, with the command that sets it right where there is one."""
    command = f"; not installed: {seen.missing}" if str(seen.missing) else ""
    return f"programs of the list {provisions.name!r} may use what is not here: {'; '.join(seen.wrong)}{command}"


def _not_installed(told: list[str], missing: Missing) -> NotInstalledError:
    otherwise = "set the machine right, then run it again; podium doctor shows every entry"
    return NotInstalledError("; ".join(told), hint=str(missing) or otherwise)


def _lines(program: str, command: str, file_name: str, provisions: Provisions, sandbox: Runner) -> Iterator[list[str]]:
    """What a script says, in words a line; its last line is `end`."""
    files = {file_name: program.encode()}
    completed = sandbox.run(one_step([command, file_name], files=files, limits=LIMITS, provisions=provisions.name))
    lines = completed.stdout.decode(errors="replace").splitlines()
    if not lines or lines[-1] != "end":
        said = completed.stderr.decode(errors="replace").strip()[-300:]
        message = f"{command} cannot check the list {provisions.name!r} in the sandbox: {said or completed.exit_code}"
        raise _not_installed([message], place(provisions, {command}, sandbox.root_of(provisions.name)))
    return (line.split(" ", 2) for line in lines[:-1])


def _look_at_commands(provisions: Provisions, sandbox: Runner, seen: _Seen) -> None:
    files = {path: package for package, data in provisions.data.items() for path in data.paths}
    program = COMMANDS_PROGRAM.format(
        names=shlex.join(provisions.targets),
        files=shlex.join(files),
        versions="\n".join(
            f"version {package} {shlex.join(commands.version)}"
            for package, commands in provisions.commands.items()
            if commands.version
        ),
    )
    absent: list[str] = []
    for word, name, *rest in _lines(program, "bash", "check.sh", provisions, sandbox):
        if word == "missing":
            absent.append(name)
            seen.debian.add(provisions.package_of(name))
        elif word == "absent":
            seen.wrong.append(f"there is no {name}")
            seen.debian.add(files.get(name, "libc-bin"))
        elif word == "zone":
            _note_zone(name, seen)
        else:
            seen.versions[name] = "".join(rest)
    if absent:
        seen.wrong.append(f"missing commands: {', '.join(absent)}")
    _check_kinds(provisions, seen)


def _check_kinds(provisions: Provisions, seen: _Seen) -> None:
    """A command of another make (busybox, uutils) is not the one that programs were written for."""
    for package, commands in provisions.commands.items():
        said = seen.versions.get(package, commands.says)
        if commands.says not in said and package not in seen.debian:
            seen.wrong.append(f"{commands.names[0]} is {said or 'silent about its version'}, not {commands.says}")
            seen.debian.add(package)


def _note_zone(zone: str, seen: _Seen) -> None:
    seen.versions["time zone"] = zone
    if zone != TIME_ZONE:
        seen.wrong.append(f"the time zone is {zone}, not {TIME_ZONE}")


def _look_at_perl(provisions: Provisions, sandbox: Runner, seen: _Seen) -> None:
    modules = provisions.perl.modules
    program = PERL_PROGRAM.format(names=" ".join([*provisions.perl.standard, *modules]))
    for word, name, *version in _lines(program, "perl", "check.pl", provisions, sandbox):
        if word == "missing":
            seen.wrong.append(f"missing Perl module: {name}")
            seen.debian.add(modules[name].package if name in modules else "perl")
        elif name in modules:
            seen.versions[name] = "".join(version)


def _look_at_python(provisions: Provisions, sandbox: Runner, seen: _Seen) -> None:
    distributions = {name: listed.modules for name, listed in provisions.distributions.items()}
    compiled = [name for name in COMPILED if name in distributions]
    text = PYTHON_PROGRAM.format(distributions=distributions, standard=list(provisions.standard), compiled=compiled)
    job = one_step(
        ["check.py"],
        files={"check.py": text.encode()},
        limits=LIMITS,
        grace_seconds=1.0,
        driver="python",
        provisions=provisions.name,
    )
    completed = sandbox.run(job)
    answer = _answer(completed.result or "")
    seen.packages.update(sorted(answer["versions"].items()))
    _note_zone(answer["zone"], seen)
    for name in answer["missing"]:
        if name in provisions.standard:
            seen.wrong.append(f"this Python was built without {name}")
            seen.debian.update(("python3", "python3-venv"))
        else:
            seen.wrong.append(f"missing Python package: {name}")
            seen.pip.add(f"{name}=={provisions.distributions[name].version}")


def _answer(result: str) -> dict[str, Any]:
    try:
        answer: dict[str, Any] = parse_json(result.partition("failed: ")[2].encode(), "what the check of packages said")
    except RecordError as err:
        message = (
            f"Python cannot check its packages in the sandbox: {result.strip()[:300] or 'it ended without a word'}"
        )
        raise SandboxError(message, hint="podium doctor shows what holds on this machine") from err
    return answer


def _differences(provisions: Provisions, seen: _Seen) -> list[str]:
    """What the board's own image is known to have otherwise, as sentences."""
    if not provisions.board:
        return []
    images = {package: commands.image for package, commands in provisions.commands.items()}
    images |= {name: module.image for name, module in provisions.perl.modules.items()}
    differences = []
    for name, image in images.items():
        said = seen.versions.get(name, "")
        if image == NO_IMAGE:
            differences.append(f"{name} is given to programs; the board's image is not known to have it")
        elif image and image not in said:
            differences.append(f"{name} says {said!r}; the board's image has {image}")
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    if provisions.image.get("python", python) != python:
        differences.append(f"Python is {python}; the board's image has {provisions.image['python']}")
    for name, listed in provisions.distributions.items():
        if seen.packages[name] != listed.version:
            differences.append(f"{name} is {seen.packages[name]}, not {listed.version} as podium installs it")
    if provisions.withheld.python:
        differences.append("packages that the harness's process has and programs here have not end as 'unavailable'")
    return differences
