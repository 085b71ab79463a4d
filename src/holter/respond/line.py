"""The messages of one receiver: which go now, which travel together, and what became of each."""

import logging
import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from holter.errors import DeliveryFailed, HolterError, LeaseLost, NotFound
from holter.registry import Shelves
from holter.report.redacting import public_address, redact
from holter.respond.answer import Channel
from holter.respond.holding import MARK, REPEATED, Holding, repeat
from holter.respond.kinds import named
from holter.respond.posting import event_of, options_of
from holter.respond.redact import secrets_of
from holter.rules import AlertState
from holter.store.kept import HELD, Entry, Lease, Message

_log = logging.getLogger("holter.respond")

FIRST_PAUSE: Final = timedelta(seconds=5)
LONGEST_PAUSE: Final = timedelta(hours=1)
MINUTE: Final = timedelta(minutes=1)
MOST_A_MINUTE: Final = 10
"""Mails a minute to one address: what is more travels together, and waits for the minute to pass."""

Clock = Callable[[], datetime]
Renew = Callable[[], Lease | None]


def pause_after(attempts: int, chance: float) -> timedelta:
    """Return how long to wait after a message has failed ``attempts`` times (from 1).

    Doubles from 5 s to 1 h; ``chance`` in [0, 1) spreads it over the upper half, so that many messages to a server that
    comes back do not all arrive at once.

    Examples
    --------
    >>> pause_after(3, 0.5)
    datetime.timedelta(seconds=15)
    """
    doubled: timedelta = FIRST_PAUSE * 2 ** min(attempts - 1, 30)
    longest = min(doubled, LONGEST_PAUSE)
    return longest * (0.5 + chance / 2)


class Line:
    """Sends what is due to one receiver.

    Parameters
    ----------
    shelves
        The workspace.
    renew
        Takes or renews the lease of the receiver; None when another process has it.
    clock
        Tells the time.
    """

    def __init__(self, shelves: Shelves, renew: Renew, clock: Clock) -> None:
        self._shelves, self._renew, self._clock = shelves, renew, clock

    def send(self, messages: Sequence[Message]) -> tuple[int, int]:
        """Send messages until one fails; the rest stay due. Return how many arrived, and how many failed."""
        lease = self._renew()
        if lease is None:
            return 0, 0
        receiver = (messages[0].channel, messages[0].target)
        still_due = {each.key: each for each in self._shelves.facts.outbox(self._clock(), receiver=receiver)}
        due = [still_due[each.key] for each in messages if each.key in still_due]
        sent = 0
        for parcel in self._parcels(due, lease):
            if not self._deliver(parcel, lease):
                return sent, len(parcel)
            sent += len(parcel)
            lease = self._renew()
            if lease is None:
                break
        return sent, 0

    def _parcels(self, due: Sequence[Message], lease: Lease) -> list[list[Message]]:
        """Return what goes now, in the order it was asked for: one message each, or several that travel together."""
        holding = Holding(self._shelves, self._clock())
        ready = [each for each in due if self._goes(each, holding, lease)]
        if not ready or not self._gathers(ready[0]):
            return [[each] for each in ready]
        alone = [each for each in ready if not each.folded]
        together: dict[str, list[Message]] = {}
        for each in ready:
            together.setdefault(each.folded or each.key, []).append(each)
        room = MOST_A_MINUTE - self._lately(ready[0])
        if len(alone) <= max(room, 0):
            return list(together.values())
        if room <= 0 and not any(self._pages(each) for each in alone):
            self._hold_all(alone, lease)
            return [each for leader, each in together.items() if each[0].folded == leader]
        self._fold(alone, lease)
        rest = [each for leader, each in together.items() if each[0].folded == leader]
        return [*rest, [replace(each, folded=alone[0].key) for each in alone]]

    def _goes(self, message: Message, holding: Holding, lease: Lease) -> bool:
        """Tell whether a message goes now; note it when it does not."""
        channel = _channel_or_none(message)
        if channel is None or message.folded or message.key.endswith(REPEATED):
            return True
        try:
            fate = holding.fate(message, channel)
        except HolterError:
            return True  # sending it says what is wrong, and notes it
        if fate.until is None and not fate.dropped:
            return True
        now = self._clock()
        with self._shelves.facts.begin() as transaction:
            transaction.guard(lease)
            if fate.dropped:
                transaction.drop(message.key, now, fate.why)
                transaction.record(_entry(self._shelves, message, "message.dropped", fate.why), now)
            elif fate.until is not None:
                transaction.hold(message.key, fate.until, fate.why)
                if message.error != f"{HELD}{fate.why}":
                    transaction.record(_entry(self._shelves, message, "message.held", fate.why), now)
        return False

    def _gathers(self, message: Message) -> bool:
        channel = _channel_or_none(message)
        return channel is not None and channel.together is not None

    def _lately(self, message: Message) -> int:
        """Return how many mails the receiver got within the last minute."""
        since = self._clock() - MINUTE
        known = self._shelves.facts.outbox(receiver=(message.channel, message.target))
        return len({each.folded or each.key for each in known if each.sent and each.sent > since and not each.dropped})

    def _pages(self, message: Message) -> bool:
        return self._shelves.facts.alert(message.alert).level == "page"

    def _hold_all(self, messages: Sequence[Message], lease: Lease) -> None:
        with self._shelves.facts.begin() as transaction:
            transaction.guard(lease)
            for each in messages:
                transaction.hold(each.key, self._clock() + MINUTE, "many at once")

    def _fold(self, messages: Sequence[Message], lease: Lease) -> None:
        """Write down who travels together before it is sent: sent again after a crash, it is the same mail."""
        with self._shelves.facts.begin() as transaction:
            transaction.guard(lease)
            transaction.fold([each.key for each in messages], messages[0].key)

    def _deliver(self, parcel: Sequence[Message], lease: Lease) -> bool:
        first = parcel[0]
        again = first.key.endswith(REPEATED)
        try:
            channel, stands = _channel(first), not again or self._stands(first)
            if len(parcel) > 1 or first.folded:
                assert channel.together is not None  # noqa: S101  (only those are gathered)
                channel.together(self._shelves, parcel)
            elif stands:
                channel.send(self._shelves, first)
        except Exception as error:  # noqa: BLE001  (a message is never lost, whatever a channel raises)
            self._postpone(parcel, lease, error)
            return False
        for message in parcel:
            self._note(message, channel, again=again, stands=stands)
        return True

    def _note(self, message: Message, channel: Channel, *, again: bool, stands: bool) -> None:
        """Write down that a message arrived, and when its alert is told again where somebody needs that.

        Telling again what a receiver forgets is one line of the outbox, which stays due until the alert no longer
        stands, and no ledger entry.
        """
        now = self._clock()
        with self._shelves.facts.begin() as transaction:
            if again and stands and channel.refresh:
                transaction.postponed(message.key, now + channel.refresh, "")
                return
            transaction.delivered(message.key, now)
            if again:
                return
            entry = _entry(self._shelves, message, "message.delivered", f"{message.attempts + 1}. attempt")
            transaction.record(entry, now)
            following = self._following(message, channel, now)
            if following is not None:
                transaction.enqueue(following)

    def _following(self, message: Message, channel: Channel, now: datetime) -> Message | None:
        """Return the message that tells the same alert once more, if anybody asked for that."""
        if not self._stands(message):
            return None
        fresh = replace(message, attempts=0, error="", folded="", sent=None)
        if channel.refresh:
            return replace(fresh, key=message.key + REPEATED, due=now + channel.refresh)
        alert = self._shelves.facts.alert(message.alert)
        every = repeat(alert.rule, options_of(self._shelves, alert, message, channel.address))
        if every is None or alert.state is not AlertState.FIRING:
            return None
        stem, _, number = message.key.partition(MARK)
        return replace(fresh, key=f"{stem}{MARK}{int(number or 0) + 1}", due=now + every)

    def _stands(self, message: Message) -> bool:
        """Tell whether an alert still has to be told: it is open, and the message is not that of its end."""
        alert = self._shelves.facts.alert(message.alert)
        return alert.is_open and event_of(self._shelves, message).after is not AlertState.RESOLVED

    def _postpone(self, parcel: Sequence[Message], lease: Lease, error: Exception) -> None:
        first, now = parcel[0], self._clock()
        if not isinstance(error, HolterError):
            _log.exception("%s to %s", first.channel, public_address(first.target))
        why = redact(f"{error}" or type(error).__name__, secrets_of(self._shelves.settings.smtp_url))
        pause = pause_after(first.attempts + 1, random.random())  # noqa: S311  (spreads load, keeps no secret)
        try:
            with self._shelves.facts.begin() as transaction:
                transaction.guard(lease)
                for message in parcel:
                    transaction.postponed(message.key, now + pause, why)
                    if message.attempts == 0:
                        transaction.record(_entry(self._shelves, message, "message.postponed", why), now)
        except LeaseLost:
            _log.warning("another process took over %s; it will note what became of its messages", lease.name)


def _channel(message: Message) -> Channel:
    kind = named(message.channel)
    if isinstance(kind, Channel):
        return kind
    raise DeliveryFailed(message.channel, message.target, "it is no channel")


def _channel_or_none(message: Message) -> Channel | None:
    try:
        return _channel(message)
    except HolterError:
        return None


def _entry(shelves: Shelves, message: Message, action: str, reason: str) -> Entry:
    facts = {"message": message.key, "channel": message.channel, "to": public_address(message.target)}
    try:
        subject = f"monitor:{shelves.facts.alert(message.alert).monitor}"
    except NotFound:
        subject = f"alert:{message.alert}"
    return Entry("holter", action, subject, reason, facts | {"alert": message.alert, "event": message.event})
