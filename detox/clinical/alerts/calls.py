"""Which critical alerts call somebody to a patient anew, and which are told on the card of a call that was answered.

One card a patient: whoever comes looks at the whole patient. So a further critical problem interrupts nobody again
while the card is critical, except a problem of the lethal class, and except after the quiet time. It is on the card all
the same, unanswered, and means for the doses what it always means.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from detox.clinical.alerts.engine import rulebook
from detox.clinical.alerts.escalation import answering_file, never_quiet, quiet_time
from detox.clinical.model import Alert


@dataclass(frozen=True, slots=True)
class Call:
    """What one critical alert asks of somebody.

    `interrupts` is True where it is a new call to the patient. `quiet_until` is set where it is told on a card that had
    been answered: until then it waits for no answer of its own.
    """

    alert_id: str
    at: datetime
    interrupts: bool
    quiet_until: datetime | None = None

    def is_quiet(self, now: datetime) -> bool:
        """True while it is told on the answered card and calls nobody by itself."""
        return self.quiet_until is not None and now < self.quiet_until


def calls_of(alerts: Iterable[Alert]) -> tuple[Call, ...]:
    """Each critical alert of one admission, open or ended, as a call, in the order in which they were kept.

    It interrupts where nothing critical stands on the card, or stood there until a short while before; where it is of
    the lethal class, which is never put aside, and new or worse there; and where the quiet time since the last call is
    over. What does not interrupt is quiet only where all that stood was answered, for no longer than the quiet time,
    and never in the lethal class: that waits for an answer of its own.
    """
    found: list[Call] = []
    seen: list[Alert] = []
    last: datetime | None = None
    for alert in sorted(_critical(alerts), key=lambda a: (kept_at(a), a.opened_at, a.id)):
        at = kept_at(alert)
        over = last is None or at - last >= quiet_time()
        beside = [one for one in seen if _on_the_card(one, at)]
        lethal = never_quiet(alert.finding)
        interrupts = over or not beside or (lethal and _worse_than_all(alert, beside))
        quiet = None
        if interrupts:
            last = at
        elif last is not None and not lethal and _answered(beside, at):
            quiet = last + quiet_time()
        found.append(Call(alert.id, at, interrupts, quiet))
        seen.append(alert)
    return tuple(found)


def kept_at(alert: Alert) -> datetime:
    """When the alert was there to be seen: when it was kept, else when it opened."""
    return alert.recorded_at or alert.opened_at


def _critical(alerts: Iterable[Alert]) -> Iterable[Alert]:
    return (a for a in alerts if a.finding.level == "critical" and a.finding.kind != "silence")


def _on_the_card(alert: Alert, at: datetime) -> bool:
    """True while it is open, and for a short time after data have ended it."""
    ended = alert.resolved_at
    return ended is None or at - ended <= timedelta(minutes=answering_file().calls.again_min)


def _worse_than_all(alert: Alert, beside: Sequence[Alert]) -> bool:
    """True where no alert of its problem on the card is by a rule as bad."""
    named, problem = rulebook().named, alert.finding.problem
    rules = [named.get(one.finding.rule) for one in beside if one.finding.problem == problem]
    own = named.get(alert.finding.rule)
    return own is None or all(rule is not None and rule.rank < own.rank for rule in rules)


def _answered(alerts: Sequence[Alert], by: datetime) -> bool:
    return all(a.acknowledged_at is not None and a.acknowledged_at <= by for a in alerts)
