"""A virtual machine with a kernel of Debian's, made on the spot: kernel, initramfs, QEMU, and a shell in the guest."""
