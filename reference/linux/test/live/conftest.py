from collections.abc import Iterator

import pytest

from tcpslab.rig import Pair, Tcpsd


@pytest.fixture
def daemons(pair: Pair) -> Iterator[tuple[Tcpsd, Tcpsd]]:
    """tcpsd at the near and at the far host, which end in good order."""
    near, far = Tcpsd(pair.near), Tcpsd(pair.far)
    yield near, far
    assert (near.stop(), far.stop()) == (0, 0), near.log() + far.log()
