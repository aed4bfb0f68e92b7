"""`heartline settings`."""

from typing import Annotated

import typer
from pydantic.fields import FieldInfo
from rich.table import Table

from stream.settings import Settings
from stream.views import console


def _default(field: FieldInfo) -> str:
    default = field.get_default()
    if field.is_required() or default is None:
        return "-"
    return ", ".join(sorted(default)) if isinstance(default, frozenset) else str(default)


def rows() -> list[tuple[str, str, str]]:
    """Variable, default and meaning of each setting."""
    return [
        (f"HEARTLINE_{name.upper()}", _default(field), field.description or "")
        for name, field in Settings.model_fields.items()
    ]


def markdown() -> str:
    """The table of `docs/settings.md`."""
    lines = [f"| `{variable}` | `{default}` | {meaning} |" for variable, default, meaning in rows()]
    return "\n".join(["| variable | default | meaning |", "|---|---|---|", *lines])


def settings(as_markdown: Annotated[bool, typer.Option("--markdown", help="As in docs/settings.md.")] = False) -> None:
    """Show every setting, what it means, and its value now (secrets are never shown).

    Example: `heartline settings`
    """
    if as_markdown:
        typer.echo(markdown())
        return
    values = Settings()
    table = Table("variable", "value", "meaning")
    for (variable, _default_value, meaning), name in zip(rows(), Settings.model_fields, strict=True):
        table.add_row(variable, str(getattr(values, name)), meaning)
    console().print(table)
