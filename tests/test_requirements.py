"""Every package that is imported is required with a reason, nothing else is, and all of it is pinned."""

import ast
import os
import re
import sys
from importlib.metadata import packages_distributions, version
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
OWN = {"geo", "ui", "pages", "tests", "benchmarks", "scripts", "streamlit_app"}

FILES = ("requirements.txt", "requirements-dev.txt", "requirements-bench.txt")
IMPORTERS = {
    "requirements.txt": ("geo", "ui", "pages", "streamlit_app.py"),
    "requirements-dev.txt": ("tests", "scripts"),
    "requirements-bench.txt": ("benchmarks",),
}
NOT_IMPORTED = {
    "pytz": "DuckDB imports it when it hands out a moment with a time zone",
    "tzdata": "zoneinfo reads it where the system has no zones (Windows)",
    "psycopg-binary": "psycopg imports it itself",
    "pytest-xdist": "a plug-in of pytest",
    "ruff": "a command",
    "mypy": "a command",
    "pandas-stubs": "read by mypy",
    "types-pyyaml": "read by mypy",
}
LINE = re.compile(r"^([A-Za-z0-9_.-]+)>=[0-9.]+ +# \S.*$")


def normal(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def lines_of(file):
    text = (ROOT / file).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and not line.startswith(("#", "-r "))]


def required(file):
    return {normal(re.split(r"[<>=! ]", line)[0]) for line in lines_of(file)}


def pins():
    return {
        normal(name): pinned for name, pinned in (line.split("==") for line in lines_of("constraints.txt"))
    }


def sources(*places):
    for place in places:
        path = ROOT / place
        yield from [path] if path.is_file() else sorted(path.rglob("*.py"))


def packages_in(tree):
    """Return the outside packages that a parsed module imports."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names.add(node.module.split(".")[0])
    return names - OWN - sys.stdlib_module_names


def imported(*places):
    """Return the distributions that modules import; a name that no installed one provides is kept."""
    providers = packages_distributions()
    names = set()
    for path in sources(*places):
        names |= packages_in(ast.parse(path.read_text(encoding="utf-8")))
    return {normal(providers.get(name, [name])[0]) for name in names}


def test_everything_the_program_imports_is_required():
    assert imported(*IMPORTERS["requirements.txt"]) - required("requirements.txt") == set()


def test_everything_tests_and_scripts_import_is_required():
    known = required("requirements.txt") | required("requirements-dev.txt")
    assert imported(*IMPORTERS["requirements-dev.txt"]) - known == set()


def test_everything_benchmarks_import_is_required():
    known = set().union(*map(required, FILES))
    assert imported("benchmarks") - known == set()


@pytest.mark.parametrize("file", FILES)
def test_every_requirement_is_imported_or_named_with_the_reason_why(file):
    assert required(file) - imported(*IMPORTERS[file]) - set(NOT_IMPORTED) == set()


def test_no_reason_is_kept_for_what_is_no_longer_required():
    assert set(NOT_IMPORTED) <= set().union(*map(required, FILES))


def test_no_package_is_required_twice():
    run, dev, bench = map(required, FILES)
    assert not (run & dev or run & bench or dev & bench)


@pytest.mark.parametrize("line", [line for file in FILES for line in lines_of(file)])
def test_every_requirement_has_a_lower_bound_and_a_reason(line):
    assert LINE.match(line), line


def test_the_tested_versions_are_versions_only():
    for line in lines_of("constraints.txt"):
        assert re.fullmatch(r"[A-Za-z0-9_.-]+==[0-9][0-9A-Za-z.]*", line), line


def test_every_requirement_is_pinned():
    assert set().union(*map(required, FILES)) <= set(pins())


@pytest.mark.parametrize("file", FILES)
def test_a_pinned_version_reaches_the_lower_bound(file):
    for line in lines_of(file):
        name, bound = re.match(r"([A-Za-z0-9_.-]+)>=([0-9.]+)", line).groups()
        pinned = [int(part) for part in re.findall(r"\d+", pins()[normal(name)])]
        assert pinned >= [int(part) for part in bound.split(".")], line


@pytest.mark.skipif(os.environ.get("CI") != "true", reason="only CI installs exactly the pinned versions")
def test_what_is_tested_is_what_is_pinned():
    names = required("requirements.txt") | required("requirements-dev.txt")
    assert {name: version(name) for name in names} == {name: pins()[name] for name in names}


def test_a_missing_requirement_would_be_seen():
    tree = ast.parse(
        "import os\nimport numpy.linalg\nfrom yaml import safe_load\nfrom geo import crs\nfrom . import x"
    )
    assert packages_in(tree) == {"numpy", "yaml"}
