"""Run a command: `python -m geo COMMAND`."""

import sys

from geo.cli import main

if __name__ == "__main__":
    sys.exit(main())
