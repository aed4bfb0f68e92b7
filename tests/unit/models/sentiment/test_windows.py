import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from models.sentiment.windows import MAX_WINDOWS, WINDOW, pool, windows

NEUTRAL = 1


def test_a_short_text_is_one_window() -> None:
    assert windows("It works. Thank you.") == ["It works. Thank you."]


def test_a_long_text_is_cut_between_sentences() -> None:
    made = windows("This is a sentence of some length. " * 30)
    assert len(made) > 1
    assert all(window.startswith("This") and window.endswith(".") for window in made)


def test_a_very_long_text_is_read_from_its_beginning() -> None:
    made = windows("First. " + "Then there was more and more of it. " * 5_000)
    assert len(made) == MAX_WINDOWS
    assert made[0].startswith("First.")


@given(st.text(max_size=3 * WINDOW))
def test_no_window_is_too_long_and_no_word_is_lost(text: str) -> None:
    text = " ".join(text.split())
    made = windows(text)
    assert all(len(window) <= WINDOW for window in made)
    assert "".join(made).replace(" ", "") == text.replace(" ", "")


def test_an_angry_sentence_among_polite_facts_is_an_angry_mail() -> None:
    facts, anger = [0.1, 0.88, 0.02], [0.95, 0.04, 0.01]
    pooled = pool(np.array([facts, facts, anger], np.float32), np.full(3, 40, np.float32), NEUTRAL)
    assert pooled.argmax() == 0


def test_pooled_probabilities_sum_to_one() -> None:
    rows = np.array([[0.2, 0.5, 0.3], [0.0, 1.0, 0.0]], np.float32)
    assert np.isclose(pool(rows, np.array([5, 50], np.float32), NEUTRAL).sum(), 1)
