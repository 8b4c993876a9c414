"""The newest observations of an admission as rules look back on them."""

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import cached_property

from detox.clinical.alerts.book import CompiledRule, RuleBook
from detox.clinical.looking_back import measure_sets, rule_sets
from detox.clinical.measures import MeasuredObservation, Measurer, told_by
from detox.clinical.model import Observation


class Moment:
    """One observation and the rules in force at it. What it means is worked out when first asked for: of what a caller
    passes most never is."""

    def __init__(
        self, observation: Observation, earlier: list[Observation], measurer: Measurer, book: RuleBook
    ) -> None:
        self.observation = observation
        self.book = book
        self._earlier = earlier
        self._measurer = measurer

    @cached_property
    def measured(self) -> MeasuredObservation:
        """The observation with its measures."""
        return self._measurer.measure(self.observation, self._earlier)

    @cached_property
    def together(self) -> MeasuredObservation | None:
        """The same with what was charted minutes before; None where that adds nothing."""
        return self._measurer.together(self.observation, self._earlier)

    @cached_property
    def meets(self) -> tuple[bool | None, ...]:
        """Whether the observation meets the conditions of each rule, in the order of the book; None where that cannot
        be told from it. What was charted minutes before only raises: a rule that combines several things, and one that
        is urgent by what was charted now."""
        values, partial = self.measured.values, self.measured.partial
        alone = [rule.raised(values, partial) for rule in self.book.rules]
        return tuple(
            True if met is None and self._meets_together(rule) else met
            for rule, met in zip(self.book.rules, alone, strict=True)
        )

    def is_urgent(self, rule: CompiledRule) -> bool:
        """True where something charted now, or minutes before, makes the rule need no second reading."""
        known = [one for one in (self.measured, self.together) if one is not None]
        return rule.at_once is not None and any(rule.at_once(one.values, one.partial) for one in known)

    def told_by(self, rule: CompiledRule) -> MeasuredObservation:
        """What a rule that the observation meets is told on: its own measures, or those taken together."""
        alone = rule.raised(self.measured.values, self.measured.partial)
        return self.measured if alone or self.together is None else self.together

    def _meets_together(self, rule: CompiledRule) -> bool:
        if self.together is None or not (rule.combines or rule.urgent_by) or not self._tells:
            return False
        met = rule.raised(self.together.values, self.together.partial) is True
        return met and (rule.combines or self.is_urgent(rule))

    @cached_property
    def _tells(self) -> bool:
        """True where the observation itself measured something: one that was not taken raises nothing."""
        return bool(told_by(self.measured.values, self.measured.partial))


class Window:
    """The newest moments of an admission. They are numbered from the oldest, 0, to the newest."""

    def __init__(self, measurer: Measurer, book_at: Callable[[datetime], RuleBook]) -> None:
        self._measurer = measurer
        self._book_at = book_at
        self._earlier: list[Observation] = []
        self._moments: list[Moment] = []

    def add(self, observation: Observation) -> None:
        """The next observation."""
        self._measurer.add(observation)
        book = self._book_at(observation.taken_at)
        self._moments = self._moments[1 - rule_sets() :]
        self._moments.append(Moment(observation, self._earlier, self._measurer, book))
        self._earlier = [*self._earlier[1 - measure_sets() :], observation]

    def __len__(self) -> int:
        return len(self._moments)

    def __getitem__(self, number: int) -> Moment:
        return self._moments[number]

    @property
    def newest(self) -> int:
        """The number of the newest moment; -1 before the first."""
        return len(self._moments) - 1

    def backwards(self, newest: int | None = None) -> range:
        """The numbers from the newest, or from another, to the oldest."""
        return range(self.newest if newest is None else newest, -1, -1)

    def before(self, number: int) -> Iterator[Moment]:
        """The moments before one, the newest first."""
        return reversed(self._moments[:number])
