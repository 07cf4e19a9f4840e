"""Preflight: what this machine gives to whoever runs generated programs on it.

Reads the machine. Writes nothing; the command prints the record.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from podium.errors import SandboxError
from podium.execute.languages import LANGUAGES, language_named
from podium.execute.provisions import NAMES, provisions_named
from podium.execute.provisions.checks import look
from podium.execute.selftest import GUARDS, read_versions, try_guard, try_probe
from podium.records import Check

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

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


def check_languages(sandbox: Runner, names: Iterable[str] = ()) -> Iterator[Check]:
    """Version and known programs of each language, by its short name; of all languages without names."""
    for name in names or LANGUAGES:
        language = language_named(name)
        limits = language.limits("parity")
        try:
            versions = read_versions(language, limits, sandbox, name)
            probes = [try_probe(probe, language, "parity", sandbox, name) for probe in language.probes("")]
        except SandboxError as err:
            yield Check(name=f"toolchain {name}", ok=False, saw=f"{err}; {err.hint}")
            continue
        wrong = "; ".join(f"{probe.name} was {probe.saw}" for probe in probes if not probe.ok)
        saw = wrong or f"{', '.join(versions.values())}; {len(probes)} known programs as expected"
        yield Check(name=f"toolchain {name}", ok=not wrong, saw=saw)


def check_provisions(sandbox: Runner, names: Iterable[str] = ()) -> Iterator[Check]:
    """What programs of each language may use beside the interpreter, with versions, or what is missing of it."""
    for name in (listed for listed in NAMES if not names or listed.removeprefix("demo-") in set(names)):
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
