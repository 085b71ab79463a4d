"""What a deployment should be: which version answers, which beside it, whether at all."""

import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from typing import Any, Final

from holter.errors import BadSetting, InputError
from holter.registry.book import note
from holter.registry.deployments import Deployments
from holter.registry.entries import BODY_KEY, Canary, Deployment, Wanted
from holter.registry.rows import wanted_row
from holter.store.kept import Lease
from holter.store.tables import DEPLOYMENT

_HEADER: Final = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
"""A header name: a token of RFC 9110, section 5.6.2."""
_FIELD: Final = re.escape(BODY_KEY) + r"[^.]+(\.[^.]+){0,3}"
"""A field of the body: names of at most four objects, one within the other."""


class Wanting(Deployments):
    """The pages about what should be. Each change is a ledger entry in the same transaction; no change is none."""

    def want(
        self,
        name: str,
        *,
        version: int | None = None,
        paused: bool | None = None,
        actor: str,
        reason: str,
        facts: Mapping[str, Any] | None = None,
        lease: Lease | None = None,
    ) -> Deployment:
        """Write down which version answers, and whether; None leaves a part as it is. The version before is remembered.

        A canary or shadow of the version that is now to answer has done its work, and ends.

        Raises
        ------
        NotFound
            If there is no such deployment, or its model has no such version.
        LeaseLost
            If a ``lease`` was given and another holder has it.
        """

        def how(old: Wanted) -> Wanted:
            new = replace(old, paused=old.paused if paused is None else paused)
            return new if version is None else answered_by(new, version)

        if version is not None:
            self.version(self.deployment(name).model, version)
        return self.change(name, how, actor=actor, reason=reason, facts=facts, lease=lease)

    def want_canary(
        self, name: str, canary: Canary | None, *, actor: str, reason: str, facts: Mapping[str, Any] | None = None
    ) -> Deployment:
        """Let a second version answer a share of the requests; None: none does.

        Raises
        ------
        NotFound
            If there is no such deployment, or its model has no such version.
        BadSetting
            If the weight is no share, or the key neither a header nor a field.
        InputError
            If that version answers already.
        """
        if canary is not None:
            if not 0 < canary.weight <= 100:
                raise BadSetting("weight", f"{canary.weight} is not above 0 and at most 100 (percent).")
            canary = replace(canary, key=_key(canary.key))
            self._second(name, canary.version)
        return self.change(name, lambda old: replace(old, canary=canary), actor=actor, reason=reason, facts=facts)

    def want_shadow(
        self, name: str, version: int | None, *, actor: str, reason: str, facts: Mapping[str, Any] | None = None
    ) -> Deployment:
        """Let a second version score what was captured, off the request path; None: none does.

        Raises
        ------
        NotFound
            If there is no such deployment, or its model has no such version.
        InputError
            If that version answers already, or requests are not captured as they are.
        """
        if version is not None:
            settings = self._second(name, version).settings
            if not settings.capture:
                raise InputError(f"{name} captures nothing, so there is nothing that a shadow could score.")
            if settings.redact:
                raise InputError(f"{name} redacts what it captures: a shadow would score something else.")
        return self.change(name, lambda old: replace(old, shadow=version), actor=actor, reason=reason, facts=facts)

    def change(
        self,
        name: str,
        how: Callable[[Wanted], Wanted],
        *,
        actor: str,
        reason: str,
        facts: Mapping[str, Any] | None = None,
        lease: Lease | None = None,
    ) -> Deployment:
        """Write down what ``how`` makes of what is wanted now; whoever else changes it waits until that is done.

        Raises
        ------
        NotFound
            If there is no such deployment.
        LeaseLost
            If a ``lease`` was given and another holder has it.
        """
        before = self.deployment(name)
        with self._facts.begin() as transaction:
            if lease is not None:
                transaction.guard(lease)
            old = self._wanted(name, transaction) or before.wanted
            new = how(old)
            if new != old:
                row = DEPLOYMENT.update().where(DEPLOYMENT.c.name == name).values(**wanted_row(new))
                transaction.connection.execute(row)
                known = {"model": before.model, "before": asdict(old), "after": asdict(new), **(facts or {})}
                note(transaction, actor, "deployment.want", f"deployment:{name}", known, reason)
        return self.deployment(name)

    def _second(self, name: str, version: int) -> Deployment:
        """Return the deployment, if the version can stand beside the one that answers."""
        entry = self.deployment(name)
        self.version(entry.model, version)
        if entry.wanted.version == version:
            raise InputError(f"version {version} answers every request of {name} already.")
        return entry


def answered_by(wanted: Wanted, version: int) -> Wanted:
    """Return what is wanted once a version answers.

    Examples
    --------
    >>> answered_by(Wanted(7, canary=Canary(8, 5.0)), 8)
    Wanted(version=8, previous=7, paused=False, canary=None, shadow=None)
    """
    if version == wanted.version:
        return wanted
    canary = None if wanted.canary and wanted.canary.version == version else wanted.canary
    shadow = None if wanted.shadow == version else wanted.shadow
    return replace(wanted, version=version, previous=wanted.version, canary=canary, shadow=shadow)


def _key(key: str) -> str:
    """Return a key as it is compared: headers know no case. Raises BadSetting."""
    if re.fullmatch(_FIELD, key):
        return key
    if not re.fullmatch(_HEADER, key):
        raise BadSetting(
            "key", f"{key!r} is neither the name of a header nor {BODY_KEY}FIELD or {BODY_KEY}OUTER.INNER."
        )
    return key.lower()
