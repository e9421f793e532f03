"""One run of the suite: the target, what of the suite applies to it, and what became of each test."""

from __future__ import annotations

import os
import random
from dataclasses import fields
from typing import Any

import pytest

from tcpslab.outcome import LabError, RequestError
from tcpslab.scapy import LKM, README

from conformance import probe
from conformance.arena import Arena
from conformance.catalogue import Catalogue, Requirement
from conformance.failure import Violation
from conformance.options import Options
from conformance.outcome import Outcome, Status
from conformance.protection import Arithmetic
from conformance.report import Report
from conformance.report_json import provenance
from conformance.target import NotDriven, Setup, Target
from conformance.target_choice import choose_target
from conformance.target_file import KnownDeviation

ROLES = ("server", "client")
_CORES = os.cpu_count() or 1
_JOBS = {"sim": _CORES, "netns": min(24 * _CORES, 64)}  # by default: a node computes, a host in a namespace waits
BUDGET = 30.0  # seconds on the target's clock for a test that states none
_IPV6 = "TCPS-LOOP-03"  # IPv6 is protected
_AGREES = {"server": "TCPS-TC-02", "client": "TCPS-TC-01"}  # TC in the SYN-ACK, in the SYN
_SETUP_FIELDS = {field.name for field in fields(Setup)} - {"dialect", "family", "seed", "deviations"}


class NotApplicable(pytest.skip.Exception):  # not an Exception, of which pytest would format the traceback
    """The test says nothing about this target in this run; the text is the reason."""


class Run:
    """Made once for a pytest session."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.catalogue = Catalogue.of(options.protocol)
        if unknown := [i for i in options.only if i not in self.catalogue]:
            raise RequestError(f"--requirement {unknown[0]}: the catalogue of {options.protocol} has none of this id")
        self.target: Target
        self.target, self.file = choose_target(options)
        self.jobs = options.jobs or _JOBS.get(self.file.target, 1)
        self.dialect = options.dialect or self.file.dialect or "readme"
        self.outcomes: list[Outcome] = []
        self.notes: list[str] = []  # what reports should say beside the outcomes
        self.started = False  # whether a test had the target
        self.stopped: LabError | None = None  # why the run ended before its time, or is not to be trusted
        self._seen_deviations: set[KnownDeviation] = set()
        own = LKM if self.dialect == "lkm" else README
        self._arithmetic: Arithmetic = Arithmetic(own, own)
        self._probed = False
        self._protects_ipv6 = True
        self._agrees = dict.fromkeys(ROLES, True)  # keys, in this role
        self.verdict = ""  # in place of one by requirements: the target is known to speak no TCP/S, and does not

    def take_target_of_its_own(self) -> None:
        """In a process that works on the run beside others; theirs are not closed."""
        self.target, self.file = choose_target(self.options)

    def close(self) -> None:
        self.target.close()

    # --- what applies ------------------------------------------------------------------------------------------------

    def requirements(self, item: Any) -> list[Requirement]:
        ids = [i for mark in item.iter_markers("requirement") for i in mark.args]
        try:
            return [self.catalogue[i] for i in ids]
        except KeyError as error:
            raise RequestError(f"{item.nodeid} cites {error}, which no catalogue has") from error

    def cited(self, item: Any) -> tuple[str, ...]:
        return tuple(requirement.id for requirement in self.requirements(item))

    def settings(self, item: Any) -> list[tuple[str, str]]:
        """The target's roles and the families in which a test runs."""
        roles = [mark.args[0] for mark in item.iter_markers("role")][:1]
        if not roles:
            cited = {requirement.role for requirement in self.requirements(item)} - {"both"}
            roles = [role for role in ROLES if cited <= {role}] or list(ROLES)
        families = [mark.args[0] for mark in item.iter_markers("family")] or ["ipv4", "ipv6"]
        return [(role, family) for role in roles for family in families]

    def check_applies(self, item: pytest.Item) -> None:
        """Raises NotApplicable with the reason."""
        role, family = self._setting(item)
        if self.options.role and role and role != self.options.role:
            raise NotApplicable(f"only the {self.options.role}'s role was asked for")
        if family and family not in self.target.families:
            raise NotApplicable(f"the target has no {family} address")
        if self.dialect == "lkm" and family == "ipv6" and not self._is_about_ipv6(item):
            raise NotApplicable("the kernel module leaves IPv6 alone")
        if self.dialect not in self._dialects(item):
            raise NotApplicable(f"it is about the other dialect than {self.dialect}")
        limit, needed = self.options.budget, self.budget(item)
        if limit is not None and needed > limit:
            raise NotApplicable(f"it takes up to {needed:g} s, more than the {limit:g} s asked for")

    @staticmethod
    def _is_about_ipv6(item: pytest.Item) -> bool:
        return any(mark.args == ("ipv6",) for mark in item.iter_markers("family"))

    def _dialects(self, item: pytest.Item) -> set[str]:
        marked = {name for mark in item.iter_markers("dialect") for name in mark.args}
        dialects = {"readme", "lkm"} & (marked or {"readme", "lkm"})
        for requirement in self.requirements(item):
            dialects &= set(requirement.dialects)
        return dialects

    @staticmethod
    def _setting(item: pytest.Item) -> tuple[str | None, str | None]:
        """Role and family of a test that has them."""
        return item.callspec.params.get("setting", (None, None)) if hasattr(item, "callspec") else (None, None)

    @staticmethod
    def test_name(item: pytest.Item) -> str:
        """As reports and `--test` have it: `test_tags.py::test_fin[server-ipv4]`."""
        return f"{item.path.name}::{item.name}"

    @staticmethod
    def budget(item: pytest.Item) -> float:
        """Seconds on the target's clock that a test may take."""
        mark = item.get_closest_marker("budget")
        return mark.args[0] if mark else BUDGET

    # --- a test ------------------------------------------------------------------------------------------------------

    def arena(self, item: pytest.Item, role: str, family: str) -> Arena:
        """The stage of a test, with the target started. Raises NotDriven."""
        changes = {name: value for mark in item.iter_markers("setup") for name, value in mark.kwargs.items()}
        if unknown := set(changes) - _SETUP_FIELDS:
            raise TypeError(f"setup({', '.join(sorted(unknown))}) is no field of Setup")
        setup = Setup(
            dialect=self.dialect,
            family=family,
            seed=self.options.seed,
            deviations=self.options.deviations,
            **changes,
        )
        self.probe()
        if self.verdict:
            raise NotApplicable(f"the target {self.verdict}: {self.target.plain}")
        if family == "ipv6" and not self._protects_ipv6 and _IPV6 not in self.cited(item):
            raise NotDriven(f"the target leaves IPv6 alone, as the tests of {_IPV6} report")
        arena = self._start(setup, role, item.name)
        if not self._agrees[role] and _AGREES[role] not in self.cited(item):
            arena.keyless = f"the target agrees no keys as {role}, as the tests of {_AGREES[role]} report"
        arena.budget(self.budget(item))
        return arena

    def probe(self) -> None:
        """Once, before the first test, and in the same way whichever test that is."""
        if self._probed:
            return
        self._probed = True
        for family in self.target.families:
            setup = Setup(self.dialect, family=family, seed=self.options.seed, deviations=self.options.deviations)
            if family == self.target.families[0]:
                self._arithmetic = probe.arithmetic(self._start(setup, "server", "probe"), self._arithmetic)
                self._agrees = {role: probe.protects(self._start(setup, role, "probe")) for role in ROLES}
            elif self.dialect == "readme" and self._agrees["server"]:
                self._protects_ipv6 = probe.protects(self._start(setup, "server", "probe"))
        if self.target.plain and not any(self._agrees.values()):
            self.verdict = "does not speak TCP/S"
        elif self.target.plain:
            self.notes.append(f"it agrees keys, although {self.target.plain}")

    def _start(self, setup: Setup, role: str, name: str) -> Arena:
        self.started = True
        self.target.start(setup)
        rng = random.Random(f"{self.options.seed}/{name}")
        return Arena(self.target, setup, "client" if role == "server" else "server", self._arithmetic, rng)

    # --- what became of it -------------------------------------------------------------------------------------------

    def outcome(self, item: pytest.Item, error: BaseException | None, traceback: str, duration: float) -> Outcome:
        role, family = self._setting(item)
        outcome = Outcome(
            test=self.test_name(item),
            requirements=self.cited(item),
            special=tuple(r.id for r in self.requirements(item) if r.dialects == (self.dialect,)),
            status=Status.PASS,
            role=role or "",
            family=family or "",
            duration=duration,
        )
        if error is not None:
            outcome.summary = str(error).strip().partition("\n")[0] or type(error).__name__
            outcome.status = self._status(outcome, error)
            outcome.violation = error if isinstance(error, Violation) else None
            outcome.traceback = traceback
        if self.outcomes and self.outcomes[-1].test == outcome.test:
            if self.outcomes[-1].failed:
                return self.outcomes[-1]  # what went wrong first counts
            self.outcomes.pop()  # it went wrong only after its end
        self.outcomes.append(outcome)
        return outcome

    def _status(self, outcome: Outcome, error: BaseException) -> Status:
        if isinstance(error, NotApplicable):
            return Status.NOT_APPLICABLE
        if isinstance(error, (NotDriven, LabError)):
            return Status.INCONCLUSIVE
        outcome.violation = error if isinstance(error, Violation) else None
        if (known := self.note_deviation(outcome)) is not None:
            outcome.reason = known.reason
            return Status.KNOWN_DEVIATION
        return Status.FAIL

    def note_deviation(self, outcome: Outcome) -> KnownDeviation | None:
        """Whether a failure is one that the target's file knows, which then has been seen."""
        for known in self.file.known_deviations if outcome.violation else ():
            if known.matches(outcome.broken, outcome.test, outcome.summary):
                self._seen_deviations.add(known)
                return known
        return None

    def vanished_deviations(self) -> list[KnownDeviation]:
        """Known deviations that no test has seen although one of its tests passed: the target's file is out of date."""
        passed = [outcome for outcome in self.outcomes if outcome.status is Status.PASS]
        return [
            known
            for known in self.file.known_deviations
            if known not in self._seen_deviations
            and any(known.concerns(outcome.requirements, outcome.test) for outcome in passed)
        ]

    def report(self) -> Report:
        """Of the whole run, after its last test."""
        return Report(
            target=self.file.name,
            kind=self.file.target,
            protocol=self.options.protocol,
            dialect=self.dialect,
            seed=self.options.seed,
            catalogue=self.catalogue,
            outcomes=self.outcomes,
            vanished=self.vanished_deviations(),
            verdict=self.verdict and f"{self.verdict}, as expected: {self.target.plain}",
            notes=[*self.target.notes(), *self.notes],
            deviations=self.options.deviations,
            provenance=provenance(self.options.command),
        )
