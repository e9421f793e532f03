"""What the target vm reads before it boots anything: a module's file, an index of modules, the kernel to boot."""

from pathlib import Path

import pytest

from tcpslab.outcome import InfrastructureError, RequestError

from conformance.vm import kernel, module_file
from conformance.vm.module_index import ModuleIndex

# As modpost writes the section .modinfo, between other bytes of the file.
MODINFO = (
    b"parmtype=enforce:bool\0parmtype=tofu_enforce:bool\0depends=libcurve25519,nf_conntrack\0name=tcps\0"
    b"vermagic=6.1.0-56-amd64 SMP preempt mod_unload modversions \0"
)


def module(folder: Path, modinfo: bytes = MODINFO, name: str = "tcps.ko") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_bytes(b"\x7fELF" + bytes(60) + modinfo + bytes(8))
    return path


def test_a_module_says_what_it_is(tmp_path: Path) -> None:
    found = module_file.read(module(tmp_path))
    assert found.name == "tcps"
    assert found.release == "6.1.0-56-amd64"
    assert found.depends == ["libcurve25519", "nf_conntrack"]
    assert found.parameters == ["enforce", "tofu_enforce"]


def test_a_module_without_a_name_has_that_of_its_file(tmp_path: Path) -> None:
    """Kernels before 4.13 write none."""
    found = module_file.read(module(tmp_path, b"depends=\0vermagic=4.9.0 SMP \0", "tcps-old.ko"))
    assert (found.name, found.depends, found.parameters) == ("tcps_old", [], [])


@pytest.mark.parametrize("content", [b"", b"#!/bin/sh\n", b"\x7fELF" + bytes(100)])
def test_what_is_no_module_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "tcps.ko"
    path.write_bytes(content)
    with pytest.raises(RequestError, match=r"tcps\.ko: is no kernel module"):
        module_file.read(path)
    with pytest.raises(RequestError, match=r"none\.ko: cannot be read: No such file"):
        module_file.read(tmp_path / "none.ko")


@pytest.mark.parametrize("parameter", ["enforce", "unknown=1", "=1"])
def test_parameters_that_the_kernel_would_ignore_are_refused(tmp_path: Path, parameter: str) -> None:
    found = module_file.read(module(tmp_path))
    found.check_parameters(["enforce=1", "tofu_enforce=0"])
    with pytest.raises(RequestError, match="expected NAME=VALUE; tcps knows enforce, tofu_enforce"):
        found.check_parameters(["enforce=1", parameter])


def test_modules_are_loaded_after_those_that_they_need(tmp_path: Path) -> None:
    for name, modinfo in {"a": b"", "b": b"", "c": b"\0softdep=pre: soft post: late\0", "soft-one": b""}.items():
        module(tmp_path / "kernel", b"\0vermagic=6.1.0 \0" + modinfo, f"{name}.ko")
    (tmp_path / "modules.dep").write_text(
        "kernel/a.ko: kernel/c.ko kernel/b.ko\nkernel/b.ko:\nkernel/c.ko: kernel/b.ko\nkernel/soft-one.ko:\n"
    )
    (tmp_path / "modules.alias").write_text("# Aliases\nalias soft soft_one\n")
    (tmp_path / "modules.builtin").write_text("kernel/fs/built-in.ko\n")
    index = ModuleIndex(tmp_path)
    assert [path.name for path in index.load_order(["a", "built_in"])] == ["b.ko", "soft-one.ko", "c.ko", "a.ko"]
    with pytest.raises(InfrastructureError, match="has no module none"):
        index.load_order(["none"])


def test_a_folder_may_hold_several_kernels(tmp_path: Path) -> None:
    (tmp_path / "boot").mkdir()
    for release in ("6.1.0-9-amd64", "6.1.0-56-amd64", "6.1.0-10-cloud-amd64"):
        (tmp_path / "boot" / f"vmlinuz-{release}").touch()
        (tmp_path / "lib" / "modules" / release).mkdir(parents=True)
        (tmp_path / "lib" / "modules" / release / "modules.dep").touch()
    assert kernel.find(str(tmp_path), None).release == "6.1.0-56-amd64"
    assert kernel.find(str(tmp_path), "6.1.0-9-amd64").release == "6.1.0-9-amd64"
    assert kernel.find(str(tmp_path), "5.10.0-1-amd64").release == "6.1.0-56-amd64"


def test_kernels_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="has no boot/vmlinuz-RELEASE with lib/modules/RELEASE"):
        kernel.find(str(tmp_path), None)
    (tmp_path / "vmlinuz").touch()
    with pytest.raises(RequestError, match="vmlinuz: is no Debian package"):
        kernel.find(str(tmp_path / "vmlinuz"), None)
    with pytest.raises(RequestError, match="apt knows no package linux-image-6.1.0-none"):
        kernel.find("6.1.0-none", None)
    (tmp_path / "boot").mkdir()
    (tmp_path / "boot" / "vmlinuz-6.1.0").touch()
    (tmp_path / "lib" / "modules" / "6.1.0").mkdir(parents=True)
    with pytest.raises(RequestError, match="'depmod -b .* 6.1.0' writes it"):
        kernel.find(str(tmp_path), None)
