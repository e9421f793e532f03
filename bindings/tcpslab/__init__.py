"""TCP/S Lab: the command line and what it is made of, and the reference stack for Python (wire, crypto, stack)."""

from tcpslab import tree

__version__ = "0.1.0"

# In the source tree the extension module _core stays in the build directory; installed, it lies beside this file.
if (_built := tree.extension_dir()) is not None:
    __path__.append(str(_built))
