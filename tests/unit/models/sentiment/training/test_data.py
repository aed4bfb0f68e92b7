"""What the model learns from, on the real files: `HEARTLINE_DATA_DIR`, or `shared/data` beside the repository."""

import csv
from pathlib import Path

import pytest

from models.sentiment.training.data import GROUPS, SEMEVAL_FILES, Corpus, key, load_corpus
from models.sentiment.training.paths import sentiment_data


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return load_corpus(sentiment_data())


def test_no_text_of_a_validation_or_test_set_is_trained_on(corpus: Corpus) -> None:
    held = {key(tweet.text) for tweet in (*corpus.tweets_validation, *corpus.tweets_test)}
    held |= {key(comment.text) for comment in (*corpus.comments_validation, *corpus.comments_test)}
    assert len(held) > 20_000
    assert not [tweet for tweet in corpus.tweets if key(tweet.text) in held]
    assert not [comment for comment in corpus.comments if key(comment.text) in held]


def test_such_texts_were_there_to_be_removed() -> None:
    directory = sentiment_data()
    raw = sum(
        1
        for name in SEMEVAL_FILES
        for line in (directory / "semeval2017_4a" / name).read_text(encoding="utf-8").split("\n")
        if line.strip()
    )
    assert raw - len(load_corpus(directory).tweets) > 2_000


def test_no_airline_message_is_trained_or_chosen_on(corpus: Corpus) -> None:
    file = sentiment_data().parent / "messages-airlines.csv"
    with file.open(encoding="utf-8", newline="") as opened:
        airline = {key(row["text"]) for row in csv.DictReader(opened) if len(key(row["text"])) > 20}
    assert len(airline) > 10_000
    texts = [*corpus.tweets, *corpus.tweets_validation, *corpus.comments, *corpus.comments_validation]
    assert not [text for text in texts if key(text.text) in airline]


def test_the_file_of_2017_is_the_test_set_and_is_not_read() -> None:
    assert not [name for name in SEMEVAL_FILES if "2017" in name or "gold" in name]


def test_each_text_is_there_once_with_one_label(corpus: Corpus) -> None:
    keys = [key(tweet.text) for tweet in corpus.tweets]
    assert len(keys) == len(set(keys))


def test_the_sets_have_their_published_sizes(corpus: Corpus) -> None:
    sizes = [len(corpus.tweets_validation), len(corpus.tweets_test), len(corpus.comments_test)]
    assert sizes == [2_000, 12_284, 5_427]


def test_every_tone_is_made_of_known_emotions(corpus: Corpus) -> None:
    assert {name for group in GROUPS.values() for name in group} <= set(corpus.emotion_names)


def test_spelling_links_and_names_make_no_other_text() -> None:
    assert key("@user LOVE this!! http") == key("love this")


def test_a_folder_that_is_not_there_says_what_to_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HEARTLINE_DATA_DIR", str(tmp_path / "nowhere"))
    with pytest.raises(FileNotFoundError, match="HEARTLINE_DATA_DIR"):
        sentiment_data()
