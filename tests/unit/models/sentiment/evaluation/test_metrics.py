import numpy as np
import pytest

from models.sentiment.evaluation.metrics import calibration_error, f1, sentiment


def test_macro_recall_is_the_mean_over_labels_however_rare_they_are() -> None:
    found = sentiment([0, 1, 1, 1, 1, 2], [0, 1, 1, 0, 0, 1], [0.5] * 6)
    assert found.macro_recall == pytest.approx((100 + 50 + 0) / 3, abs=0.1)
    assert found.recall == {"negative": 100, "neutral": 50, "positive": 0}


def test_a_text_without_a_label_counts_as_wrong() -> None:
    found = sentiment([0, 0], [0, -1], [0.9, 0.0])
    assert (found.unlabelled, found.accuracy) == (1, 50)


def test_f1_is_the_harmonic_mean_of_precision_and_recall() -> None:
    truth, guess = np.array([1, 1, 0, 0], bool), np.array([1, 0, 1, 0], bool)
    assert f1(truth, guess) == 0.5


def test_saying_nine_in_ten_and_being_right_five_times_is_an_error_of_forty_percent() -> None:
    right = np.array([True, False] * 10)
    assert calibration_error(right, np.full(20, 0.9)) == pytest.approx(0.4)
