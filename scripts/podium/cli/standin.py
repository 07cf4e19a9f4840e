"""podium standin: the stand-in boards as a process of their own."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("standin")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Port; 0 takes the last one used, or any.")
@click.option(
    "--state",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(".podium-standin"),
    show_default=True,
    help="Folder that keeps repositories and pull requests between runs.",
)
@click.option("--faults", type=click.Path(dir_okay=False, path_type=Path), help="JSON file of scripted failures.")
@click.option(
    "--world",
    type=click.Path(dir_okay=False, path_type=Path),
    help="JSON file of the accounts and repositories at the start.",
)
def command(port: int, state: Path, faults: Path | None, world: Path | None) -> None:
    """A stateful stand-in for the GitHub and Hub APIs on 127.0.0.1; prints its addresses as JSON."""
    from podium.records import read_record
    from podium.standin.faults import read_faults
    from podium.standin.server import run_standin
    from podium.standin.state import STATE_FILE
    from podium.standin.world import World, default_world

    # A state that is there, such as the demo's, is shown as it is.
    known = World() if (state / STATE_FILE).exists() else default_world()
    seed = read_record(world, World) if world else known
    run_standin(state, seed, port, read_faults(faults) if faults else [], click.echo)
