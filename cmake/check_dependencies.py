#!/usr/bin/python3
"""The dependency rule: #include lines point downwards only, and reference/ knows no ns-3.

    check_dependencies.py ROOT         check the tree; exit 1 names each line that breaks the rule
    check_dependencies.py --self-test  check that fabricated violations are found
"""

import posixpath
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

# From the bottom up. A folder may include itself and every folder of the tiers below its own, none beside it.
_TIERS = (
    ("reference/wire", "reference/crypto"),
    ("reference/stack",),
    ("reference/tcps", "reference/tcpcrypt", "reference/socketguard"),
    ("reference/capture", "reference/linux", "model"),
    ("bindings",),
    ("scenarios", "conformance"),
)
_TIER = {folder: tier for tier, folders in enumerate(_TIERS) for folder in folders}
_TOPS = {folder.split("/")[0] for folder in _TIER}
_SUFFIXES = {".cc", ".cpp", ".h", ".hpp"}
_INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^">]+)[">]')


def _folder(path: str) -> str | None:
    """The folder of ours that holds `path`, or None. In reference/ it need not be one of the tiers."""
    parts = path.split("/")
    if len(parts) < 2 or parts[0] not in _TOPS:
        return None
    return "/".join(parts[:2]) if parts[0] == "reference" else parts[0]


def _target(file: str, included: str, files: Mapping[str, str]) -> str:
    """Path from the root of what `file` includes; a neighbour comes before the root, as for the compiler."""
    neighbour = posixpath.normpath(posixpath.join(posixpath.dirname(file), included))
    return neighbour if neighbour in files else posixpath.normpath(included)


def _defect(file: str, included: str, files: Mapping[str, str]) -> str | None:
    source = _folder(file)
    if source not in _TIER:
        return f"{source} has no place in the order of the folders"
    if included.startswith("ns3/"):
        return "reference/ must not know ns-3" if source.startswith("reference/") else None
    target = _folder(_target(file, included, files))
    if target is None or target == source:
        return None
    if target not in _TIER:
        return f"{target} has no place in the order of the folders"
    if _TIER[target] > _TIER[source]:
        return f"{source} includes {target}, which is above it"
    if _TIER[target] == _TIER[source]:
        return f"{source} includes {target}, which is beside it"
    return None


def violations(files: Mapping[str, str]) -> Iterator[str]:
    """One line for each violation in `files`, which maps paths from the root to texts."""
    for file, text in sorted(files.items()):
        for number, line in enumerate(text.splitlines(), start=1):
            include = _INCLUDE.match(line)
            if include and (defect := _defect(file, include[1], files)):
                yield f"{file}:{number}: {include[1]}: {defect}"


def _read(root: Path) -> dict[str, str]:
    return {
        path.relative_to(root).as_posix(): path.read_text(encoding="utf-8")
        for top in sorted(_TOPS)
        for path in (root / top).rglob("*")
        if path.suffix in _SUFFIXES and path.is_file()
    }


# File, the line in it, and whether the line breaks the rule.
_CASES = (
    ("reference/wire/a.cc", '#include "reference/wire/b.h"', False),
    ("reference/wire/a.cc", "#include <vector>", False),
    ("reference/wire/a.cc", '#include "reference/crypto/b.h"', True),
    ("reference/crypto/a.cc", '#include "reference/wire/b.h"', True),
    ("reference/crypto/a.cc", '#include "reference/stack/b.h"', True),
    ("reference/stack/a.h", '#include "reference/crypto/b.h"', False),
    ("reference/stack/a.h", "#include <reference/tcps/b.h>", True),
    ("reference/stack/a.h", '  #  include "reference/tcps/b.h"', True),
    ("reference/stack/a.h", '// #include "reference/tcps/b.h"', False),
    ("reference/tcps/a.cc", '#include "reference/stack/b.h"', False),
    ("reference/tcps/a.cc", '#include "reference/tcpcrypt/b.h"', True),
    ("reference/tcps/a.cc", '#include "reference/capture/b.h"', True),
    ("reference/socketguard/a.cc", '#include "reference/tcps/b.h"', True),
    ("reference/capture/a.cc", '#include "reference/tcps/b.h"', False),
    ("reference/capture/a.cc", '#include "model/b.h"', True),
    ("reference/linux/a.cc", '#include "reference/capture/b.h"', True),
    ("reference/linux/a.cc", '#include "ns3/packet.h"', True),
    ("reference/tcps/a.cc", "#include <ns3/packet.h>", True),
    ("reference/tcps/test/a_test.cc", '#include "scenarios/b.h"', True),
    ("reference/tcps/test/a_test.cc", '#include "reference/wire/test/b.h"', False),
    ("reference/newcomer/a.cc", '#include "reference/wire/b.h"', True),
    ("reference/stack/a.cc", '#include "reference/newcomer/b.h"', True),
    ("model/a.cc", "#include <ns3/packet.h>", False),
    ("model/a.cc", '#include "reference/tcps/b.h"', False),
    ("model/a.cc", '#include "neighbour.h"', False),
    ("model/a.cc", '#include "../scenarios/neighbour.h"', True),
    ("model/a.cc", '#include "bindings/b.h"', True),
    ("model/a.cc", '#include "scenarios/b.h"', True),
    ("bindings/a.cpp", '#include "model/b.h"', False),
    ("bindings/a.cpp", '#include "scenarios/b.h"', True),
    ("scenarios/a.cc", '#include "model/b.h"', False),
    ("scenarios/a.cc", '#include "reference/capture/b.h"', False),
    ("scenarios/a.cc", '#include "conformance/b.h"', True),
    ("conformance/a.cc", '#include "scenarios/b.h"', True),
)
_NEIGHBOURS = {"model/neighbour.h": "", "scenarios/neighbour.h": ""}


def _self_test() -> list[str]:
    wrong = []
    for file, line, breaks in _CASES:
        found = list(violations({**_NEIGHBOURS, file: f"\n{line}\n"}))
        if len(found) != breaks or (breaks and not found[0].startswith(f"{file}:2: ")):
            wrong.append(f"{file}: {line}: expected {'a violation' if breaks else 'none'}, found {found}")
    return wrong


def main(arguments: list[str]) -> int:
    if arguments == ["--self-test"]:
        lines, done = _self_test(), f"{len(_CASES)} cases"
    elif len(arguments) == 1 and (Path(arguments[0]) / "reference/wire").is_dir():
        files = _read(Path(arguments[0]))
        lines, done = list(violations(files)), f"{len(files)} files"
    else:
        print(__doc__, file=sys.stderr)
        return 2
    print(*lines, f"{done}, {len(lines)} wrong", sep="\n")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
