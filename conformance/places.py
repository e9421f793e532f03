"""Where in a test something went wrong."""

from pathlib import Path

from pytest import ExceptionInfo


def places(excinfo: ExceptionInfo[BaseException], folder: Path) -> tuple[str, ...]:
    """The lines of the tests in `folder` that led there, outermost first: `test_tags.py:42: peer.echo()`.

    None of them if the test had run to its end.
    """
    found = []
    for entry in excinfo.traceback:
        path = Path(entry.path)
        if path.is_relative_to(folder):
            source = str(entry.statement).strip().splitlines()
            found.append(f"{path.relative_to(folder)}:{entry.lineno + 1}: {source[0] if source else ''}".rstrip(": "))
    return tuple(found)
