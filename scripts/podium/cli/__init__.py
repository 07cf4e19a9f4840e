"""The command line: parse, wire, call. One module a command, imported when it is used, so `--help` is quick."""

from __future__ import annotations

import importlib

import click

from podium import __version__
from podium.names import closest

# name -> (module with a click command named `command`, the line shown by --help)
COMMANDS = {
    "demo": ("podium.cli.demo", "The whole pipeline offline in about a minute, on a stand-in board."),
    "init": ("podium.cli.init", "Write podium.toml and the caller workflow into a model repository."),
    "doctor": ("podium.cli.doctor", "Which layers of the sandbox hold here, and which toolchains work."),
    "toolchains": ("podium.cli.toolchains", "What each language needs here, and the command that installs it."),
    "plan": ("podium.cli.plan", "Write plan.json: tasks, digests, shards, jobs."),
    "run": ("podium.cli.run", "All stages in one process, from checkpoint to pull request body."),
    "convert": ("podium.cli.convert", "Training checkpoint to Hugging Face directory."),
    "golden": ("podium.cli.golden", "Golden logits of a model that loads, to hold a conversion against."),
    "generate": ("podium.cli.generate", "Draw samples for one task."),
    "merge": ("podium.cli.merge", "Shards of generate back into one run."),
    "execute": ("podium.cli.execute", "Run generations in the sandbox, one verdict a sample."),
    "crosscheck": ("podium.cli.crosscheck", "The official harness judges the same generations; agreement per task."),
    "measure": ("podium.cli.measure", "Throughput and peak memory, by the board's protocol."),
    "score": ("podium.cli.score", "Metrics from verdicts."),
    "validate": ("podium.cli.validate", "Check record files, run directories and submissions."),
    "verify": ("podium.cli.verify", "Recompute anybody's scores from a random part of the generations, or from all."),
    "report": ("podium.cli.report", "Gates, report page and pull request body of a run."),
    "submit": ("podium.cli.submit", "Open or update the pull request in the leaderboard fork."),
    "publish": ("podium.cli.publish", "Send the approved submission to the Space."),
    "upload": ("podium.cli.upload", "The evaluated model to its repository on the Hub."),
    "standin": ("podium.cli.standin", "A stateful stand-in for the GitHub and Hub APIs."),
}


class LazyGroup(click.Group):
    """A group that imports a command's module only when that command is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in pipeline order, for --help."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Import the command, or fail with the closest name."""
        if name not in COMMANDS:
            ctx.fail(f"unknown command {name!r}{closest(name, COMMANDS)}")
        command = importlib.import_module(COMMANDS[name][0]).command
        if not isinstance(command, click.Command):
            message = f"{COMMANDS[name][0]}.command is not a click command"
            raise TypeError(message)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands from the table, without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"auto_envvar_prefix": "PODIUM", "help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="podium")
def cli() -> None:
    """From a release tag of a code model to a reviewed leaderboard submission; nobody types a number."""
