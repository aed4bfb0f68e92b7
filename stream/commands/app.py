"""All commands under one roof."""

import typer

from stream.commands import (
    backtest,
    classify,
    contacts,
    demo,
    dlq,
    explain,
    importing,
    metrics,
    model,
    preview,
    replay,
    score,
    send,
    settings,
    simulate,
    state,
    topics,
    watch,
    worker,
)

app = typer.Typer(
    name="heartline",
    help="""Customer health scores in real time. Settings are HEARTLINE_… environment variables (docs/settings.md).

    Example: `heartline demo`, then `heartline COMMAND --help`""",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)
app.command(name="demo")(demo.demo)
app.command(name="worker")(worker.worker)
app.add_typer(topics.app, name="topics")
app.command(name="send")(send.send)
app.command(name="import")(importing.import_)
app.command(name="simulate")(simulate.simulate_)
app.command(name="score")(score.score)
app.command(name="watch")(watch.watch)
app.command(name="explain")(explain.explain)
app.command(name="replay")(replay.replay)
app.command(name="backtest")(backtest.backtest)
app.command(name="erase")(contacts.erase)
app.command(name="restore")(contacts.restore)
app.command(name="merge")(contacts.merge)
app.command(name="classify")(classify.classify)
app.command(name="model-card")(classify.model_card)
app.command(name="settings")(settings.settings)
app.command(name="metrics")(metrics.metrics)
app.add_typer(model.app, name="model")
model.app.command(name="preview")(preview.preview)
app.add_typer(dlq.app, name="dlq")
app.add_typer(state.app, name="state")
