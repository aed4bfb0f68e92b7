"""`python -m models.sentiment.evaluation`: measure the shipped model and print the table of its card."""

import os
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from models.sentiment.evaluation.cost import cost
from models.sentiment.evaluation.quality import quality
from models.sentiment.evaluation.table import Evaluation, table
from models.sentiment.shipped import DIRECTORY, load_shipped
from models.sentiment.training.data import Corpus, load_corpus
from models.sentiment.training.paths import sentiment_data
from models.sentiment.vader import VaderClassifier

SPEED_TEXTS = 1_000


def evaluate(corpus: Corpus, directory: Path = DIRECTORY) -> Evaluation:
    """Measure the model in `directory`, and VADER beside it."""
    texts = [tweet.text for tweet in corpus.tweets_test[:SPEED_TEXTS]]
    with closing(load_shipped(os.cpu_count() or 1, directory=directory)) as shipped:
        worth = quality(shipped, corpus)
    with closing(load_shipped(sessions=1, directory=directory)) as one:
        costs = cost(one, texts, directory)
    return Evaluation(shipped=worth, vader=quality(VaderClassifier(), corpus), cost=costs)


def main(
    data: Annotated[Path | None, typer.Option(help="the folder with semeval2017_4a, tweeteval and goemotions")] = None,
) -> None:
    """Print the table."""
    typer.echo(table(evaluate(load_corpus(data or sentiment_data()))))


if __name__ == "__main__":
    typer.run(main)
