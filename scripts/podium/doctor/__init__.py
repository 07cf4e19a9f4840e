"""Preflight: what this machine gives to whoever runs generated programs on it.

Reads the machine. Writes nothing; the command prints the record.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from podium.errors import NotInstalledError, SandboxError
from podium.execute.languages import language_named
from podium.execute.provisions import NAMES, provisions_named
from podium.execute.provisions.checks import look
from podium.execute.provisions.machine import describe_root
from podium.execute.selftest import GUARDS, read_versions, try_guard, try_probe
from podium.execute.toolchains import toolchain_of
from podium.records import Check

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from podium.execute.sandbox import Runner

__all__ = ["check_languages", "check_provisions", "check_sandbox"]


def check_sandbox(sandbox: Runner) -> Iterator[Check]:
    """Every layer that holds or not, then every attack of the self-test. One failed check where there is no sandbox."""
    try:
        facts = sandbox.facts()
    except SandboxError as err:
        yield Check(name="sandbox", ok=False, saw=f"{err}; {err.hint}")
        return
    yield Check(name="sandbox", ok=facts.isolated, saw=", ".join(facts.layers))
    for layer in facts.missing:
        # Nothing essential is ever missing here: the sandbox refuses to start then.
        yield Check(name="sandbox, not on this machine", ok=True, saw=layer)
    for guard in GUARDS:
        check = try_guard(guard, sandbox)
        yield Check(name=f"sandbox, {check.name}", ok=check.ok, saw=check.saw)


def check_languages(sandbox: Runner, lists: Mapping[str, str]) -> Iterator[Check]:
    """Version and known programs of a language, with the modules that its tests need, for each list's programs."""
    for provisions, name in lists.items():
        title = f"toolchain {name}" if provisions == name else f"toolchain {name}, for {provisions}"
        try:
            saw, ok = _try_language(sandbox, provisions, name)
        except NotInstalledError as err:
            saw, ok = f"not installed: {err.hint} ({err})", False
        except SandboxError as err:
            saw, ok = f"{err}; {err.hint}", False
        yield Check(name=title, ok=ok, saw=saw)


def _try_language(sandbox: Runner, provisions: str, name: str) -> tuple[str, bool]:
    look(provisions_named(provisions), sandbox)
    language, toolchain = language_named(name), toolchain_of(provisions)
    modules = toolchain.modules if toolchain else []
    versions = read_versions(language, "parity", sandbox, provisions)
    probes = language.probes(" ".join(modules))
    tried = [try_probe(probe, language, "parity", sandbox, provisions) for probe in probes]
    if wrong := "; ".join(f"{probe.name} was {probe.saw}" for probe in tried if not probe.ok):
        return wrong, False
    told = ", ".join(f"{probe.name} {probe.saw}" for probe in tried)
    root = describe_root(sandbox.root_of(provisions))
    beside = [*([f"with {', '.join(modules)}"] if modules else []), *([f"in {root}"] if root else [])]
    return f"{'; '.join([', '.join(versions.values()), *beside])}; {told}", True


def check_provisions(sandbox: Runner, names: Iterable[str] = ()) -> Iterator[Check]:
    """What the programs of each list may use beside the interpreter, with versions, or what is missing of it."""
    for name in names or NAMES:
        provisions = provisions_named(name)
        try:
            facts = look(provisions, sandbox)
        except SandboxError as err:
            yield Check(name=f"provisions {name}", ok=False, saw=f"{err}; {err.hint}")
            continue
        versions = ", ".join(f"{key} {value}" for key, value in (facts.packages | facts.toolchain).items())
        yield Check(name=f"provisions {name}", ok=True, saw=f"{len(provisions.targets)} commands; {versions}")
        for difference in facts.differences:
            yield Check(name=f"provisions {name}, other than the board's image", ok=True, saw=difference)
