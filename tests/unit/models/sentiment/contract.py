"""What every classifier behind the port must do. A test class of an adapter inherits this and gives `classifier`."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from models.sentiment.port import LABELS, TONES, Classifier

HAPPY = "Thank you, this is great! I love it."
ANGRY = "I hate this, it is awful and broken."
MEGABYTE = 1_000_000
HOSTILE = {
    "a megabyte of one letter": "a" * MEGABYTE,
    "a hundred thousand repeated words": "hate " * 100_000,
    "zero-width characters": "\u200b\u200d\ufeff" * (MEGABYTE // 3),
    "control characters": "".join(map(chr, range(32))) * 30_000,
    "halves of surrogate pairs": "\ud800\udfff" * 500_000,
    "stacked accents": "e" + "\u0301" * MEGABYTE,
    "characters that grow when normalised": "\ufdfa" * MEGABYTE,
    "two emoji by turns": "\U0001f602\U0001f62d" * 500_000,
    "text from right to left": "\u202e" + "\u0627\u0644" * 500_000,
    "unclosed tags": "<div>" * 200_000,
    "line breaks in HTML": "<br>" * 250_000,
    "quotes within quotes": "<blockquote>" * 80_000 + "x",
    "mail headers": "From: a\nSent: b\nTo: c\nSubject: d\n" * 30_000,
    "a header that never ends": "On " + "Mon, " * 200_000 + "\nOn " * 1_000,
    "signatures": "\nBest regards, " * 70_000,
    "disclaimers": "\nDisclaimer: mail " * 60_000,
    "quote marks": ">" * MEGABYTE,
    "new lines": "\n" * MEGABYTE,
    "entities": "&amp;" * 200_000,
    "at signs": "a@" * 500_000,
    "null bytes": "\x00" * MEGABYTE,
}


class ClassifierContract:
    """Inherit, and give a fixture `classifier` of one with no least confidence."""

    def test_it_says_who_it_is(self, classifier: Classifier) -> None:
        assert classifier.name
        assert classifier.version

    def test_there_is_one_reading_per_text_in_their_order(self, classifier: Classifier) -> None:
        texts = [HAPPY, "", ANGRY, "Bonjour, je ne peux plus me connecter à mon compte."] * 50
        readings = classifier.classify(texts)
        assert [reading.label for reading in readings] == ["positive", None, "negative", None] * 50

    def test_no_texts_are_no_readings(self, classifier: Classifier) -> None:
        assert classifier.classify([]) == []

    def test_confidence_and_tones_are_in_their_range(self, classifier: Classifier) -> None:
        for reading in classifier.classify([HAPPY, ANGRY, "The meeting is on Monday."]):
            assert reading.label in LABELS
            assert reading.confidence is not None
            assert 0 <= reading.confidence <= 1
            assert set(reading.tones) <= set(TONES)

    def test_probabilities_sum_to_one_and_the_confidence_is_the_greatest(self, classifier: Classifier) -> None:
        for reading in classifier.classify([HAPPY, ANGRY]):
            if reading.probabilities is not None:
                values = [getattr(reading.probabilities, label) for label in LABELS]
                assert sum(values) == pytest.approx(1, abs=1e-3)
                assert reading.confidence == pytest.approx(max(values), abs=1e-3)

    @pytest.mark.parametrize(
        "text", ["", " \n\t ", "\u200b\ufeff", "[image001.png]", "<p> </p>", "> quoted\n> only", "???", "123"]
    )
    def test_a_text_without_words_has_no_sentiment_rather_than_a_neutral_one(
        self, classifier: Classifier, text: str
    ) -> None:
        [reading] = classifier.classify([text])
        assert reading.label is None
        assert reading.reason == "empty"

    @pytest.mark.parametrize(
        ("text", "language"),
        [
            ("Mein Konto funktioniert nicht mehr, bitte helfen Sie mir.", "de"),
            ("No puedo iniciar sesión, ayúdenme por favor.", "es"),
            ("アプリが動きません", "ja"),
            ("Привет, ничего не работает", "ru"),
            ("التطبيق لا يعمل", "ar"),
        ],
    )
    def test_a_language_it_does_not_know_is_never_guessed(
        self, classifier: Classifier, text: str, language: str
    ) -> None:
        [reading] = classifier.classify([text])
        assert (reading.label, reading.reason, reading.language) == (None, "unknown_language", language)

    def test_the_rest_of_a_batch_is_read_beside_a_hostile_text(self, classifier: Classifier) -> None:
        readings = classifier.classify([HAPPY, HOSTILE["unclosed tags"], ANGRY])
        assert [readings[0].label, readings[2].label] == ["positive", "negative"]

    @pytest.mark.parametrize("what", HOSTILE)
    def test_a_hostile_text_takes_a_bounded_time(self, classifier: Classifier, what: str) -> None:
        started = time.process_time()
        assert len(classifier.classify([HOSTILE[what]])) == 1
        assert time.process_time() - started < 5

    def test_several_threads_at_once_read_what_one_does(self, classifier: Classifier) -> None:
        texts = [HAPPY, ANGRY, "", "Where is my order?"]
        alone = classifier.classify(texts)
        with ThreadPoolExecutor(4) as threads:
            together = list(threads.map(classifier.classify, [texts] * 16))
        assert together == [alone] * 16
