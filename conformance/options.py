"""What a run of the suite is asked to do: written by the command line, read by the pytest plugin."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Options:
    target: str = "sim"  # a kind of target, or the path of a target's file
    protocol: str = "tcps"
    dialect: str | None = None  # None: what the target's file says, else readme
    role: str | None = None  # of the target; None: both
    hosts: tuple[str, ...] = ()  # addresses of a live target
    ports: tuple[int, ...] = ()  # of the services, in the order of `target.SERVICES`; the rest as its kind has them
    interface: str | None = None
    time_scale: float | None = None
    budget: float | None = None  # seconds: longer tests are left out
    seed: int = 1
    jobs: int | None = None  # processes, with a target that the run makes; None: as many as suit its kind
    deviations: tuple[str, ...] = ()  # of a simulated target
    only: tuple[str, ...] = ()  # requirement ids: tests of these alone
    tests: tuple[str, ...] = ()  # these alone, by the names that reports give them
    module: str | None = None  # of the target vm, as the next ones
    module_parameters: tuple[str, ...] = ()  # NAME=VALUE
    kernel: str | None = None
    examples: int | None = None  # packet sequences that each random test tries; None: a few
    shrink: bool = True  # whether the shortest one that fails is wanted
    replay: str | None = None  # the packet sequence of a random test, as its failure printed it
    out: str = "out/conform"  # captures and key logs of failing tests
    junit: str | None = None
    json: str | None = None
    html: str | None = None
    command: tuple[str, ...] = ()  # the command line as it was given

    def dump(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def parse(cls, text: str) -> "Options":
        values = json.loads(text)
        return cls(**{k: tuple(v) if isinstance(v, list) else v for k, v in values.items()})

    @property
    def out_dir(self) -> Path:
        return Path(self.out)
