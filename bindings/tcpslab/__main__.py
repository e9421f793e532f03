import sys

from tcpslab.cli import main

if __name__ == "__main__":
    sys.exit(main())
