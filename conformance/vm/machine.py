"""The virtual machine: a QEMU process in a namespace, the TAP device of its network card, its console, its shell."""

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tcpslab.outcome import InfrastructureError
from tcpslab.rig import Namespace, Program

from conformance.vm.guest_shell import GuestShell, NoAnswer
from conformance.vm.kernel import Kernel

TAP = "tap0"
_KVM = Path("/dev/kvm")
_BOOT_LIMIT = 120.0  # seconds; plain emulation takes 6 s on an idle machine
_SIGN_LIMIT = 5.0  # until a kernel under KVM says its first word: far below a second where KVM works
_ANSWER_LIMIT = 30.0
_ALIVE_LIMIT = 10.0
_POLL_INTERVAL = 0.05
_MEMORY = "256"  # MiB
_CONSOLE_LINES = 25  # that an error shows
# A guest that crashes or locks up ends, so that this is noticed.
_KERNEL_LINE = "console=ttyS0 panic=-1 oops=panic softlockup_panic=1"
_CPU = {"kvm": "host", "tcg": "max"}


class BootFailure(InfrastructureError):
    pass


@dataclass(frozen=True)
class Image:
    kernel: Kernel
    initramfs: Path


class Machine:
    """Made once for a run, and booted as often as needed; it ends with the rig of its namespace, or by `stop`.

    `folder` gets console.log, with the words of all boots, and link.pcap (link-2.pcap, … of later boots): every frame
    of the guest's network card.
    """

    def __init__(self, namespace: Namespace, image: Image, folder: Path) -> None:
        self.namespace = namespace
        self.release = image.kernel.release
        self.console = folder / "console.log"
        self.boots = 0
        self.accelerator = ""  # of QEMU: "kvm" or "tcg"
        self._image = image
        self._folder = folder
        self._accelerators: Sequence[str] = ("kvm", "tcg") if os.access(_KVM, os.R_OK | os.W_OK) else ("tcg",)
        self._program: Program | None = None
        self._shell: GuestShell | None = None
        folder.mkdir(parents=True, exist_ok=True)
        for old in (self.console, *folder.glob("link*.pcap")):
            old.unlink(missing_ok=True)
        namespace.ip("tuntap", "add", TAP, "mode", "tap")

    def boot(self) -> None:
        """Returns once the guest's shell answers. Raises `BootFailure` with the last lines of its console."""
        self.boots += 1
        for accelerator in self._accelerators:
            self.stop()
            self.accelerator = accelerator
            try:
                self._start()
                break
            except BootFailure:
                if accelerator == self._accelerators[-1]:
                    raise
                # KVM is there, but does not work: often so in a machine that is itself virtual.
        self._accelerators = (self.accelerator,)  # later boots try no other

    @property
    def shell(self) -> GuestShell:
        if self._shell is None:
            raise NoAnswer("the guest is not booted")
        return self._shell

    @property
    def is_running(self) -> bool:
        """Whether QEMU runs; the guest in it may hang."""
        return self._program is not None and self._program.exit_code is None

    def answers(self) -> bool:
        """Whether it is booted and well."""
        try:
            return self.is_running and self.shell.run("true", _ALIVE_LIMIT).code == 0
        except NoAnswer:
            return False

    def console_length(self) -> int:
        """In bytes, so far."""
        return self.console.stat().st_size if self.console.exists() else 0

    def console_since(self, length: int = 0) -> list[str]:
        """The lines after the first `length` bytes."""
        with self.console.open("rb") as console:
            console.seek(length)
            return console.read().decode(errors="replace").splitlines()

    def last_words(self) -> str:
        """The end of the console."""
        lines = self.console_since() if self.console.exists() else []
        return "\n".join(["its console said last:", *lines[-_CONSOLE_LINES:]]) if lines else "its console said nothing"

    def stop(self) -> None:
        """May be called again."""
        if self._shell is not None:
            self._shell.close()
            self._shell = None
        if self._program is not None:
            self._program.stop()
            self._program = None

    # Within

    def _start(self) -> None:
        control = self.namespace.folder / f"control-{self.boots}-{self.accelerator}"
        begin = self.console_length()
        self._program = self.namespace.start(self._command(control))
        deadline = time.monotonic() + _BOOT_LIMIT
        sign_deadline = time.monotonic() + _SIGN_LIMIT
        while self._shell is None:
            self._check(begin, deadline, sign_deadline)
            try:
                self._shell = GuestShell(control, _ANSWER_LIMIT)
            except OSError:
                time.sleep(_POLL_INTERVAL)  # QEMU makes it before it starts the guest
        while self.console_length() == begin:
            self._check(begin, deadline, sign_deadline)
            time.sleep(_POLL_INTERVAL)
        try:
            self._shell.ask("true", deadline - time.monotonic())
        except NoAnswer as error:
            raise BootFailure(f"the guest did not boot: {error}; {self.last_words()}") from error
        self.namespace.wait_until_ready(TAP)

    def _check(self, begin: int, deadline: float, sign_deadline: float) -> None:
        assert self._program is not None
        if self._program.exit_code is not None:
            raise BootFailure(self._program.report())
        now = time.monotonic()
        if now > deadline or (self.accelerator == "kvm" and now > sign_deadline and self.console_length() == begin):
            raise BootFailure(f"the guest does not boot; {self.last_words()}")

    def _command(self, control: Path) -> list[str | Path]:
        number = f"-{self.boots}" if self.boots > 1 else ""
        # With us it ends, too, if we are killed; of each device what it does without offload.
        return [
            *("setpriv", "--pdeathsig", "KILL", "qemu-system-x86_64"),
            *("-accel", self.accelerator, "-cpu", _CPU[self.accelerator], "-smp", "2", "-m", _MEMORY),
            *("-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"),
            *("-kernel", self._image.kernel.image, "-initrd", self._image.initramfs, "-append", _KERNEL_LINE),
            *("-chardev", f"file,id=console,append=on,path={_quoted(self.console)}", "-serial", "chardev:console"),
            *("-chardev", f"socket,id=control,server=on,wait=off,path={_quoted(control)}"),
            *("-device", "virtio-serial-pci", "-device", "virtserialport,chardev=control"),
            *("-netdev", f"tap,id=net,ifname={TAP},script=no,downscript=no,vnet_hdr=off"),
            *("-device", "virtio-net-pci,netdev=net,mac=02:00:00:00:00:02,csum=off,gso=off,mrg_rxbuf=off"),
            *("-object", f"filter-dump,id=dump,netdev=net,file={_quoted(self._folder / f'link{number}.pcap')}"),
        ]


def _quoted(path: Path) -> str:
    """In an option of QEMU, where a comma ends the value."""
    return str(path).replace(",", ",,")
