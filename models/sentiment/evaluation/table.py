"""The table of the model card."""

import msgspec

from models.sentiment.evaluation.cost import Cost
from models.sentiment.evaluation.quality import Quality

PUBLISHED_RECALL = {"RoBERTa-base": 71.3, "RoBERTa re-trained on tweets": 72.8}
"""TweetEval's own figures, macro recall."""
PUBLISHED_TONES = {"frustrated": ("anger", 0.57), "sad": ("sadness", 0.61), "happy": ("joy", 0.82)}
"""BERT-base in the paper of GoEmotions, whose groups after Ekman are near to these tones but not the same."""


class Evaluation(msgspec.Struct, frozen=True):
    """Everything that was measured."""

    shipped: Quality
    vader: Quality
    cost: Cost


def table(found: Evaluation) -> str:
    """Markdown."""
    shipped, vader = found.shipped.tweets, found.vader.tweets
    rows = [
        "| TweetEval sentiment, test (12,284 tweets) | "
        + f"{found.shipped.name} {found.shipped.version}"
        + " | VADER |",
        "|---|---|---|",
        f"| macro recall | **{shipped.macro_recall}** | {vader.macro_recall} |",
        f"| macro F1 | {shipped.macro_f1} | {vader.macro_f1} |",
        f"| accuracy | {shipped.accuracy} | {vader.accuracy} |",
        *(f"| recall, {label} | {shipped.recall[label]} | {vader.recall[label]} |" for label in shipped.recall),
        f"| calibration error (ECE) | {shipped.calibration_error:.3f} | |",
        f"| given no label (counted as wrong) | {shipped.unlabelled} | {vader.unlabelled} |",
        "",
        "Published macro recall: " + ", ".join(f"{name} {figure}" for name, figure in PUBLISHED_RECALL.items()) + ".",
        "",
        "| tone, GoEmotions test (5,427 comments) | F1 | BERT-base, published (nearest group) |",
        "|---|---|---|",
        *(f"| {tone} | {figure:.2f} | {_published(tone)} |" for tone, figure in found.shipped.tones.items()),
        "",
        "| cost | |",
        "|---|---|",
        f"| messages a second on one core, short (one tweet) | {found.cost.short_per_second:.0f} |",
        f"| messages a second on one core, long (12 tweets) | {found.cost.long_per_second:.0f} |",
        f"| size on disk | {found.cost.megabytes} MB |",
        f"| peak memory of a process with two sessions | {found.cost.peak_mib:.0f} MiB |",
        f"| start to first reading | {found.cost.start_seconds} s |",
    ]
    return "\n".join(rows) + "\n"


def _published(tone: str) -> str:
    if tone not in PUBLISHED_TONES:
        return ""
    group, figure = PUBLISHED_TONES[tone]
    return f"{figure:.2f} ({group})"
