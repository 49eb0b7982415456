"""Files, global state, random numbers and emission as a messy notebook mixes them, with exploration in between."""

from tests.sessions.form import answer, junk, may, need, session, sh, track

SESSIONS = [
    session(
        "csv appended by hand then read",
        need("import csv, os"),
        junk("os.listdir('.')"),
        need("""
with open('t.csv', 'w', newline='') as f:
    w = csv.writer(f)
    w.writerow(['a', 'b'])
    w.writerows([(i, i * i) for i in range(5)])
"""),
        junk("print(open('t.csv').read())"),
        need("""
with open('t.csv', 'a', newline='') as f:
    csv.writer(f).writerow([10, 100])
"""),
        junk("len(open('t.csv').readlines())"),
        track("""
with open('t.csv') as f:
    rows = list(csv.DictReader(f))
total = sum(int(r['b']) for r in rows)
"""),
        values="total rows",
    ),
    session(
        "read twice, replaced in between, both needed",
        need("a = open('v.txt').read()"),
        sh("echo two > v.txt"),
        junk("print(a)"),
        need("b = open('v.txt').read()"),
        sh("echo three > v.txt"),
        track("both = a + b + open('v.txt').read()"),
        files={"v.txt": "one\n"},
        values="both",
    ),
    session(
        "cache found there from last week",
        need("import os, pickle, json"),
        junk("os.path.exists('cache.json')"),
        track("""
if os.path.exists('cache.json'):
    feats = json.load(open('cache.json'))
else:
    feats = [0, 0]
total = sum(feats)
"""),
        files={"cache.json": "[5, 6, 7]"},
        values="total feats",
    ),
    session(
        "cache stale by junk computed",
        need("""
from pathlib import Path
import numpy as np
cache = Path('x.npy')
"""),
        need("k = 2"),
        need(
            """
if not cache.exists():
    np.save(cache, np.arange(4) * k)
""",
            "c",
        ),
        may("k = 3"),
        may(again="c"),
        track("x = np.load(cache)"),
        values="x",
    ),
    session(
        "to_sql replace, later append",
        need("""
import sqlite3
import pandas as pd
con = sqlite3.connect('s.db')
"""),
        need("df = pd.DataFrame({'k': [1, 2, 3]})"),
        may("df.to_sql('t', con, index=False, if_exists='replace')", "w"),
        need("df = df.assign(k=df.k * 10)"),
        need(again="w"),
        junk("pd.read_sql('select count(*) c from t', con)"),
        track("k = pd.read_sql('select * from t', con).k.tolist()"),
        values="k",
    ),
    session(
        "text log in append mode, run twice",
        need("""
import datetime as dt
log = open('run.log', 'a')
"""),
        need("log.write('start\\n')\nlog.flush()", "l"),
        junk("print(open('run.log').read())"),
        need(again="l"),
        track("n = len(open('run.log').readlines())"),
        values="n",
    ),
    session(
        "glob over files written in a loop",
        need("""
import glob, os, json
os.makedirs('parts', exist_ok=True)
"""),
        need("""
for i in range(4):
    with open(f'parts/p{i}.json', 'w') as f:
        json.dump([i, i + 1], f)
"""),
        junk("glob.glob('parts/*')"),
        junk("open('parts/readme.txt', 'w').write('hi')"),
        track("""
tot = 0
for p in sorted(glob.glob('parts/*.json')):
    tot += sum(json.load(open(p)))
"""),
        values="tot",
    ),
    session(
        "listdir with absolute folder",
        need("""
import os
base = os.path.abspath('imgs')
"""),
        junk("print(base)"),
        track("""
names = sorted(os.listdir(base))
size = sum(os.path.getsize(os.path.join(base, n)) for n in names)
"""),
        files={"imgs/a.png": b"123", "imgs/b.png": b"45678"},
        values="names size",
    ),
    session(
        "os.scandir of outside folder",
        need("import os"),
        junk("os.getcwd()"),
        track("names = sorted(e.name for e in os.scandir('imgs') if e.is_file())"),
        files={"imgs/a.png": b"123", "imgs/b.png": b"45678"},
        values="names",
    ),
    session(
        "pathlib rglob and stat",
        need("from pathlib import Path"),
        track("sizes = {p.name: p.stat().st_size for p in sorted(Path('tree').rglob('*.txt'))}"),
        files={"tree/a.txt": "A\n", "tree/sub/b.txt": "BB\n"},
        values="sizes",
    ),
    session(
        "image folders as labels",
        need("""
import os
from pathlib import Path
root = Path('train')
"""),
        need("classes = sorted(d.name for d in root.iterdir() if d.is_dir())"),
        junk("{c: len(list((root / c).iterdir())) for c in classes}"),
        track("samples = [(f.name, i) for i, c in enumerate(classes) for f in sorted((root / c).iterdir())]"),
        files={"train/cat/1.jpg": b"x", "train/cat/2.jpg": b"y", "train/dog/1.jpg": b"z"},
        values="samples",
    ),
    session(
        "removed and listed",
        need("""
import os
os.mkdir('d')
for i in range(3):
    open(f'd/{i}.txt', 'w').close()
"""),
        junk("os.listdir('d')"),
        need("os.remove('d/1.txt')"),
        junk("os.path.exists('d/1.txt')"),
        track("left = sorted(os.listdir('d'))"),
        values="left",
    ),
    session(
        "copied then original changed",
        need("""
import shutil
open('a.txt', 'w').write('one')
"""),
        need("shutil.copy('a.txt', 'b.txt')"),
        junk("open('a.txt', 'w').write('two')"),
        junk("print(open('a.txt').read())"),
        track("b = open('b.txt').read()"),
        values="b",
    ),
    session(
        "sed edits a file in place",
        need("""
%%writefile conf.ini
[a]
x = 1
y = 2
"""),
        junk("!cat conf.ini"),
        need("!sed -i 's/x = 1/x = 5/' conf.ini"),
        track("""
import configparser
c = configparser.ConfigParser()
_ = c.read('conf.ini')
x = c.getint('a', 'x')
"""),
        values="x",
    ),
    session(
        "module edited outside with reload",
        need("""
import importlib
import tool
"""),
        need("a = tool.K"),
        sh("echo 'K = 20' > tool.py; rm -rf __pycache__"),
        junk("tool.K"),
        need("importlib.reload(tool)"),
        track("b = a + tool.K"),
        files={"tool.py": "K = 1\n"},
        values="b",
    ),
    session(
        "shutil make_archive from outside folder",
        need("import shutil, tarfile"),
        need("shutil.make_archive('arch', 'gztar', 'src')"),
        junk("tarfile.open('arch.tar.gz').getnames()"),
        track("""
with tarfile.open('arch.tar.gz') as t:
    names = sorted(n for n in t.getnames() if n.endswith('.txt'))
"""),
        files={"src/a.txt": "A", "src/b.txt": "B"},
        values="names",
    ),
    session(
        "open handle across cells, partially read",
        need("f = open('big.txt')"),
        need("head = f.readline()"),
        junk("print(head)"),
        need("second = f.readline()"),
        track("""
rest = f.read()
all_ = (second, rest)
"""),
        values="rest all_",
        files={"big.txt": "h\n1\n2\n3\n"},
    ),
    session(
        "memmap written in place",
        need("import numpy as np"),
        need("mm = np.memmap('m.dat', dtype='float64', mode='w+', shape=(4,))"),
        need("""
mm[:] = [1, 2, 3, 4]
mm.flush()
"""),
        junk("mm.sum()"),
        need("""
mm[0] = 10
mm.flush()
"""),
        track("back = np.array(np.memmap('m.dat', dtype='float64', mode='r', shape=(4,)))"),
        values="back",
    ),
    session(
        "path in a variable edited",
        may("path = 'a.txt'", "p"),
        junk("open(path).read()"),
        need("path = 'b.txt'", "p"),
        need("text = open(path).read()"),
        junk("path = 'c.txt'", "p"),
        junk("open(path).read()"),
        track("t = text.strip()"),
        files={"a.txt": "A\n", "b.txt": "B\n", "c.txt": "C\n"},
        values="t",
    ),
    session(
        "next free file name",
        need("import os, itertools"),
        need("""
def free(stem):
    for i in itertools.count():
        p = f'{stem}_{i}.txt'
        if not os.path.exists(p):
            return p
"""),
        need(
            """
p = free('r')
open(p, 'w').write('first')
""",
            "w",
        ),
        need(again="w"),
        junk("print(p)"),
        track("""
name = p
q = free('r')
"""),
        values="name q",
    ),
    session(
        "file replaced atomically by os.replace",
        need("import os, json"),
        need("json.dump({'v': 1}, open('s.json', 'w'))"),
        need(
            """
st = json.load(open('s.json'))
st['v'] += 1
with open('s.json.tmp', 'w') as f:
    json.dump(st, f)
os.replace('s.json.tmp', 's.json')
""",
            "u",
        ),
        need(again="u"),
        junk("json.load(open('s.json'))"),
        track("v = json.load(open('s.json'))['v']"),
        values="v",
    ),
    session(
        "checkpoint counter in a file",
        need("""
from pathlib import Path
P = Path('count.txt')
"""),
        need("""
def bump():
    n = int(P.read_text()) if P.exists() else 0
    P.write_text(str(n + 1))
    return n + 1
"""),
        need("bump()"),
        need("bump()"),
        junk("P.read_text()"),
        track("n = bump()"),
        values="n",
    ),
    session(
        "latest by touched time",
        sh("touch -d '2020-01-01' ck/b.txt; touch -d '2024-01-01' ck/a.txt; touch -d '2019-01-01' ck/c.txt"),
        need("import glob, os"),
        track("""
last = sorted(glob.glob('ck/*.txt'), key=os.path.getmtime)
text = open(last[-1]).read()
t = os.path.getmtime('ck/c.txt')
"""),
        files={"ck/a.txt": "A", "ck/b.txt": "B", "ck/c.txt": "C"},
        values="last text t",
    ),
    session(
        "a folder grows from outside between listings",
        need("import os"),
        need("n1 = len(os.listdir('d'))"),
        sh("echo x > d/new.txt"),
        junk("os.listdir('d')"),
        track("n2 = n1 * 10 + len(os.listdir('d'))"),
        files={"d/a.txt": "A"},
        values="n2",
    ),
    session(
        "listed from outside then rewritten",
        need("import glob"),
        need("names = sorted(glob.glob('d/*.txt'))"),
        junk("names"),
        need("""
for n in names:
    t = open(n).read()
    open(n, 'w').write(t.upper())
"""),
        track("texts = [open(n).read() for n in sorted(glob.glob('d/*.txt'))]"),
        files={"d/a.txt": "a", "d/b.txt": "b"},
        values="texts",
    ),
    session(
        "empty outside folder",
        sh("mkdir e"),
        need("from pathlib import Path"),
        track("""
n = len(list(Path('e').iterdir()))
d = Path('e').is_dir()
"""),
        values="n d",
    ),
    session(
        "chdir then list",
        need("""
import os
os.chdir('d')
"""),
        junk("os.getcwd()"),
        track("""
names = sorted(os.listdir())
t = open('a.txt').read()
"""),
        files={"d/a.txt": "A", "d/b.txt": "B"},
        values="names t",
    ),
    session(
        "walk unsorted texts",
        need("import os"),
        track("""
out = []
for r, ds, fs in os.walk('t'):
    out += [os.path.join(r, f) for f in fs]
"""),
        files={"t/b.txt": "", "t/a.txt": "", "t/z/q.txt": "", "t/y/w.txt": ""},
        values="out",
    ),
    session(
        "sub-folder sizes",
        need("from pathlib import Path"),
        track("total = sum(p.stat().st_size for p in Path('t').rglob('*') if p.is_file())"),
        files={"t/a.bin": b"x" * 1000, "t/u/b.bin": b"y" * 77},
        values="total",
    ),
    session(
        "np.seterr raise affects division",
        need("import numpy as np"),
        need("np.seterr(divide='raise')"),
        junk("np.geterr()"),
        track("""
try:
    r = float(np.array([1.0])[0] / np.float64(0))
except FloatingPointError:
    r = -1.0
"""),
        values="r",
    ),
    session(
        "decimal precision",
        need("from decimal import Decimal, getcontext"),
        may("getcontext().prec = 5"),
        junk("Decimal(1) / 7"),
        need("getcontext().prec = 12"),
        junk("getcontext()"),
        track("d = Decimal(2) / Decimal(7)"),
        values="d",
    ),
    session(
        "method patched on class of library",
        need("import pandas as pd"),
        need("pd.DataFrame.total = lambda self: float(self.to_numpy().sum())"),
        need("df = pd.DataFrame({'a': [1.0, 2.0]})"),
        junk("df.total()"),
        track("t = df.total()"),
        values="t",
    ),
    session(
        "fake module in sys.modules",
        need("import sys, types"),
        need("""
m = types.ModuleType('fakecfg')
m.LR = 0.5
sys.modules['fakecfg'] = m
"""),
        junk("'fakecfg' in sys.modules"),
        need("import fakecfg"),
        track("lr = fakecfg.LR * 2"),
        values="lr",
    ),
    session(
        "abc subclass hook via __subclasses__",
        need("""
class Base:
    pass
"""),
        need("""
class A(Base):
    v = 1
"""),
        junk("Base.__subclasses__()"),
        need("""
class B(Base):
    v = 2
"""),
        track("vs = sorted(c.v for c in Base.__subclasses__())"),
        values="vs",
    ),
    session(
        "monkeypatch dict in a module from user file",
        need("import settings"),
        need("settings.OPTS['depth'] = 4"),
        junk("settings.OPTS"),
        need("from settings import run"),
        track("r = run(2)"),
        files={"settings.py": "OPTS = {'depth': 1}\n\ndef run(x):\n    return x * OPTS['depth']\n"},
        values="r",
    ),
    session(
        "module attribute of user file set",
        need("import cfg"),
        junk("cfg.LR"),
        may("cfg.LR = 0.5"),
        need("cfg.LR = 0.25"),
        track("v = cfg.get() * 4"),
        files={"cfg.py": "LR = 1.0\n\ndef get():\n    return LR\n"},
        values="v",
    ),
    session(
        "generator in a dict of lists",
        need("""
import numpy as np
G = {'a': [np.random.default_rng(i) for i in range(2)]}
"""),
        junk("G['a'][1].random()"),
        need("x = G['a'][1].random()"),
        junk("G['a'][0].random()"),
        track("y = x + G['a'][1].random()"),
        unseeded=True,
        values="y",
    ),
    session(
        "generator spawn unseeded",
        need("""
import numpy as np
rng = np.random.default_rng()
"""),
        need("a, b = rng.spawn(2)"),
        junk("a.random()"),
        track("v = b.random(2)"),
        unseeded=True,
        values="v",
    ),
    session(
        "random getstate setstate",
        need("""
import random
random.seed(5)
"""),
        may("st = random.getstate()"),
        may("a = random.random()"),
        may("random.setstate(st)"),
        junk("a"),
        track("b = random.random()"),
        values="b",
    ),
    session(
        "df.sample unseeded",
        need("""
import pandas as pd
df = pd.DataFrame({'a': range(30)})
"""),
        junk("df.sample(2)"),
        need("s = df.sample(5)"),
        junk("s.head()"),
        track("t = s.a.tolist()"),
        unseeded=True,
        values="t",
    ),
    session(
        "params cell re-run with seeds loop",
        may(
            """
import numpy as np
seed = 0
""",
            "p",
        ),
        may("np.random.seed(seed)", "s"),
        may("x = np.random.rand(3)", "d"),
        need(
            """
import numpy as np
seed = 4
""",
            "p",
        ),
        need(again="s"),
        need(again="d"),
        junk("x"),
        track("m = x.mean()"),
        values="m",
    ),
    session(
        "%%capture with name used",
        need("""
%%capture cap
print('hello')
z = 3
"""),
        junk("cap"),
        track("t = cap.stdout.strip() + str(z)"),
        values="t",
    ),
    session(
        "%run with arguments",
        need("%run s.py 3 4"),
        track("p = prod"),
        files={"s.py": "import sys\nprod = int(sys.argv[1]) * int(sys.argv[2])\n"},
        values="p",
    ),
    session(
        "assignment of shell output",
        need("files = !ls data"),
        junk("files"),
        need("n = !wc -l < data/a.csv"),
        track("""
k = int(n[0])
f = list(files)
"""),
        files={"data/a.csv": "a\n1\n", "data/b.csv": "b\n"},
        values="k f",
    ),
    session(
        "shell output in loop",
        need("""
vals = []
for i in range(3):
    o = !echo {i}
    vals.append(int(o[0]))
"""),
        junk("!date"),
        track("s = sum(vals)"),
        values="s",
    ),
    session(
        "raise inside loop half done",
        need("d = {}"),
        need(
            """
for i in range(5):
    if i == 3:
        raise RuntimeError('x')
    d[i] = i * i
""",
            raises=True,
        ),
        junk("len(d)"),
        track("k = sorted(d)"),
        values="k",
    ),
    session("underscores after junk statements", need("10"), may("x = 1"), need("20"), track("r = __ + _"), values="r"),
    session(
        "Out of mutable object changed later",
        need("""
lst = [1]
lst
"""),
        junk("5"),
        need("lst.append(2)"),
        track("n = len(Out[2])"),
        values="n",
    ),
    session(
        "input in loop",
        answer("1"),
        answer("2"),
        need("vals = [int(input()) for _ in range(2)]"),
        track("s = sum(vals)"),
        values="s",
    ),
    session(
        "try except around failing import",
        need("""
try:
    import no_such_pkg_x2
    HAVE = True
except ImportError:
    HAVE = False
"""),
        junk("HAVE"),
        track("m = 1 if HAVE else 2"),
        values="m",
    ),
]
