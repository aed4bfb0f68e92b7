"""`python -m models.sentiment.training`: train, average, export, quantize, calibrate, evaluate, write the card.

Stopped at any time, it goes on from there: finished runs and predictions are kept, a run saves itself on its way.
"""

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Annotated

import typer
from msgspec.structs import replace

from models.sentiment.shipped import DIRECTORY
from models.sentiment.training.card import write_card
from models.sentiment.training.data import load_corpus
from models.sentiment.training.finish import finish
from models.sentiment.training.paths import WORK, sentiment_data
from models.sentiment.training.recipe import STUDENTS, TEACHERS
from models.sentiment.training.runs import run_student, run_teacher


def main(
    data: Annotated[Path | None, typer.Option(help="the folder with semeval2017_4a, tweeteval and goemotions")] = None,
    work: Annotated[Path, typer.Option(help="where to keep checkpoints")] = WORK,
    out: Annotated[Path, typer.Option(help="where the artefact goes")] = DIRECTORY,
    side_by_side: Annotated[int, typer.Option(help="how many runs at once, one thread each")] = 2,
    share: Annotated[
        float,
        typer.Option(min=0.01, max=1, help="of each run's steps: 0.02 rehearses all stages; its model is of no use"),
    ] = 1.0,
) -> None:
    """Make the shipped model."""
    if share < 1 and out.resolve() == DIRECTORY.resolve():
        raise typer.BadParameter(
            "a rehearsal must not replace the shipped model: name other folders", param_hint="--out"
        )
    folder = data or sentiment_data()
    work.mkdir(parents=True, exist_ok=True)
    corpus = load_corpus(folder)
    typer.echo(f"{len(corpus.tweets)} tweets and {len(corpus.comments)} comments to learn from")
    with ProcessPoolExecutor(side_by_side, mp_context=get_context("spawn")) as processes:
        for stage, whole in ((run_teacher, TEACHERS), (run_student, STUDENTS)):
            runs = [replace(run, epochs=share * run.epochs) for run in whole]
            for run, minutes in zip(runs, processes.map(stage, runs, *_same(len(runs), folder, work)), strict=True):
                typer.echo(f"{run.name}: {minutes:.1f} minutes")
    finish(corpus, work, out)
    write_card(corpus, work, out)
    typer.echo(f"{out} is the new model; its card says what it is worth")


def _same(count: int, *values: object) -> list[list[object]]:
    return [[value] * count for value in values]


if __name__ == "__main__":
    typer.run(main)
