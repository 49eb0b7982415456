"""A process that answers requests, each in a fork of its own: what is imported once serves all."""

import json
import os
import sys
import traceback
from collections.abc import Callable
from typing import Any


def serve(play: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Read requests, a line of JSON each, and answer each with a line: what `play` gives, or how it "failed"."""
    for line in sys.stdin:
        request = json.loads(line)
        read, write = os.pipe()
        child = os.fork()
        if not child:
            os.close(read)
            answer: dict[str, Any] = {"failed": "it left no answer"}
            try:
                answer = play(request)
            except BaseException:
                answer = {"failed": traceback.format_exc()}
            finally:
                with open(write, "w", encoding="utf-8") as file:
                    json.dump(answer, file)
                os._exit(0)
        os.close(write)
        with open(read, encoding="utf-8") as file:
            text = file.read()
        os.waitpid(child, 0)
        print(text or json.dumps({"failed": "the session died"}), flush=True)
