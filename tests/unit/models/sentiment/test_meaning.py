import math

import numpy as np
import pytest

from models.sentiment.errors import BadLabelMap
from models.sentiment.meaning import Calibration, Meaning, label_columns
from models.sentiment.port import LABELS, Reading


def logits(*values: float) -> np.ndarray:
    return np.array([values], np.float32)


def read(meaning: Meaning, rows: np.ndarray) -> Reading:
    """The reading of a text with these windows, all of one length."""
    [reading] = meaning.read(rows, np.ones(len(rows), np.float32), [slice(0, len(rows))])
    return reading


def test_temperature_makes_it_less_sure_but_changes_no_label() -> None:
    sharp = read(Meaning(LABELS, Calibration(temperature=1.0), 0), logits(2, 0, 0))
    soft = read(Meaning(LABELS, Calibration(temperature=2.0), 0), logits(2, 0, 0))
    assert sharp.label == soft.label == "negative"
    assert sharp.confidence is not None
    assert soft.confidence is not None
    assert soft.confidence < sharp.confidence


def test_the_prior_is_taken_back_as_the_documentation_says() -> None:
    prior = (0.16, 0.45, 0.39)
    reading = read(Meaning(LABELS, Calibration(1.0, prior, prior_tau=0.5), 0), logits(1, 2, 0))
    raised = [math.exp(value - 0.5 * math.log(share)) for value, share in zip((1, 2, 0), prior, strict=True)]
    assert reading.probabilities is not None
    assert reading.probabilities.negative == pytest.approx(raised[0] / sum(raised), abs=1e-4)


def test_outputs_in_another_order_are_put_in_order() -> None:
    reading = read(Meaning(("positive", "negative", "neutral"), Calibration(), 0), logits(5, 0, 0))
    assert reading.label == "positive"


def test_a_model_without_neutral_never_says_neutral() -> None:
    reading = read(Meaning(("negative", "positive"), Calibration(), 0), logits(0.1, 0))
    assert reading.label == "negative"
    assert reading.probabilities is not None
    assert reading.probabilities.neutral == 0


def test_a_tone_is_there_from_its_threshold_and_without_a_label_too() -> None:
    meaning = Meaning(LABELS, Calibration(), 0.99, {"frustrated": 0.5, "sad": 0.5})
    reading = read(meaning, logits(0, 0, 0, 0.1, -0.1))
    assert reading.label is None
    assert reading.tones == ("frustrated",)


def test_a_tone_of_one_window_is_a_tone_of_the_text() -> None:
    rows = np.array([[0, 0, 0, -5], [0, 0, 0, 5]], np.float32)
    reading = read(Meaning(LABELS, Calibration(), 0, {"frustrated": 0.5}), rows)
    assert reading.tones == ("frustrated",)


def test_stars_map_onto_labels() -> None:
    stars = {"1 star": "negative", "2 stars": "negative", "3 stars": "neutral", "4 stars": "positive"}
    assert label_columns(list(stars), stars, "model") == ["negative", "negative", "neutral", "positive"]


def test_an_output_that_is_left_out_of_the_map_is_named() -> None:
    with pytest.raises(BadLabelMap, match="no label for LABEL_1"):
        label_columns(["LABEL_0", "LABEL_1"], {"LABEL_0": "negative"}, "model")
