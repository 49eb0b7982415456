"""Which expressions of a text give the path of a file that is opened, read, looked for or listed."""

from __future__ import annotations

import ast

_READERS = frozenset({
    "read_csv", "read_table", "read_fwf", "read_json", "read_excel", "read_pickle", "read_feather", "read_parquet",
    "read_hdf", "read_stata", "read_sas", "read_spss", "read_orc", "read_xml", "read_html", "loadtxt", "genfromtxt",
    "fromfile", "memmap", "imread", "loadmat", "load_svmlight_file", "scan_csv", "scan_parquet", "ExcelFile",
    "read_ipc", "scan_ipc", "read_ndjson", "scan_ndjson", "read_avro", "read_ods", "read_metadata", "read_schema",
    "ParquetFile", "ParquetDataset", "dataset", "memory_map", "OSFile", "load_file", "safe_open", "load_model",
    "load_npz", "load_weights", "open_dataset", "open_array", "open_group", "open_zarr", "DMatrix", "Booster",
    "run_path", "ZipFile", "open_memmap", "TarFile", "read_image", "from_parquet", "from_csv", "from_file",
    "mmread",
})  # fmt: skip
_OPENED_BOTH_WAYS = frozenset({"connect", "File", "HDFStore", "open_memmap"})
_PATH_KEYWORDS = (
    "filepath_or_buffer", "path_or_buf", "path", "io", "file", "fname", "filename", "source", "database", "name",
    "model_file", "data", "filepath", "where",
)  # fmt: skip
_LOADERS = frozenset({"np", "numpy", "joblib", "torch", "jnp", "cp", "cupy", "skops"})
_OPENERS = frozenset({"gzip", "bz2", "lzma", "io", "codecs", "Image", "tarfile", "zipfile", "tiff", "wave", "os"})
_SHELVES = frozenset({"shelve", "dbm"})
_LOOKS = frozenset({"exists", "isfile", "isdir", "getsize", "getmtime", "is_file", "is_dir", "stat"})
_MOVERS = frozenset({"copy", "copy2", "copyfile", "copytree", "move", "rename", "replace", "unpack_archive"})
_MOVING = frozenset({"shutil", "os"})
_LISTINGS = frozenset({"glob", "iglob", "rglob", "listdir", "iterdir"})
"""`os.scandir` is not among them: what it gives can only be passed through as it is."""
_SHELLS = frozenset({
    "run", "call", "check_call", "check_output", "Popen", "getoutput", "getstatusoutput", "system", "popen",
    "create_subprocess_shell", "create_subprocess_exec",
})  # fmt: skip
_SHELL_MODULES = frozenset({"subprocess", "os", "sp", "asyncio", "commands"})
_QUERIES = frozenset({"sql", "query", "execute", "executescript", "from_query", "read_sql", "read_sql_query"})
_READING = frozenset("rbtU:gz2*|")
_PATH_METHODS = frozenset({"read_text", "read_bytes"})


def path_of(node: ast.AST, *, writing: bool = False) -> ast.expr | None:
    """Return the expression that gives the path, if the node is a call that reads a file or looks for one.

    Args:
        node: Any node.
        writing: Whether calls count, too, that only write.
    """
    if not isinstance(node, ast.Call):
        return None
    function = node.func
    first = node.args[0] if node.args and not isinstance(node.args[0], ast.Starred) else None
    if first is None:
        named = {keyword.arg: keyword.value for keyword in node.keywords}
        first = next((named[name] for name in _PATH_KEYWORDS if name in named), None)
    if isinstance(function, ast.Name):
        reads = (
            function.id in _READERS
            or function.id in _OPENED_BOTH_WAYS
            or (function.id == "open" and (writing or _mode_reads(node, at=1)))
        )
        return first if reads else None
    if not isinstance(function, ast.Attribute):
        return None
    owner = function.value.id if isinstance(function.value, ast.Name) else ""
    match function.attr:
        case name if name in _PATH_METHODS:
            return function.value if not node.args else None
        case "write_text" | "write_bytes":
            return function.value if writing else None
        case "open" if owner in _SHELVES:
            return first
        case "open" if owner in _OPENERS:
            return first if writing or _mode_reads(node, at=1) else None
        case "open":
            return function.value if writing or _mode_reads(node, at=0) else None
        case "load":
            return first if owner in _LOADERS else None
        case name if name in _MOVERS:
            return first if owner in _MOVING else None
        case name if name in _LOOKS:
            return first if node.args else function.value
        case name:
            return first if name in _READERS or name in _OPENED_BOTH_WAYS else None


def listing_of(node: ast.AST) -> ast.expr | None:
    """Return the function of a call that lists a folder, such as `glob.glob` or `folder.iterdir`."""
    if not isinstance(node, ast.Call):
        return None
    match node.func:
        case ast.Name(id=("glob" | "iglob" | "listdir" | "walk")):
            return node.func
        case ast.Attribute(attr="walk", value=ast.Name(id="os")):
            return node.func
        case ast.Attribute(attr=name) if name in _LISTINGS:
            return node.func
    return None


def starts_process(node: ast.AST) -> bool:
    """Tell whether a call starts another program."""
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Name(id=owner), attr=name)):
            return name in _SHELLS and (owner in _SHELL_MODULES or owner.startswith("subprocess"))
        case ast.Call(func=ast.Name(id=name)):
            return name in _SHELLS - {"run", "call", "system"}
    return False


def texts_of_command(node: ast.AST) -> list[ast.expr]:
    """Return the texts that a call hands to a database; the paths in them are parts of longer texts."""
    if not isinstance(node, ast.Call):
        return []
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    if name not in _QUERIES:
        return []
    given = [*node.args[:1], *(k.value for k in node.keywords if k.arg in ("args", "query", "sql", "cmd"))]
    found: list[ast.expr] = []
    for value in given:
        items = value.elts if isinstance(value, (ast.List, ast.Tuple)) else [value]
        found += [i for i in items if isinstance(i, ast.JoinedStr) or (isinstance(i, ast.Constant) and _is_text(i))]
    return found


def _is_text(node: ast.Constant) -> bool:
    return isinstance(node.value, str)


def _mode_reads(call: ast.Call, *, at: int) -> bool:
    """Tell whether the mode of an `open`, its argument number `at`, is one for reading; by default it is."""
    modes = [*call.args[at : at + 1], *(k.value for k in call.keywords if k.arg == "mode")]
    return all(isinstance(m, ast.Constant) and isinstance(m.value, str) and set(m.value) <= _READING for m in modes)
