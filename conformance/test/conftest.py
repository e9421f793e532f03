from collections.abc import Callable, Iterator

import pytest

from conformance.live_target import LiveTarget

from kernel_host import target_file
from namespaces import Cable, need_root


@pytest.fixture
def cable() -> Iterator[Cable]:
    need_root()
    made = Cable()
    try:
        yield made
    finally:
        made.close()


@pytest.fixture
def make_target(cable: Cable) -> Iterator[Callable[..., LiveTarget]]:
    """Makes live targets of the kernel at the far end; arguments are changes of the target file."""
    made: list[LiveTarget] = []

    def make(**changes: object) -> LiveTarget:
        made.append(LiveTarget(target_file(cable, **changes), run=1))
        return made[-1]

    cable.serve()
    with cable.ours.entered():
        yield make
        for target in made:
            target.close()
