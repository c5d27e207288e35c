"""The counts of the house style, over src, tests, tools, papers and bench.

    python tools/check_style.py           # exit 1 and one line per breach

Held: no file over 500 lines; functions over 50 lines (docstring apart) under 3 % of functions; copied lines under 12 %; no file
named utils, helpers, common, misc or base; a function that only its own file names begins with an underscore, and one that another
file of the package imports does not; no two classes of one name, but for those in `SAME_NAME`; no `**kwargs` but those in `OPEN`; no unfinished marks; no absolute paths of somebody's machine; every
test asserts something.
"""

from __future__ import annotations

import ast
import re
import sys
from collections import Counter, defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("src", "tests", "tools", "papers", "bench")
BANNED_NAMES = {"utils", "helpers", "common", "misc", "base"}
UNFINISHED = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X|NotImplemented" r"Error)\b")
MACHINE = re.compile(r"(?<![\w.])/(home|root|tmp|Users|work)/\w")
ASSERTS = re.compile(r"\bassert|raises|warns|assert_")
OPEN = {
    "step_parameters",  # scikit-learn's way to tell one step of a pipeline something: fit(X, y, step__parameter=value)
    "any_keywords",  # a decorator that looks at the keywords of whatever it wraps and leaves its signature alone
    "trainer_keywords",  # the Trainer of transformers gives a callback whatever it has, and more with each version
    "ufunc_options",  # NumPy's protocol for ufuncs: __array_ufunc__(ufunc, method, *inputs, **options)
}
SAME_NAME = {
    "Counts",  # of words, a likelihood of `torch`, public; of rows, in the pictures of the report
    "Diagnosis",  # of an autoencoder's rows in `torch.iwae`, of two samples in `shift`: both public
    "Draws",  # weighted points, in `montecarlo`, public; what an autoencoder draws for a row, in `torch.iwae`
    "Proposal",  # what weights are made against in `montecarlo`, public; what one epoch draws by, in `training`
    "Run",  # how functions are called, in `montecarlo`, public; what came of a job, in `work`
    "Scores",  # of a classifier's promises in `imbalance`, of rows in `training`: both public
    "WeightsCallback",  # of Keras, transformers and Lightning: each is the base class's own kind
}
WORD = re.compile(r"\w+")
WINDOW = 6


def body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function without its docstring."""
    first = function.body[0]
    doc = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)
    skipped = (first.end_lineno or 0) - first.lineno + 1 if doc else 0
    return (function.end_lineno or 0) - function.lineno + 1 - skipped


def functions(tree: ast.Module):
    return [f for f in ast.walk(tree) if isinstance(f, (ast.FunctionDef, ast.AsyncFunctionDef))]


def asserting(texts: dict[Path, str]) -> set[str]:
    """Names of the functions of the tests and papers that assert something themselves, for tests that call them."""
    found = {"check_estimator", "run_script"}
    for path, text in texts.items():
        if "src" not in path.parts:
            found |= {f.name for f in functions(ast.parse(text)) if ASSERTS.search(ast.unparse(f))}
    return found


def calls(function: ast.AST) -> set[str]:
    """Names of what a function calls."""
    called = [node.func for node in ast.walk(function) if isinstance(node, ast.Call)]
    return {getattr(f, "id", getattr(f, "attr", "")) for f in called}


def one_file(path: Path, text: str, proving: set[str]):
    """Breaches that one file alone can commit."""
    tree = ast.parse(text)
    if (lines := text.count("\n")) > 500:
        yield f"{lines} lines; 500 at most: split it by idea"
    if path.stem in BANNED_NAMES:
        yield "name the file for what is inside"
    for f in functions(tree):
        if f.args.kwarg and f.args.kwarg.arg not in OPEN and "src" in path.parts:
            yield f"line {f.lineno}: {f.name}(**{f.args.kwarg.arg}): spell the keywords out"
        test = "tests" in path.parts and f.name.startswith("test_")
        if test and not ASSERTS.search(ast.unparse(f)) and not calls(f) & proving:
            yield f"line {f.lineno}: {f.name} asserts nothing"
    for pattern, what in ((UNFINISHED, "unfinished mark"), (MACHINE, "path of one machine")):
        for match in pattern.finditer(text):
            if path.name != "check_style.py":
                yield f"line {text[: match.start()].count(chr(10)) + 1}: {what}: {match.group()}"


def named_twice(texts: dict[Path, str]):
    """Classes of the package that share their name with one in another file."""
    homes = defaultdict(list)
    for path, text in texts.items():
        if "src" in path.parts:
            for node in ast.parse(text).body:
                if isinstance(node, ast.ClassDef) and node.name not in SAME_NAME:
                    homes[node.name].append(str(path.relative_to(ROOT)))
    return [f"{name}: a class in {' and in '.join(paths)}" for name, paths in homes.items() if len(paths) > 1]


def misnamed(texts: dict[Path, str]):
    """Functions of a file's top that are private by use and public by name, or the other way round."""
    words = {p: set(WORD.findall(text)) for p, text in texts.items()}
    drawn = {w for p in (ROOT / "src").rglob("*.j2") for w in WORD.findall(p.read_text())}
    named_in = Counter(w for found in words.values() for w in found)
    for path, text in texts.items():
        if "src" not in path.parts or path.name in {"__init__.py", "__main__.py"}:
            continue
        tree = ast.parse(text)
        for f in tree.body:
            alone = isinstance(f, ast.FunctionDef) and not f.decorator_list and named_in[f.name] == 1
            if alone and not f.name.startswith("_") and f.name not in drawn:
                yield f"{path.relative_to(ROOT)}: line {f.lineno}: nothing but this file names {f.name}: begin it with an underscore"
        for node in ast.walk(tree):
            names = (
                [a.name for a in node.names] if isinstance(node, ast.ImportFrom) and node.level and node.module else []
            )
            for name in names:
                if name.startswith("_") and not name.startswith("__"):
                    yield f"{path.relative_to(ROOT)}: line {node.lineno}: {name} is private to its file"


def copied_share(texts: dict[Path, str]) -> tuple[float, list[str]]:
    """Share of code lines that stand in a run of six also found elsewhere, and where the longest runs are."""
    places = defaultdict(list)
    total = 0
    for path, text in texts.items():
        lines = [
            (i, s)
            for i, line in enumerate(text.splitlines(), 1)
            if (s := line.strip()) and not s.startswith(("#", "import ", "from ")) and len(s) > 3
        ]
        total += len(lines)
        for k in range(len(lines) - WINDOW + 1):
            places[tuple(s for _, s in lines[k : k + WINDOW])].append((path, [i for i, _ in lines[k : k + WINDOW]]))
    copied, examples = set(), []
    for spots in places.values():
        if len(spots) > 1:
            examples.append(" ~ ".join(f"{p.relative_to(ROOT)}:{rows[0]}" for p, rows in spots[:2]))
            for path, rows in spots[1:]:
                copied |= {(path, i) for i in rows}
    return len(copied) / max(total, 1), examples


def main() -> int:
    texts = {p: p.read_text() for folder in FOLDERS for p in sorted((ROOT / folder).rglob("*.py"))}
    proving = asserting(texts)
    bad = [f"{p.relative_to(ROOT)}: {what}" for p, text in texts.items() for what in one_file(p, text, proving)]
    bad += [*misnamed(texts), *named_twice(texts)]
    sizes = {
        f"{p.relative_to(ROOT)}:{f.lineno} {f.name}": body_lines(f)
        for p, text in texts.items()
        if "src" in p.parts
        for f in functions(ast.parse(text))
    }
    long = {name: size for name, size in sizes.items() if size > 50}
    if len(long) > 0.03 * len(sizes):
        bad += [f"{name}: {size} lines; over 3 % of functions are longer than 50" for name, size in long.items()]
    share, examples = copied_share({p: t for p, t in texts.items() if "src" in p.parts})
    if share > 0.12:
        bad += [f"{share:.0%} of lines are copies, 12 % at most: {e}" for e in examples[:10]]
    print(
        "\n".join(bad)
        or f"style: {len(texts)} files, {len(long)} of {len(sizes)} functions over 50 lines, {share:.1%} copied"
    )
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main())
