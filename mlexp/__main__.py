"""`python -m mlexp`."""

import sys

from mlexp.cli import main

sys.exit(main())
