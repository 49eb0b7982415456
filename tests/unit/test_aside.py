"""Programs that are run in no child of this process."""

import os
import signal
import threading
import time
from pathlib import Path

import pytest

from mlexp.capture.aside import Aside

pytestmark = pytest.mark.skipif(os.name != "posix", reason="elsewhere nobody waits for children")


@pytest.fixture
def aside():
    made = Aside()
    yield made
    made.close()


def test_what_a_program_prints(aside):
    assert aside.run(["printf", "%s|", "a b", "", "$HOME 'x' \"y\" \\n"], 5) == b"a b||$HOME 'x' \"y\" \\n|"
    assert aside.run(["echo", "two\nlines"], 5) == b"two\nlines\n"
    assert aside.run(["printf", "1"], 5) == b"1"
    assert len(aside.run(["head", "-c", "3000000", "/dev/zero"], 5)) == 3_000_000


def test_one_that_fails_or_is_not_there(aside):
    assert aside.run(["false"], 5) is None
    assert aside.run(["/no/such/program"], 5) is None
    assert aside.run(["cat"], 5) == b""
    assert aside.run(["echo", "on"], 5) == b"on\n"


def test_one_that_takes_too_long(aside):
    began = time.monotonic()
    assert aside.run(["sleep", "3"], 0.1) is None
    assert time.monotonic() - began < 2
    assert aside.run(["echo", "on"], 5) == b"on\n"


def test_nobody_hears_of_it(aside):
    heard = []
    before = signal.signal(signal.SIGCHLD, lambda *_: heard.append(1))
    try:
        thread = threading.Thread(target=aside.run, args=(["sleep", "0.2"], 5))
        thread.start()
        time.sleep(0.05)
        with pytest.raises(ChildProcessError):
            os.waitpid(-1, os.WNOHANG)
        thread.join()
    finally:
        signal.signal(signal.SIGCHLD, before)
    assert not heard


def test_it_ends_with_its_owner(aside):
    told = aside.run(["sh", "-c", "echo $PPID"], 5)
    shell = int(told)
    os.kill(shell, 0)
    aside.close()
    end = time.monotonic() + 5
    words = Path(f"/proc/{shell}/cmdline")  # empty once it has ended, even if nobody has asked for its status
    while words.exists() and words.read_bytes():
        assert time.monotonic() < end
        time.sleep(0.01)
