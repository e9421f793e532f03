"""Where in a test something went wrong."""

import linecache
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
            line = entry.lineno + 1
            found.append(f"{path.relative_to(folder)}:{line}: {linecache.getline(str(path), line).strip()}")
    return tuple(found)
