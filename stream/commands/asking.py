"""Asking before something is done that cannot be undone."""

import typer

DECLINED = 3
"""The exit code of a command that asked and was not told yes: nothing was done."""


def ask(question: str) -> None:
    """Go on if the answer is yes. Raises `typer.Exit` if it is no, or if nobody is there to answer."""
    try:
        agreed = typer.confirm(question)
    except typer.Abort as error:
        if isinstance(error.__context__, KeyboardInterrupt):
            raise KeyboardInterrupt from None
        agreed = False
    if not agreed:
        typer.echo("nothing was done", err=True)
        raise typer.Exit(DECLINED)
