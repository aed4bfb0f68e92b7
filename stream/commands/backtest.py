"""`heartline backtest --outcomes FILE`."""

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from schemas.base import DEFAULT_TENANT
from stream.backtest.known import History, Past
from stream.backtest.known_accounts import AccountsPast
from stream.backtest.measures import Report, judge, measures
from stream.backtest.outcomes import Outcome, read_outcomes
from stream.commands.replay import Events, ModelFile, Processes, Tenant, account_log_of, chosen, log_of, progress
from stream.logs import only_warnings
from stream.parallel import cores, each_partition
from stream.replay.folding import Chosen
from stream.replay.tenants import require_tenant
from stream.settings import Settings
from stream.views import band_text, console, narrow_table


def backtest(
    outcomes: Annotated[
        Path,
        typer.Option(
            help="CSV with the columns contact or account, date, outcome (churned or renewed).",
            exists=True,
            dir_okay=False,
        ),
    ],
    lead: Annotated[int, typer.Option(min=0, help="Judge by what was known so many days before the day.")] = 0,
    tenant: Tenant = DEFAULT_TENANT,
    model: ModelFile = None,
    skip_unknown: Annotated[
        bool, typer.Option("--skip-unknown", help="Leave out outcomes before which there was no score.")
    ] = False,
    events: Events = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
    processes: Processes = None,
) -> None:
    """Say what the scores were worth: each outcome against the band that was known before its day began.

    The log is folded as it stood then: what was logged later does not count, however early it occurred. Of an account
    its latest daily close is known.

    Examples: `heartline backtest --outcomes outcomes.csv --lead 30`,
    `heartline backtest --outcomes accounts.csv --events events.jsonl`
    """
    settings = Settings()
    only_warnings()
    happened = read_outcomes(outcomes, tenant)
    past = _past(happened, events, settings, chosen(model, tenant))
    history = History()
    with progress("folding", past.log.size()) as advance:
        for one in each_partition(past.fold, range(past.log.partitions()), processes or cores(), advance):
            history.add(one)
    if model is not None:
        require_tenant(tenant, history.tenants, "the log until the last outcome")
    judged, skipped = judge(happened, history, lead, skip_unknown=skip_unknown)
    report = measures(happened[0].kind, judged, lead, skipped)
    if as_json:
        typer.echo(msgspec.json.encode(report).decode())
    else:
        _show(report)


def _past(
    outcomes: list[Outcome], events: Path | None, settings: Settings, model: Chosen | None
) -> Past | AccountsPast:
    """What was known of those whose outcomes they are."""
    if outcomes[0].kind == "account":
        return AccountsPast(account_log_of(events, settings, model), tuple(outcomes))
    return Past(log_of(events, settings), tuple(outcomes), model)


def _show(report: Report) -> None:
    names = ("band", "outcomes", "churned", "churn rate", "lift", "precision", "recall", "lead days: median", "mean")
    table = narrow_table(*names)
    for column in table.columns[1:]:
        column.justify = "right"
    for one in report.bands:
        table.add_row(
            band_text(one.band),
            str(one.outcomes),
            str(one.churned),
            _percent(one.churn_rate),
            _number(one.lift, 2),
            _percent(one.precision),
            _percent(one.recall),
            _number(one.lead_days_median, 1),
            _number(one.lead_days_mean, 1),
        )
    terminal = console()
    terminal.print(table)
    terminal.print(
        f"{report.outcomes:,} outcomes of {report.kind}s ({report.churned:,} churned), as known {report.lead} days "
        "before; precision, recall and lead time take the band and all worse ones for a warning",
        highlight=False,
    )
    if report.skipped:
        terminal.print(f"{report.skipped:,} outcomes were skipped: there was no score in time", highlight=False)


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.1%}"


def _number(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:.{digits}f}"
