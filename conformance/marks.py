"""The markers of the suite's tests."""

import pytest

# requirement("TCPS-TM-01", ...): what the test checks. It runs in the dialects and roles in which all of them hold.
requirement = pytest.mark.requirement
# setup(enforce=True, limits={"max_connections": 4}): what the target has to be; fields of conformance.target.Setup.
setup = pytest.mark.setup
# role("server"): the target's role, where the requirements alone would allow both.
role = pytest.mark.role
# family("ipv4"): where the test is of one address family.
family = pytest.mark.family
# dialect("readme"): where the requirements alone would allow both.
dialect = pytest.mark.dialect
# budget(60): seconds on the target's clock that the test may take; 30 otherwise.
budget = pytest.mark.budget
