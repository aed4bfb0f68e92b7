"""The model card: what the weights are, what they were trained on, what they are worth, where they are wrong."""

import os
from contextlib import closing
from pathlib import Path
from string import Template

import msgspec
import torch

from models.sentiment.evaluation.__main__ import evaluate
from models.sentiment.evaluation.metrics import sentiment
from models.sentiment.evaluation.prior import prior_table
from models.sentiment.evaluation.quality import Quality, quality
from models.sentiment.evaluation.table import table
from models.sentiment.shipped import ShippedConfig, classifier, read_config
from models.sentiment.training.data import Corpus
from models.sentiment.training.recipe import TEACHERS

TEMPLATE = Path(__file__).parent / "card.md"
CARD = "MODEL_CARD.md"


def write_card(corpus: Corpus, work: Path, out: Path) -> None:
    """Evaluate the model in `out` and write its card beside it."""
    config = read_config(out)
    found = evaluate(corpus, out)
    figures = {
        "name": f"{config.name} {config.version}",
        "table": table(found),
        "float": _float_row(found.shipped, _float_quality(config, corpus, work, out)),
        "prior": prior_table(corpus.tweets_test, out),
        "unseen": _unseen(corpus, work),
        "tweets": len(corpus.tweets),
        "comments": len(corpus.comments),
        "config": msgspec.json.format(msgspec.json.encode(config), indent=2).decode(),
    }
    (out / CARD).write_text(Template(TEMPLATE.read_text(encoding="utf-8")).substitute(figures), encoding="utf-8")


def _float_quality(config: ShippedConfig, corpus: Corpus, work: Path, out: Path) -> Quality:
    with closing(classifier(config, out, work / "model.onnx", os.cpu_count() or 1)) as made:
        return quality(made, corpus)


def _float_row(shipped: Quality, float_model: Quality) -> str:
    exact, rounded = float_model.tweets, shipped.tweets
    return (
        f"The float model it was quantized from: macro recall {exact.macro_recall} (int8 {rounded.macro_recall}), "
        f"accuracy {exact.accuracy} (int8 {rounded.accuracy})."
    )


def _unseen(corpus: Corpus, work: Path) -> str:
    """Macro recall of the teachers that did not see a period, on that period."""
    rows = []
    for run in TEACHERS:
        if run.left_out is None:
            continue
        said = torch.load(work / f"{run.name}.said.pt", weights_only=True)[0]
        places = [place for place, tweet in enumerate(corpus.tweets) if tweet.period == run.left_out]
        found = said[places].max(1)
        labels = [corpus.tweets[place].label for place in places]
        figure = sentiment(labels, found.indices.tolist(), found.values.tolist())
        rows.append(f"{run.left_out}: {figure.macro_recall} ({figure.texts} tweets)")
    return "; ".join(rows)
