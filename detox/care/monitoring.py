"""How often an admission is observed, as somebody orders it: a nurse shortens, a physician also lengthens it."""

from dataclasses import replace
from datetime import datetime, timedelta

from detox import gate
from detox.care.text import clean
from detox.clinical.looking_back import recent_sets
from detox.clinical.model import Admission, Clinician, IntervalOrder
from detox.clinical.monitoring import schedule
from detox.clinical.monitoring.content import Orders
from detox.errors import Conflict, NotAllowed, NotFound, Refused
from detox.gate import permit, permitted
from detox.store import Connection, Store, audit, find, orders
from detox.store.background import background


def order_interval(store: Store, by: Clinician, order: IntervalOrder, now: datetime) -> IntervalOrder:
    """Order how often an admission is observed, from now on until `order.until_at` (None: until somebody ends it).

    An interval longer than the protocol asks now is a physician's and has an end. `order.id` is made by whoever enters
    it, so that sending twice keeps one. Raises Refused with every problem, NotAllowed, Conflict, NotFound.
    """
    permit(store, by, "order_interval", now)
    order = replace(
        order, reason=clean(order.reason), set_at=now, set_by=by.name, role=by.role, ended_at=None, ended_by=""
    )
    with gate.write(store, by, "order_interval", now, admission_id=order.admission_id) as tx:
        admission = find.admission(tx, order.admission_id)
        if (known := _kept(tx, admission.id, order.id)) is not None:
            return _same(known, order)
        if admission.discharged_at is not None:
            raise Conflict("The admission has ended: nothing can be ordered for it.")
        asked = protocol_line(tx, admission, now)
        if order.interval_min > asked.interval_min and not permitted(by, "lengthen"):
            protocol = f"The protocol asks {schedule.line_words(asked)}"
            raise NotAllowed(f"{protocol}. A {by.role} can shorten that: ask a physician to lengthen it.")
        if problems := _problems(order, asked, now):
            raise Refused(problems)
        orders.keep_interval_order(tx, order, by)
        audit.event(
            tx, now, by, "order_interval", "interval_order", order.id, admission_id=admission.id,
            detail={
                "interval_min": order.interval_min, "until": order.until_at.isoformat() if order.until_at else None,
                "reason": order.reason, "asked_min": asked.interval_min, "asked_by": asked.row.id,
            },
        )  # fmt: skip
    return order


def end_interval(store: Store, by: Clinician, order_id: str, now: datetime, *, admission_id: str) -> IntervalOrder:
    """Take an order back before its time: the protocol's interval holds again. Ending it twice changes nothing.

    A nurse ends what a nurse has ordered, and whatever is longer than the protocol asks. Raises NotFound, Refused.
    """
    permit(store, by, "order_interval", now)
    with gate.write(store, by, "order_interval", now, admission_id=admission_id) as tx:
        admission = find.admission(tx, admission_id)
        order = _kept(tx, admission.id, order_id)
        if order is None:
            raise NotFound("There is no such order: the page is out of date, open the patient again.")
        if not order.holds_at(now):
            return order
        asked = protocol_line(tx, admission, now)
        shortens = order.interval_min < asked.interval_min
        if shortens and order.role == "physician" and not permitted(by, "lengthen"):
            raise Refused({"": f"{order.set_by} has ordered the closer watch: ask a physician to end it."})
        orders.end_interval_order(tx, order_id, now, by)
        audit.event(
            tx, now, by, "end_interval", "interval_order", order_id, admission_id=admission.id,
            detail={"interval_min": order.interval_min, "asked_min": asked.interval_min},
        )  # fmt: skip
        return replace(order, ended_at=now, ended_by=by.name)


def protocol_line(tx: Connection, admission: Admission, now: datetime) -> schedule.Line:
    """What the protocol asks now by schedule alone: no order, no open alert, no look after a dose."""
    recent = find.last_in_admission(tx, admission, recent_sets(), now)
    since = recent[-1].taken_at if recent else admission.admitted_at
    return schedule.asked(recent, background(tx, admission, since, first=len(recent) >= recent_sets(), now=now))


def _kept(tx: Connection, admission_id: str, order_id: str) -> IntervalOrder | None:
    return next((o for o in orders.interval_orders(tx, admission_id) if o.id == order_id), None)


def _same(known: IntervalOrder, order: IntervalOrder) -> IntervalOrder:
    if (known.interval_min, known.reason) != (order.interval_min, order.reason):
        raise Conflict("This order was already saved with other values: look at the saved one.")
    return known


def _problems(order: IntervalOrder, asked: schedule.Line, now: datetime) -> dict[str, str]:
    rule = schedule.monitoring_file().orders
    problems: dict[str, str] = {}
    if not order.reason:
        problems["reason"] = "The order has no reason: say why this patient is observed at another interval."
    if not rule.shortest_min <= order.interval_min <= rule.longest_min:
        problems["interval_min"] = (
            f"An interval is between {schedule.words(rule.shortest_min)} and {schedule.words(rule.longest_min)}: "
            "choose another one."
        )
    if order.until_at is not None and order.until_at <= now:
        problems["until_at"] = "The order would have ended already: choose a later time."
    if order.interval_min > asked.interval_min and "interval_min" not in problems:
        problems |= _lengthening(order, asked, now, rule)
    return problems


def _lengthening(order: IntervalOrder, asked: schedule.Line, now: datetime, rule: Orders) -> dict[str, str]:
    protocol = f"The protocol asks {schedule.line_words(asked)}"
    if asked.interval_min < rule.from_min:
        shortest = schedule.words(rule.from_min)
        return {"interval_min": f"{protocol}. An interval under {shortest} stands for a danger: it is not lengthened."}
    if order.until_at is None:
        return {"until_at": f"{protocol}. A longer interval needs an end: choose until when it holds."}
    if order.until_at > now + timedelta(hours=rule.longest_hours):
        return {"until_at": f"A longer interval holds for {rule.longest_hours} hours at most: choose an earlier time."}
    return {}
