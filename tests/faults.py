"""Real faults of the system, for a moment."""

import resource
import signal
from contextlib import contextmanager


@contextmanager
def files_end_at(n_bytes):
    """Let no file of this process grow beyond so many bytes, as on a full disk: writes come back short or fail."""
    assert signal.getsignal(signal.SIGXFSZ) == signal.SIG_IGN  # Python's way; else the process would be killed
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
