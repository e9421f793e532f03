"""Whether a target is there and does TCP at all: plain connections, with nothing of TCP/S.

One runs before the suite, so that a cable that is out is not reported as hundreds of failed requirements, and after it,
so that a target that died on the way is noticed.
"""

from conformance.plain_connection import PlainConnection, PlainFailure
from conformance.target import Family, Setup, Target


def check(target: Target, family: Family) -> str | None:
    """Starts the target for one line echoed, and stops it. What is wrong in one sentence, or None. Raises NotDriven."""
    try:
        target.start(Setup(family=family))
        _echo(target, family)
    except PlainFailure as failure:
        return str(failure)
    finally:
        target.stop()
    return None


def check_services(target: Target, family: Family) -> str | None:
    """The same for every service, and for a connection that the target opens. Raises NotDriven."""
    try:
        target.start(Setup(family=family))
        _echo(target, family)
        greeted = PlainConnection(target, family)
        greeted.open("greet")
        greeted.greeting()
        greeted.close()
        aborted = PlainConnection(target, family)
        aborted.open("abort")
        aborted.abortion()
        accepted = PlainConnection(target, family)
        accepted.accept("echo")
        accepted.echo()
        accepted.close()
    except PlainFailure as failure:
        return str(failure)
    finally:
        target.stop()
    return None


def _echo(target: Target, family: Family) -> None:
    connection = PlainConnection(target, family)
    connection.open("echo")
    connection.echo()
    connection.close()
