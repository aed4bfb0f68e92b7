"""`heartline model validate|show|diff|publish|history|schema`."""

import json
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
import yaml
from rich.table import Table

from models.health.accounts.alerts.account_health_declined import AccountHealthDeclined
from models.health.accounts.model import parse_account_model
from models.health.alerts.contact_health_declined import ContactHealthDeclined
from models.health.errors import ModelError
from models.health.forms import json_schema
from models.health.model import HealthModel, parse_model
from models.health.reading import read_model
from schemas.base import DEFAULT_TENANT
from stream.errors import BadInput, ModelRefused
from stream.model_difference import differences
from stream.published_models import DEFAULT_DOCUMENT, Publication, Publications, publication, published_by, same
from stream.sending import Sender
from stream.settings import Settings
from stream.views import console

app = typer.Typer(
    help="Health models: check, publish, see which is in force.\n\nExample: `heartline model validate model.yaml`",
    no_args_is_help=True,
)

File = Annotated[
    Path, typer.Argument(help="A model (YAML or JSON; docs/models.md); - for standard input.", allow_dash=True)
]
Tenant = Annotated[str, typer.Option(help="The tenant.")]
AsJson = Annotated[bool, typer.Option("--json", help="For programs.")]


def read_file(file: Path) -> bytes:
    """The document of a model's file. Raises `BadInput` with all that is wrong in it, a line each."""
    try:
        return read_model(_text(file))
    except ModelError as error:
        raise BadInput("\n".join(f"{file}: {problem}" for problem in error.problems)) from error


def _text(file: Path) -> bytes:
    try:
        return sys.stdin.buffer.read() if file == Path("-") else file.read_bytes()
    except OSError as error:
        raise BadInput(f"{file} cannot be read: {error.strerror}") from error


@app.command()
def validate(file: File, as_json: AsJson = False) -> None:
    """Check a model as a whole; all that is wrong is told with its field and line. Exit code 11 if anything is.

    Example: `heartline model validate examples/models/default.yaml`
    """
    try:
        model = parse_model(read_model(_text(file)))
    except ModelError as error:
        if not as_json:
            raise BadInput("\n".join(f"{file}: {problem}" for problem in error.problems)) from error
        problems = [{"line": one.line, "path": one.path, "message": one.message} for one in error.problems]
        typer.echo(json.dumps({"valid": False, "problems": problems}))
        raise typer.Exit(BadInput.exit_code) from error
    if as_json:
        typer.echo(json.dumps({"valid": True, "version": model.version, "problems": []}))
    else:
        typer.echo(f"{file} is a valid model: {_summary(model)}")


@app.command()
def show(
    tenant: Tenant = DEFAULT_TENANT,
    version: Annotated[str | None, typer.Option(help="This version, not the one in force.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show the model by which a tenant's contacts are scored, and who published it when.

    Example: `heartline model show --tenant acme > model.yaml`
    """
    published = _published_by(tenant)
    found = published.in_force if version is None else published.named(version)
    if found is None and version is not None:
        raise ModelRefused(f"tenant {tenant!r} has published no version {version!r}: see `heartline model history`")
    if as_json:
        typer.echo(json.dumps(_told(found) | {"tenant": tenant, "model": json.loads(_document(found))}))
        return
    if found is None:
        typer.echo(f"# {tenant} has published no model: the one that comes with Heartline is in force")
    else:
        typer.echo(f"# {tenant}: published {found.at:%Y-%m-%d %H:%M:%S} UTC by {found.author}, offset {found.offset}")
    typer.echo(yaml.safe_dump(json.loads(_document(found)), sort_keys=False, allow_unicode=True).rstrip())
    for line in _declines(_document(found)):
        typer.echo(f"# {line}")


@app.command()
def diff(
    file: File,
    other: Annotated[
        Path | None, typer.Argument(help="A second model; left out: FILE against the one in force.")
    ] = None,
    tenant: Tenant = DEFAULT_TENANT,
    as_json: AsJson = False,
) -> None:
    """Say field by field what a second model changes in a first one, or FILE in the model in force.

    Example: `heartline model diff mine.yaml --tenant acme`
    """
    if other is None:
        before, after = _document(_published_by(tenant).in_force), read_file(file)
    else:
        before, after = read_file(file), read_file(other)
    found = differences(before, after)
    if as_json:
        typer.echo(json.dumps([one.told() for one in found]))
    else:
        typer.echo("\n".join(map(str, found)) if found else "no difference")


@app.command()
def publish(
    file: File,
    author: Annotated[str, typer.Option(help="Who publishes it: an id, never an address.")],
    tenant: Tenant = DEFAULT_TENANT,
    as_json: AsJson = False,
) -> None:
    """Put a model in force: every contact of the tenant is scored by it. What is not valid, or has the version of
    another model, is refused (exit codes 11 and 13).

    Example: `heartline model publish mine.yaml --tenant acme --author carol`
    """
    settings = Settings()
    document = read_file(file)
    published = published_by(settings, tenant)
    event = publication(published, document, author, datetime.now(UTC).replace(microsecond=0))
    in_force = published.in_force
    new = in_force is None or not same(in_force.document, document)
    if new:
        with Sender(settings) as sender:
            sender.send_event(event)
    if as_json:
        typer.echo(json.dumps({"tenant": tenant, "version": event.version, "published": new}))
    elif new:
        typer.echo(f"published: {tenant} is scored by {_summary(parse_model(document))}")
    else:
        typer.echo(f"{event.version} is in force already: nothing was sent")


@app.command()
def history(tenant: Tenant = DEFAULT_TENANT, as_json: AsJson = False) -> None:
    """List what a tenant has published: which versions, when, by whom, and which of them is in force.

    Example: `heartline model history --tenant acme`
    """
    published = _published_by(tenant)
    if as_json:
        typer.echo(json.dumps([_told(one) for one in published.listed]))
        return
    table = Table("offset", "published (UTC)", "version", "author", "state")
    for one in published.listed:
        state = "in force" if one is published.in_force else "superseded"
        table.add_row(
            str(one.offset),
            f"{one.at:%Y-%m-%d %H:%M:%S}",
            one.version,
            one.author,
            f"refused: {one.refused}" if one.refused else state,
        )
    console().print(table)


@app.command()
def schema() -> None:
    """Print the JSON Schema of models, by which editors complete and check them as they are typed.

    Example: `heartline model schema > health-model.json`
    """
    typer.echo(json.dumps(json_schema(), indent=2, ensure_ascii=False))


def _published_by(tenant: str) -> Publications:
    """What a tenant has published. Raises `ConfigurationError` for one that nobody knows, such as a misspelt one."""
    published = published_by(Settings(), tenant)
    if not published.listed:
        published.require_known()
    return published


def _document(found: Publication | None) -> bytes:
    return DEFAULT_DOCUMENT if found is None else found.document


def _declines(document: bytes) -> Iterable[str]:
    """Where the alerts of decline are raised and armed again: a document that leaves that to its bands does not say."""
    model = parse_model(document)
    for where, one in (("", model), *((f" of segment {one.segment}", one) for _, one in model.segments)):
        for rule in (*one.alerts, *(parse_account_model(document).alerts if one is model else ())):
            if isinstance(rule, ContactHealthDeclined | AccountHealthDeclined):
                yield f"{rule.name}{where}: at {rule.at}, rearm_at {rule.rearm_at}"


def _told(found: Publication | None) -> dict[str, Any]:
    """A publication without its document, as JSON has it."""
    if found is None:
        return {"offset": None, "at": None, "version": msgspec.json.decode(DEFAULT_DOCUMENT)["version"], "author": None}
    return {
        "offset": found.offset,
        "at": found.at.isoformat(),
        "version": found.version,
        "author": found.author,
        "refused": found.refused,
    }


def _summary(model: HealthModel) -> str:
    """A model in a line."""
    counted = (
        (len(model.components), "component"),
        (len(model.exceptions), "exception"),
        (len(model.segments), "segment"),
    )
    return f"{model.version}, " + ", ".join(f"{count} {what}{'' if count == 1 else 's'}" for count, what in counted)
