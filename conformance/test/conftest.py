from collections.abc import Callable, Iterator

import pytest

from tcpslab.rig import Pair

from conformance import services_on_rig
from conformance.live_target import LiveTarget

from kernel_host import plugged_in, target_file


@pytest.fixture
def cable() -> Iterator[Pair]:
    with plugged_in() as pair:
        yield pair


@pytest.fixture
def make_target(cable: Pair) -> Iterator[Callable[..., LiveTarget]]:
    """Makes live targets of the kernel at the far end; arguments are changes of the target file."""
    made: list[LiveTarget] = []

    def make(**changes: object) -> LiveTarget:
        made.append(LiveTarget(target_file(cable, **changes), run=1))
        return made[-1]

    services_on_rig.serve(cable.far)
    with cable.near.entered():
        yield make
        for target in made:
            target.close()
