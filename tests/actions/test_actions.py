"""Every composite action is constant text plus a map of inputs to the variables that its command reads."""

from __future__ import annotations

import importlib
import re
from typing import TYPE_CHECKING, Any

import click
import pytest
from tests.actions.documents import ACTION_FILES, REPOSITORY, load_action, steps_of, texts_of
from tests.actions.expressions import EXPRESSION

from podium.cli import COMMANDS

if TYPE_CHECKING:
    from pathlib import Path

NAMES = [path.parent.name for path in ACTION_FILES]
# Actions with a script of their own beside action.yml instead of a command.
SCRIPTS = {"comment", "setup", "touched"}
COMMAND_ACTIONS = [name for name in NAMES if name not in SCRIPTS]
# Commands for people at a terminal.
NO_ACTION = {"crosscheck", "demo", "doctor", "golden", "init", "run", "standin", "toolchains"}
READ_TOKENS = {"GITHUB_TOKEN", "PODIUM_HUB_READ_TOKEN"}
TOKENS = {
    "plan": READ_TOKENS,
    "convert": READ_TOKENS,
    "comment": {"PODIUM_COMMENT_TOKEN"},
    "submit": {"PODIUM_FORK_TOKEN"},
    "upload": {"HF_TOKEN"},
    "publish": {"PODIUM_FORK_TOKEN", "HF_TOKEN"},
}
KEBAB = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
INPUT = re.compile(r"inputs\.([\w-]+)")
STEP_OUTPUT = re.compile(r"steps\.([\w-]+)\.outputs\.([\w-]+)")


def command_named(name: str) -> click.Command:
    command = importlib.import_module(COMMANDS[name][0]).command
    assert isinstance(command, click.Command)
    return command


def variables_of(name: str) -> dict[str, click.Parameter]:
    """Every environment variable the command reads, as click derives it."""
    found: dict[str, click.Parameter] = {}
    for parameter in command_named(name).params:
        explicit = parameter.envvar or []
        for variable in [explicit] if isinstance(explicit, str) else explicit:
            found[variable] = parameter
        if isinstance(parameter, click.Option) and parameter.name:
            found[f"PODIUM_{name}_{parameter.name}".upper()] = parameter
    return found


def environment_of(name: str) -> dict[str, str]:
    (step,) = steps_of(load_action(name))
    return step.get("env", {})  # type: ignore[no-any-return]


def test_every_stage_has_an_action_and_no_other_command_has_one() -> None:
    assert set(COMMAND_ACTIONS) == COMMANDS.keys() - NO_ACTION


@pytest.mark.parametrize("name", COMMAND_ACTIONS)
def test_each_variable_is_one_the_command_reads(name: str) -> None:
    variables = set(environment_of(name)) - TOKENS.get(name, set())
    assert variables <= variables_of(name).keys()


@pytest.mark.parametrize("name", COMMAND_ACTIONS)
def test_required_inputs_cover_what_the_command_requires(name: str) -> None:
    needed = {variable for variable, parameter in variables_of(name).items() if parameter.required}
    inputs = load_action(name)["inputs"]
    given = {
        variable
        for variable, value in environment_of(name).items()
        if inputs[INPUT.findall(value)[0]]["required"] and variable not in TOKENS.get(name, set())
    }
    parameters = {id(variables_of(name)[variable]) for variable in given}
    assert all(id(variables_of(name)[variable]) in parameters for variable in needed)


@pytest.mark.parametrize("name", NAMES)
def test_variable_is_named_after_its_input(name: str) -> None:
    for variable, value in environment_of(name).items():
        match = re.fullmatch(r"\$\{\{ inputs\.([\w-]+) \}\}", value)
        assert match, f"{variable} is {value}, not one input"
        if variable not in TOKENS.get(name, set()):
            assert variable == f"PODIUM_{name}_{match[1]}".upper().replace("-", "_")


@pytest.mark.parametrize("name", NAMES)
def test_each_input_is_mapped_described_and_without_default(name: str) -> None:
    inputs = load_action(name).get("inputs", {})
    mapped = [INPUT.findall(value)[0] for value in environment_of(name).values()]
    assert sorted(mapped) == sorted(inputs)
    for key, value in inputs.items():
        assert KEBAB.fullmatch(key)
        assert value.keys() == {"description", "required"}, f"{key}: defaults live in click alone"
        assert value["description"]


@pytest.mark.parametrize("name", NAMES)
def test_run_is_one_constant_command(name: str) -> None:
    (step,) = steps_of(load_action(name))
    script = f'python3 "$GITHUB_ACTION_PATH/{name}.py"'
    command = f'"$RUNNER_TEMP/podium/bin/podium" {name}'
    assert step["run"] == (script if name in SCRIPTS else command)
    assert step["shell"] == "bash"
    assert step.keys() <= {"name", "id", "shell", "env", "run"}


@pytest.mark.parametrize("name", NAMES)
def test_every_expression_names_an_input_or_a_step(name: str) -> None:
    action = load_action(name)
    steps = {step.get("id") for step in steps_of(action)}
    for text in texts_of(action):
        for expression in EXPRESSION.findall(text):
            given = INPUT.fullmatch(expression)
            made = STEP_OUTPUT.fullmatch(expression)
            assert given or made, f"{expression} is neither an input nor a step's output"
            assert given is None or given[1] in action["inputs"]
            assert made is None or made[1] in steps


@pytest.mark.parametrize("name", NAMES)
def test_each_output_is_described_and_comes_from_the_step_under_its_name(name: str) -> None:
    for key, value in load_action(name).get("outputs", {}).items():
        assert value["description"]
        assert value["value"] == f"${{{{ steps.{name}.outputs.{key} }}}}"


@pytest.mark.parametrize("name", NAMES)
def test_tokens_reach_only_the_actions_that_fetch_a_checkpoint_or_send(name: str) -> None:
    tokens = {variable for variable in environment_of(name) if variable.endswith("_TOKEN")}
    assert tokens == TOKENS.get(name, set())
    inputs: dict[str, Any] = load_action(name).get("inputs", {})
    assert len([key for key in inputs if key.endswith("-token")]) == len(tokens)


@pytest.mark.parametrize("path", ACTION_FILES, ids=NAMES)
def test_action_stays_short_and_out_of_the_jobs_environment(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    runs = text[text.index("\nruns:") :].strip().splitlines()
    assert len(runs) <= 21
    assert not re.search(r"GITHUB_ENV|GITHUB_PATH", text)
    assert (REPOSITORY / "actions" / path.parent.name / f"{path.parent.name}.py").exists() == (
        path.parent.name in SCRIPTS
    )
