"""Run a script as somebody would who was given it, then tell the values of its names. Started as a file.

python -P reader.py SCRIPT ANSWER.json NAME...
"""

import json
import os
import sys
from types import ModuleType

sys.path.insert(0, os.path.dirname(sys.argv[1]))
script, place, names = sys.argv[1], sys.argv[2], sys.argv[3:]
sys.argv = [script]
module = sys.modules["__main__"] = ModuleType("__main__")
module.__file__ = script
with open(script, encoding="utf-8") as file:
    code = compile(file.read(), script, "exec", dont_inherit=True)
tell = {}
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "values.py"), encoding="utf-8") as file:
    exec(compile(file.read(), "values.py", "exec"), tell)
exec(code, vars(module))
with open(place, "w", encoding="utf-8") as file:
    json.dump(tell["texts"](vars(module), names), file)
sys.stdout.flush()
os._exit(0)
