"""TCP/S Lab: the command line, and what it is made of."""

__version__ = "0.1.0"
