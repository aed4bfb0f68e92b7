"""`heartline state reset`."""

import shutil
from typing import Annotated

import typer

from stream.dataplane.directory import exclusive
from stream.settings import Settings

app = typer.Typer(help="The local state of a worker.", no_args_is_help=True)


@app.command()
def reset(
    confirm: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Delete this worker's local tables; the next start restores them from the changelog. Stop the worker first.

    Example: `HEARTLINE_DATA_DIRECTORY=/var/lib/heartline heartline state reset --yes`
    """
    folder = Settings().data_directory
    if not confirm:
        typer.confirm(f"delete the tables in {folder}?", abort=True)
    with exclusive(folder):
        for path in folder.iterdir():
            if path.is_dir():
                shutil.rmtree(path)
    typer.echo(f"{folder} is empty; the state comes back from the changelog at the next start")
