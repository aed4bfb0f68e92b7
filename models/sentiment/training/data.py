"""The labelled texts: read, brought to one spelling, deduplicated, and kept apart from every validation and test set.

The airline messages (non-commercial terms) are not among the files that are read here, and never may be.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeVar

import msgspec

from models.sentiment.emoji import as_words
from models.sentiment.normal import normalise

SEMEVAL = "semeval2017_4a"
TWEETEVAL = "tweeteval/sentiment"
GOEMOTIONS = "goemotions"
SEMEVAL_FILES = {
    "twitter-2013train-A.tsv": "2013-2015",
    "twitter-2013dev-A.tsv": "2013-2015",
    "twitter-2013test-A.tsv": "2013-2015",
    "twitter-2014sarcasm-A.tsv": "2013-2015",
    "twitter-2014test-A.tsv": "2013-2015",
    "twitter-2015train-A.tsv": "2013-2015",
    "twitter-2015test-A.tsv": "2013-2015",
    "twitter-2016train-A.tsv": "2016",
    "twitter-2016dev-A.tsv": "2016",
    "twitter-2016devtest-A.tsv": "2016",
    "twitter-2016test-A.tsv": "2016-test",
}
"""File to period. A period has topics of its own, so a choice is made on a period the model has not seen."""

LABELS = ("negative", "neutral", "positive")
EMOTIONS = 28
GROUPS: dict[str, tuple[str, ...]] = {
    "frustrated": ("anger", "annoyance", "disapproval", "disgust"),
    "sad": ("sadness", "disappointment", "grief", "remorse"),
    "grateful": ("gratitude",),
    "happy": (
        "admiration", "amusement", "approval", "caring", "desire", "excitement", "joy", "love", "optimism", "pride",
        "relief",
    ),
    "confused": ("confusion", "curiosity"),
}  # fmt: skip
"""Tone to the GoEmotions labels it stands for."""

ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})")
NOT_KEY = re.compile(r"http|@user|email|[\W_]+")


class Tweet(msgspec.Struct, frozen=True):
    """A text with one of three labels (index into `LABELS`)."""

    text: str
    label: int
    period: str


class Comment(msgspec.Struct, frozen=True):
    """A text with any number of the 28 GoEmotions labels (indices)."""

    text: str
    emotions: tuple[int, ...]


T = TypeVar("T", Tweet, Comment)


class Corpus(msgspec.Struct, frozen=True):
    """Everything training and evaluation read, already apart."""

    tweets: list[Tweet]
    tweets_validation: list[Tweet]
    tweets_test: list[Tweet]
    comments: list[Comment]
    comments_validation: list[Comment]
    comments_test: list[Comment]
    emotion_names: list[str]


def load_corpus(directory: Path) -> Corpus:
    """Read `directory` (`semeval2017_4a`, `tweeteval`, `goemotions`), leaving no evaluation text in training."""
    validation, test = tweeteval(directory, "val"), tweeteval(directory, "test")
    comments = {part: list(goemotions(directory, part)) for part in ("train", "dev", "test")}
    held = {key(tweet.text) for tweet in (*validation, *test)}
    held |= {key(comment.text) for comment in (*comments["dev"], *comments["test"])}
    return Corpus(
        tweets=_once(_agreed(semeval(directory)), held),
        tweets_validation=validation,
        tweets_test=test,
        comments=_once(comments["train"], held),
        comments_validation=comments["dev"],
        comments_test=comments["test"],
        emotion_names=(directory / GOEMOTIONS / "labels.txt").read_text(encoding="utf-8").split(),
    )


def key(text: str) -> str:
    """What two spellings of the same text share: its letters and digits, without links and names."""
    return NOT_KEY.sub("", text.lower())


def semeval(directory: Path) -> Iterator[Tweet]:
    """The tweets of SemEval 2013 to 2016. The file of 2017 is TweetEval's test set and is not read."""
    for name, period in SEMEVAL_FILES.items():
        for line in (directory / SEMEVAL / name).read_text(encoding="utf-8").split("\n"):
            if line.strip():
                _, label, text = line.split("\t")[:3]
                yield Tweet(normalise(as_words(_unescaped(text))), LABELS.index(label), period)


def tweeteval(directory: Path, part: str) -> list[Tweet]:
    """TweetEval's `val` or `test`."""
    texts = (directory / TWEETEVAL / f"{part}_text.txt").read_text(encoding="utf-8").split("\n")
    labels = (directory / TWEETEVAL / f"{part}_labels.txt").read_text(encoding="utf-8").split()
    return [
        Tweet(normalise(as_words(_unescaped(text))), int(label), part)
        for text, label in zip(texts, labels, strict=False)
    ]


def goemotions(directory: Path, part: str) -> Iterator[Comment]:
    """The Reddit comments of GoEmotions' `train`, `dev` or `test`."""
    for line in (directory / GOEMOTIONS / f"{part}.tsv").read_text(encoding="utf-8").split("\n"):
        if line.strip():
            text, emotions, _ = line.split("\t")
            yield Comment(normalise(as_words(text)), tuple(int(number) for number in emotions.split(",")))


def _unescaped(text: str) -> str:
    text = ESCAPED.sub(lambda found: chr(int(found[1], 16)), text.strip())
    text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] == '"' else text.strip('"') if text[:1] == '"' else text


def _agreed(tweets: Iterable[Tweet]) -> list[Tweet]:
    """Without the texts that were given two labels."""
    tweets = list(tweets)
    labels: dict[str, set[int]] = {}
    for tweet in tweets:
        labels.setdefault(key(tweet.text), set()).add(tweet.label)
    return [tweet for tweet in tweets if len(labels[key(tweet.text)]) == 1]


def _once(examples: Iterable[T], held: set[str]) -> list[T]:
    """Each text once, and none whose key is in `held`."""
    seen = set(held)
    kept = []
    for example in examples:
        if (known := key(example.text)) and known not in seen:
            seen.add(known)
            kept.append(example)
    return kept
