"""The pytest plugin behind `lab conform`: a target for the run, an arena for each test, an outcome of each."""

from __future__ import annotations

import sys
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest

from tcpslab.outcome import Exit, LabError
from tcpslab.rig import interrupts

from conformance.arena import Arena
from conformance.explore import Explorer, Stage
from conformance.options import Options
from conformance.outcome import Status
from conformance.parallel import Parallel
from conformance.peer import Peer
from conformance.reporter import Reporter
from conformance.run import Run
from conformance.several import Several
from conformance.timely import Timely
from conformance.watch import Watch

_RUN = pytest.StashKey[Run]()
_REPORTER = pytest.StashKey[Reporter]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--conform", metavar="JSON", help="what lab conform was asked to do (conformance.options)")


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> Exit | None:
    """Makes the run, or says why there is none: later than here pytest has words of its own for that."""
    interrupts.end_with_parent()
    text = config.getoption("--conform")
    try:
        config.stash[_RUN] = run = Run(Options.parse(text) if text else Options())
        config.stash[_REPORTER] = Reporter(run)
    except LabError as error:
        print(f"lab conform: {error}", file=sys.stderr)
        return error.exit_code
    return None


@pytest.hookimpl(trylast=True)  # after pytest's own reporter has come, which goes again
def pytest_configure(config: pytest.Config) -> None:
    for marker in ("requirement(*ids)", "setup(**fields)", "role(role)", "family(family)", "dialect(dialect)"):
        config.addinivalue_line("markers", marker)
    config.addinivalue_line("markers", "budget(seconds)")
    if config.pluginmanager.has_plugin("nose"):  # it would call the marker `setup`, as it does a module's function
        config.pluginmanager.unregister(name="nose")
    run, reporter = config.stash[_RUN], config.stash[_REPORTER]
    signals = ExitStack()
    signals.enter_context(interrupts.raised())  # whatever ends the run early, the target is given back
    config.add_cleanup(signals.close)
    config.add_cleanup(run.close)
    config.pluginmanager.unregister(name="terminalreporter")
    config.pluginmanager.register(reporter)
    config.pluginmanager.register(Watch(run))
    if run.file.target == "sim" and run.jobs > 1:
        config.pluginmanager.register(Parallel(run, reporter, run.jobs))
    if run.file.target == "netns":
        config.pluginmanager.register(Timely(run))
    if run.file.target == "netns" and run.jobs > 1:
        config.pluginmanager.register(Several(run, reporter, run.jobs))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "setting" in metafunc.fixturenames:
        settings = metafunc.config.stash[_RUN].settings(metafunc.definition)
        metafunc.parametrize("setting", settings, ids=[f"{role}-{family}" for role, family in settings])


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """`--requirement`: only the tests that cite one of these."""
    run = config.stash[_RUN]
    if only := set(run.options.only):
        cited = [bool(only & {requirement.id for requirement in run.requirements(item)}) for item in items]
        config.hook.pytest_deselected(items=[i for i, keep in zip(items, cited, strict=True) if not keep])
        items[:] = [i for i, keep in zip(items, cited, strict=True) if keep]


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    item.config.stash[_RUN].check_applies(item)


@pytest.fixture
def setting() -> tuple[str, str]:
    """The target's role and the address family; every test that uses an arena is parametrized by it."""
    raise AssertionError("no setting")


@pytest.fixture
def arena(request: pytest.FixtureRequest, setting: tuple[str, str]) -> Iterator[Arena]:
    """The target as the test's marker `setup` says."""
    arena = request.config.stash[_RUN].arena(request.node, *setting)
    request.node.arena = arena
    yield arena
    arena.close()


@pytest.fixture
def stage(request: pytest.FixtureRequest, setting: tuple[str, str]) -> Stage:
    """For tests of many examples: each `with stage() as arena:` is a fresh target, and ends as a test does."""

    @contextmanager
    def fresh() -> Iterator[Arena]:
        arena = request.config.stash[_RUN].arena(request.node, *setting)
        request.node.arena = arena
        try:
            yield arena
            arena.finish()
        finally:
            arena.close()

    return fresh


@pytest.fixture
def explore(request: pytest.FixtureRequest, stage: Stage) -> Explorer:
    """For random tests: `explore(strategy, play)` plays packet sequences until one fails, and finds the shortest."""
    options = request.config.stash[_RUN].options
    seed = f"{options.seed}/{request.node.name}"
    explorer = Explorer(stage, seed, options.examples, options.shrink, options.replay)
    request.node.explorer = explorer
    return explorer


@pytest.fixture
def peer(arena: Arena) -> Peer:
    """The other end of a connection with the target; nothing is sent yet."""
    return arena.peer()


@pytest.hookimpl(hookwrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, Any, None]:
    outcome = yield
    if outcome.excinfo is None and "arena" in pyfuncitem.fixturenames:
        pyfuncitem.arena.finish()  # its Violation is the test's own


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, None]:
    result = yield
    report: pytest.TestReport = result.get_result()
    run = item.config.stash[_RUN]
    error = call.excinfo.value if call.excinfo else None
    if call.when == "call" or error is not None:
        outcome = run.outcome(item, error, report.longreprtext if error else "", call.duration)
        item.config.stash[_REPORTER].complete(outcome, item, call.excinfo)
        if outcome.status not in (Status.PASS, Status.FAIL):
            report.outcome, report.longrepr = "skipped", (str(item.path), 0, outcome.summary)
        report.conformance = outcome  # type: ignore[attr-defined]


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Exit codes of the command line (design, section 7) in place of pytest's."""
    run = session.config.stash[_RUN]
    codes = {pytest.ExitCode.NO_TESTS_COLLECTED: Exit.BAD_REQUEST, pytest.ExitCode.USAGE_ERROR: Exit.BAD_REQUEST}
    codes |= {pytest.ExitCode.INTERRUPTED: Exit.INFRASTRUCTURE, pytest.ExitCode.INTERNAL_ERROR: Exit.INFRASTRUCTURE}
    failed = any(outcome.status is Status.FAIL for outcome in run.outcomes) or run.vanished_deviations()
    session.exitstatus = codes.get(exitstatus, Exit.DIFFERS if failed else Exit.AS_EXPECTED)
    if run.stopped is not None:
        session.exitstatus = run.stopped.exit_code
