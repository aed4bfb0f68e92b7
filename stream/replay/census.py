"""What a replay found, in numbers: contacts by band at the end of each period, band changes, alerts by kind."""

from collections.abc import Iterable, Mapping
from typing import Literal, get_args

import msgspec
from rich.table import Table

from schemas.base import Band, from_milliseconds
from schemas.catalogue import HEALTH_ALERTS, HEALTH_BAND_CHANGES, HEALTH_SCORES
from schemas.scores import AlertRaised, BandChanged
from stream.replay.folding import Sent
from stream.views import words

Period = Literal["year", "month", "day"]
_LENGTH: dict[Period, int] = {"year": 4, "month": 7, "day": 10}
Counts = dict[str, dict[str, int]]

_band_change = msgspec.json.Decoder(BandChanged).decode
_alert = msgspec.json.Decoder(AlertRaised).decode


class Census(msgspec.Struct):
    """Counts by period (`2013`, `2013-05`, `2013-05-17`). `moves`: how many contacts more or fewer are in a band;
    `changes` by direction; `alerts` by kind, both from `first` (UTC ms) on. `written` counts records by topic.
    """

    period: Period = "year"
    first: int = 0
    moves: Counts = msgspec.field(default_factory=dict)
    changes: Counts = msgspec.field(default_factory=dict)
    alerts: Counts = msgspec.field(default_factory=dict)
    written: dict[str, int] = msgspec.field(default_factory=dict)

    def take(self, sent: Sent) -> None:
        """Count an output, in the time span or before it."""
        if sent.topic == HEALTH_BAND_CHANGES and sent.value is not None:
            change = _band_change(sent.value)
            period = self._period(sent.at)
            _count(self.moves, period, change.to_band)
            if change.from_band is not None:
                _count(self.moves, period, change.from_band, -1)
            if sent.at >= self.first:
                _count(self.changes, period, change.direction)
        elif sent.topic == HEALTH_ALERTS and sent.value is not None and sent.at >= self.first:
            _count(self.alerts, self._period(sent.at), _alert(sent.value).kind)
        elif sent.topic == HEALTH_SCORES and sent.left is not None:
            _count(self.moves, self._period(sent.at), sent.left, -1)

    def add(self, other: "Census") -> None:
        """Add what was counted elsewhere."""
        for mine, theirs in ((self.moves, other.moves), (self.changes, other.changes), (self.alerts, other.alerts)):
            for period, counts in theirs.items():
                for name, count in counts.items():
                    _count(mine, period, name, count)
        for topic, count in other.written.items():
            self.written[topic] = self.written.get(topic, 0) + count

    def bands(self) -> Counts:
        """Contacts by band at the end of each period in which anything moved, from `first` on."""
        standing: dict[str, int] = dict.fromkeys(get_args(Band), 0)
        begin = self._period(self.first)
        ends: Counts = {}
        for period in sorted(self.moves):
            for band, count in self.moves[period].items():
                standing[band] += count
            if period >= begin:
                ends[period] = dict(standing)
        return ends

    def tables(self) -> Iterable[Table]:
        """The counts as tables: bands and their changes, and alerts if there are any."""
        names = [*get_args(Band), "declined", "improved"]
        rows = {period: {**counts, **self.changes.get(period, {})} for period, counts in self.bands().items()}
        yield _table(f"Contacts at the end of each {self.period}, and changes of band in it", names, rows)
        if self.alerts:
            kinds = sorted({kind for counts in self.alerts.values() for kind in counts})
            yield _table(f"Alerts in each {self.period}", kinds, dict(sorted(self.alerts.items())))

    def _period(self, at: int) -> str:
        return from_milliseconds(at).isoformat()[: _LENGTH[self.period]]


def _count(counts: Counts, period: str, name: str, by: int = 1) -> None:
    of = counts.setdefault(period, {})
    of[name] = of.get(name, 0) + by


def _table(title: str, names: Iterable[str], rows: Mapping[str, Mapping[str, int]]) -> Table:
    table = Table("", *(words(name) for name in names), title=title, title_justify="left")
    for column in table.columns[1:]:
        column.justify = "right"
    for period, counts in rows.items():
        table.add_row(period, *(f"{counts.get(name, 0):,}" for name in names))
    return table
