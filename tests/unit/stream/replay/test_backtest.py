import csv
from datetime import timedelta
from pathlib import Path

import pytest

from schemas.base import from_milliseconds
from stream.backtest.known import History, Known, Past
from stream.backtest.measures import Report, judge, measures
from stream.backtest.outcomes import Happened, Outcome, read_outcomes
from stream.errors import BadInput
from tests.unit.models.health.building import DAY, answer, erased, message, ms, opened
from tests.unit.stream.replay.logs import FactsLog, logged, tick


def outcome(day: int, happened: Happened = "churned", contact: str = "ada", line: int = 2) -> Outcome:
    """An outcome so many days after the start."""
    return Outcome(line, "acme", "contact", contact, from_milliseconds(ms(day)).date(), happened)


def known(log: FactsLog, *outcomes: Outcome) -> History:
    return Past(log, outcomes, None).fold(0, lambda _: None)


def band(log: FactsLog, one: Outcome, lead: int = 0) -> str:
    judged, _ = judge([one], known(log, one), lead)
    return judged[0].band


def test_the_band_is_the_one_known_before_the_day_began() -> None:
    log = logged(answer(0, 9), answer(5, 0, event="e2"), tick(20))
    assert band(log, outcome(5)) == "champion"
    assert band(log, outcome(6)) == "needs_attention"
    assert band(log, outcome(10), lead=5) == "champion"
    assert band(log, outcome(10), lead=4) == "needs_attention"


def test_what_was_logged_later_does_not_count_however_early_it_occurred() -> None:
    bad = [message(2 + n / 10, "negative", message=f"m{n}", conversation=f"c{n}") for n in range(5)]
    angry = [answer(1.5, 0, event="e2"), answer(1.6, 0, "csat", event="e3"), *bad]
    in_time = logged(answer(0, 9), *[(3, fact) for fact in angry], tick(20))
    leaked = logged(answer(0, 9), *[(12, fact) for fact in angry], tick(20))
    assert band(in_time, outcome(10)) == "at_risk"
    assert band(leaked, outcome(10)) == "champion", "it occurred before the outcome, and was not known then"
    assert band(leaked, outcome(13)) == "at_risk"


def test_an_outcome_after_the_end_of_the_log_is_refused() -> None:
    log = logged(answer(0, 9), tick(20))
    assert band(log, outcome(20)) == "champion"
    with pytest.raises(BadInput, match=r"line 2: acme/ada churned on .* after the log's end .* look into the future"):
        band(log, outcome(21))


def test_an_outcome_whose_score_came_only_later_is_refused_or_skipped_and_counted() -> None:
    log = logged(answer(9, 9), tick(20))
    early = outcome(5, line=7)
    with pytest.raises(BadInput, match=r"line 7: .*its first score is of .* look into the future; --skip-unknown"):
        judge([early], known(log, early), 0)
    with pytest.raises(BadInput, match="the log has none of it until then"):
        judge([outcome(15, contact="bob")], known(log, outcome(15, contact="bob")), 0)
    judged, skipped = judge([early, outcome(15)], known(log, early, outcome(15)), 0, skip_unknown=True)
    assert (len(judged), skipped) == (1, 1)


def test_an_erased_contact_has_no_known_score() -> None:
    log = logged(answer(0, 9), erased(3), tick(20))
    judged, skipped = judge([outcome(2), outcome(10)], known(log, outcome(10)), 0, skip_unknown=True)
    assert ([one.outcome for one in judged], skipped) == ([outcome(2)], 1)
    with pytest.raises(BadInput, match="its score was deleted before"):
        judge([outcome(10)], known(log, outcome(10)), 0)


def test_a_backtest_that_would_skip_all_outcomes_says_why_it_has_none() -> None:
    log = logged(answer(0, 9), erased(3), tick(20))
    with pytest.raises(BadInput, match=r"its score was deleted before.*; no outcome is left"):
        judge([outcome(10)], known(log, outcome(10)), 0, skip_unknown=True)


def test_nothing_can_be_judged_by_an_empty_log() -> None:
    with pytest.raises(BadInput, match="the log holds nothing"):
        judge([outcome(10)], known(logged(), outcome(10)), 0)


def by_hand(*bands: str) -> Report:
    """A report of one contact each: `r` at risk, `n`, `h`, `c`; a capital letter churned on day 10. The score stands
    since day 4.
    """
    names = {"r": "at_risk", "n": "needs_attention", "h": "healthy", "c": "champion"}
    history, outcomes = History(log_end=ms(30)), []
    for number, letter in enumerate(bands):
        one = outcome(10, "churned" if letter.isupper() else "renewed", f"c{number}", number)
        history.scores[one.key] = [Known(ms(0), 90, "champion"), Known(ms(4), 0, names[letter.lower()])]  # type: ignore[arg-type]
        outcomes.append(one)
    return measures("contact", *judge(outcomes, history, 0)[:1], lead=0, skipped=0)


def test_precision_recall_lift_and_lead_time_by_their_formulas() -> None:
    report = by_hand(*"RRrNnnHhcc")
    assert (report.outcomes, report.churned, report.renewed) == (10, 4, 6)
    risk, attention, healthy, champion = report.bands
    assert (risk.outcomes, risk.churned) == (3, 2)
    assert risk.churn_rate == pytest.approx(2 / 3)
    assert risk.lift == pytest.approx(2 / 3 / 0.4)
    assert (risk.precision, risk.recall) == (pytest.approx(2 / 3), 0.5)
    assert (attention.precision, attention.recall) == (0.5, 0.75)
    assert (healthy.precision, healthy.recall) == (0.5, 1.0)
    assert (champion.churn_rate, champion.lift, champion.precision, champion.recall) == (0.0, 0.0, 0.4, 1.0)
    assert (risk.lead_days_median, risk.lead_days_mean) == (6.0, 6.0)
    assert champion.lead_days_median == 10.0, "in this band or a worse one since the first score"


def test_lead_time_counts_from_the_latest_unbroken_warning() -> None:
    one = outcome(20)
    scores = [Known(ms(0), 20, "at_risk"), Known(ms(5), 50, "needs_attention"), Known(ms(14), 20, "at_risk")]
    report = measures("contact", judge([one], History({one.key: scores}, ms(30)), 2)[0], 2, 0)
    assert [one.lead_days_median for one in report.bands[:2]] == [6.0, 20.0]


def test_measures_of_nothing_are_not_numbers() -> None:
    report = by_hand("r")
    assert (report.bands[0].lift, report.bands[0].recall, report.bands[3].churn_rate) == (None, None, None)
    assert report.bands[0].precision == 0.0


def test_decay_of_the_silent_counts_as_it_was_closed() -> None:
    log = logged(opened(0, "t"), *(tick(day + 0.2) for day in range(1, 70)))
    assert [band(log, outcome(day)) for day in (5, 9, 20, 40)] == [
        "champion", "healthy", "needs_attention", "needs_attention",
    ]  # fmt: skip
    assert band(log, outcome(65)) == "at_risk"


def written(folder: Path, *rows: dict[str, str]) -> Path:
    file = folder / "outcomes.csv"
    with file.open("w", newline="") as lines:
        writer = csv.DictWriter(lines, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return file


def test_outcomes_are_read_with_their_lines(tmp_path: Path) -> None:
    row = {"contact": "ada", "date": "2026-03-12", "outcome": "Churned", "tenant": ""}
    file = written(tmp_path, row, row | {"tenant": "umbrella", "outcome": "renewed"})
    first, second = read_outcomes(file, "acme")
    assert first == outcome(10)
    assert (second.tenant, second.happened, second.line) == ("umbrella", "renewed", 3)
    assert first.at == ms(10)
    assert first.day - timedelta(days=10) == from_milliseconds(ms(10) - 10 * DAY).date()


def test_outcomes_of_accounts_are_read_by_their_column(tmp_path: Path) -> None:
    row = {"account": "globex", "date": "2026-03-12", "outcome": "renewed", "contact": ""}
    (found,) = read_outcomes(written(tmp_path, row), "acme")
    assert (found.kind, found.subject, found.key) == ("account", "globex", b"acme/globex")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"outcome": "left"}, "line 2: outcome must be churned or renewed, not 'left'"),
        ({"date": "12.3.2026"}, "line 2: date must be a day"),
        ({"contact": " "}, "line 2: names no contact"),
        ({"contact": "", "account": " "}, "line 2: names no contact or account"),
        ({"account": "globex"}, "line 2: names both a contact and an account"),
    ],
)
def test_a_bad_outcome_is_refused_with_its_line(change: dict[str, str], words: str, tmp_path: Path) -> None:
    row = {"contact": "ada", "date": "2026-03-12", "outcome": "churned"}
    with pytest.raises(BadInput, match=words):
        read_outcomes(written(tmp_path, row | change), "acme")


def test_a_file_that_cannot_be_used_is_refused(tmp_path: Path) -> None:
    row = {"contact": "ada", "date": "2026-03-12", "outcome": "churned"}
    with pytest.raises(BadInput, match="line 3: ada has an outcome of that day in line 2 already"):
        read_outcomes(written(tmp_path, row, row), "acme")
    with pytest.raises(BadInput, match="has no column 'outcome'"):
        read_outcomes(written(tmp_path, {"contact": "ada", "date": "2026-03-12"}), "acme")
    with pytest.raises(BadInput, match="has no column 'contact' or 'account'"):
        read_outcomes(written(tmp_path, {"customer": "ada", "date": "2026-03-12", "outcome": "churned"}), "acme")
    both = row | {"account": ""}
    with pytest.raises(BadInput, match="line 3: account globex, but line 2 has contact ada"):
        read_outcomes(written(tmp_path, both, both | {"contact": "", "account": "globex"}), "acme")
    (tmp_path / "outcomes.csv").write_text("contact,date,outcome\n")
    with pytest.raises(BadInput, match="has no outcomes"):
        read_outcomes(tmp_path / "outcomes.csv", "acme")
