"""Two models and one contact: the scores that they give at the same moment, and in words why they differ."""

from heapq import nsmallest

import msgspec

from models.health.assess import Assessment, aged, measure, summarise
from models.health.bands import BANDS
from models.health.components.registry import NAMES
from models.health.model import HealthModel
from models.health.state import ContactState, Measured
from schemas.base import Band
from stream.model_difference import account_differences
from stream.published_models import DEFAULT_DOCUMENT
from stream.views import words

NOT_SCORED = "not scored"
_SMALL = 1e-9
_UNCOUNTED = 0
"""How many facts stand behind a score is not compared."""
_SPARE = 8
"""So many times as many moves as are to be named are kept before they are sorted out."""

Rank = tuple[int, int, str, str]


class Share(msgspec.Struct, frozen=True, gc=False):
    """What a component gives to a score: its value 0..1, its share of all weights, its points."""

    value: float
    weight: float
    points: float


class Why(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """A component's part in a difference: `points` more or fewer, and why, in words."""

    component: str
    points: float
    words: str


class Move(msgspec.Struct, frozen=True, gc=False):
    """A contact that changes band (None: it has no score). `why` sums to the change of the unrounded score; what is not
    of components (edges of bands, caps) is said in `besides`.
    """

    tenant: str
    contact: str
    before: Band | None
    after: Band | None
    score_before: int | None
    score_after: int | None
    why: tuple[Why, ...]
    besides: tuple[str, ...] = ()


class Comparison(msgspec.Struct, gc=False):
    """Contacts, their bands before and after (`totals[before][after]`), and those that change band: how many, how many
    points each component moves them in all (`components`), and the first of them, the hardest hit first.

    `not_previewed`: what the model changes in how accounts are scored, field by field; they are not compared.
    """

    contacts: int = 0
    totals: dict[str, dict[str, int]] = msgspec.field(default_factory=dict)
    changing: int = 0
    overridden: int = 0
    components: dict[str, float] = msgspec.field(default_factory=dict)
    moves: list[Move] = msgspec.field(default_factory=list)
    not_previewed: list[str] = msgspec.field(default_factory=list)

    def count(self, before: str | None, after: str | None) -> None:
        """Count a contact by its bands."""
        self.contacts += 1
        row = self.totals.setdefault(before or NOT_SCORED, {})
        row[after or NOT_SCORED] = row.get(after or NOT_SCORED, 0) + 1

    def moved(self, points: dict[str, float]) -> None:
        """Count a contact that changes band."""
        self.changing += 1
        for name, change in points.items():
            self.components[name] = self.components.get(name, 0.0) + change

    def keep(self, limit: int) -> None:
        """Keep the first moves only; 0: all of them."""
        self.moves = nsmallest(limit or len(self.moves), self.moves, key=_rank)

    def add(self, other: "Comparison") -> None:
        """Add what was compared elsewhere."""
        self.contacts += other.contacts
        self.changing += other.changing
        self.overridden += other.overridden
        for before, row in other.totals.items():
            mine = self.totals.setdefault(before, {})
            for after, count in row.items():
                mine[after] = mine.get(after, 0) + count
        for name, points in other.components.items():
            self.components[name] = self.components.get(name, 0.0) + points
        self.moves += other.moves
        self.not_previewed = self.not_previewed or other.not_previewed


def not_previewed(before: bytes | None, after: bytes) -> list[str]:
    """What the second document (JSON) changes in how accounts are scored; without a first one the default holds."""
    return [str(one) for one in account_differences(DEFAULT_DOCUMENT if before is None else before, after)]


class Comparing:
    """Compares contacts by two models of their tenant, and names the `limit` hardest hit; 0: all that change band."""

    def __init__(self, old: HealthModel, new: HealthModel, limit: int = 0) -> None:
        self.found = Comparison()
        self._old, self._new, self._limit = old, new, limit
        self._behind: Rank | None = None

    def compare(self, whose: tuple[str, str], row: ContactState, now: int) -> None:
        """Compare what the models say of a row at `now` (UTC ms)."""
        old, new = self._old.of(row.profile), self._new.of(row.profile)
        before = summarise(row, old, now, aged(row, old, now), _UNCOUNTED)
        after = summarise(row, new, now, measure(row, new, now), _UNCOUNTED)
        if before is None and after is None:
            return
        bands = _band(before), _band(after)
        self.found.count(*bands)
        if row.override is not None and row.override.band_at(now) is not None:
            self.found.overridden += 1
        if bands[0] == bands[1]:
            return
        self.found.moved(_changes(before, after))
        scores = None if before is None else before.score, None if after is None else after.score
        if self._behind is None or _ranked(*bands, *scores, *whose) < self._behind:
            besides = tuple(_besides(before, after, old, new))
            self._take(Move(*whose, *bands, *scores, why(before, after), besides))

    def _take(self, move: Move) -> None:
        moves = self.found.moves
        moves.append(move)
        if self._limit and len(moves) >= _SPARE * self._limit:
            self.found.keep(self._limit)
            self._behind = _rank(self.found.moves[-1])

    def done(self) -> Comparison:
        """What was found."""
        self.found.keep(self._limit)
        return self.found


def _changes(before: Assessment | None, after: Assessment | None) -> dict[str, float]:
    """The change of each component's points."""
    changes = {} if after is None else {NAMES[code]: points for code, points in after.points.items()}
    if before is not None:
        for code, points in before.points.items():
            changes[NAMES[code]] = changes.get(NAMES[code], 0.0) - points
    return changes


def why(before: Assessment | None, after: Assessment | None) -> tuple[Why, ...]:
    """What each component has to do with the difference of two scores, the most important first."""
    old, new = _shares(before), _shares(after)
    found = [
        Why(name, points, _words(name, old.get(name), new.get(name)))
        for name in {**old, **new}
        if abs(points := _points(new.get(name)) - _points(old.get(name))) > _SMALL or (name in old) != (name in new)
    ]
    return tuple(sorted(found, key=lambda one: (-abs(one.points), one.component)))


def _words(name: str, old: Share | None, new: Share | None) -> str:
    name = words(name)
    if old is None:
        return f"{name} counts now"
    if new is None:
        return f"{name} counts no more"
    parts = []
    if abs(new.value - old.value) > _SMALL:
        parts.append(f"reads {new.value:.2f} instead of {old.value:.2f}")
    if abs(new.weight - old.weight) > _SMALL:
        parts.append(f"weighs {new.weight:.0%} instead of {old.weight:.0%}")
    return f"{name} {' and '.join(parts)}"


def _besides(before: Assessment | None, after: Assessment | None, old: HealthModel, new: HealthModel) -> list[str]:
    """What changes a band beside the components."""
    if before is None or after is None:
        return []
    said = []
    if before.capped_by != after.capped_by:
        if before.capped_by is not None:
            said.append(f"{words(before.capped_by)} no longer caps the score")
        if after.capped_by is not None:
            said.append(f"{words(after.capped_by)} caps the score at {after.score}")
    elif after.capped_by is not None and before.score != after.score:
        said.append(f"{words(after.capped_by)} caps the score at {after.score} instead of {before.score}")
    if old.bands.band(after.score) != after.computed_band_number:
        said.append(f"a score of {after.score} is {words(after.computed_band)} now")
    return said


def _shares(assessment: Assessment | None) -> dict[str, Share]:
    if assessment is None:
        return {}
    return {NAMES[one.code]: _share(one, assessment.weight) for one in assessment.components if one is not None}


def _share(one: Measured, weight: float) -> Share:
    return Share(one.value, one.weight / weight, 100.0 * one.weight * one.value / weight)


def _points(share: Share | None) -> float:
    return 0.0 if share is None else share.points


def _band(assessment: Assessment | None) -> Band | None:
    return None if assessment is None else assessment.band


def _rank(move: Move) -> Rank:
    return _ranked(move.before, move.after, move.score_before, move.score_after, move.tenant, move.contact)


def _ranked(
    before: Band | None,
    after: Band | None,
    score_before: int | None,
    score_after: int | None,
    tenant: str,
    contact: str,
) -> Rank:
    """By how many bands, then by how many points: the hardest hit is the first."""
    return _place(after) - _place(before), (score_after or 0) - (score_before or 0), tenant, contact


def _place(band: Band | None) -> int:
    return -1 if band is None else BANDS.index(band)
