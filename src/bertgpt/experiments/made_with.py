"""Versions, hardware and a digest of all code that a result depends on."""

import ast
import hashlib
import inspect
import os
import platform
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any

import torch

PACKAGE = Path(__file__).parent.parent
# They run and store experiments, and measure nothing.
NOT_MEASURING = {
    PACKAGE / "__init__.py",
    PACKAGE / "experiments" / "__init__.py",
    PACKAGE / "experiments" / "runner.py",
    PACKAGE / "experiments" / "made_with.py",
    PACKAGE / "evaluation" / "results.py",
}


def made_with(run_one: Callable[..., Any]) -> dict[str, Any]:
    """Versions, hardware and code of an experiment, as they are stored with its seeds."""
    packages = ("torch", "numpy", "scipy", "gensim", "bertgpt")
    versions = {package: metadata.version(package) for package in packages}
    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else None
    return {
        "versions": {"python": platform.python_version(), **versions},
        "hardware": {"machine": platform.machine(), "cores": os.cpu_count(), "gpu": gpu},
        "code": code_digest(Path(inspect.getsourcefile(run_one) or "")),
    }


def code_digest(path: Path) -> str:
    """A digest of a file and of all that it imports from the package, and so on.

    Comments, docstrings and the form of the lines do not count. A file of `data/` counts where
    its name appears in the code.
    """
    digest = hashlib.sha256()
    for file in sorted(imported_files(path)):
        source = file.read_text(encoding="utf8")
        digest.update(f"{file.name}\n{_without_docstrings(source)}\n".encode())
        for data in sorted((PACKAGE / "data").glob("*")):
            if f'"{data.name}"' in source:
                digest.update(data.read_bytes())
    return digest.hexdigest()[:12]


def imported_files(path: Path) -> set[Path]:
    """A file, and all files of the package that it imports, directly or through others."""
    files: set[Path] = set()
    todo = {path.resolve()}
    while todo:
        file = todo.pop()
        files.add(file)
        todo |= _imports_of(file) - files - NOT_MEASURING
    return files


def _imports_of(file: Path) -> set[Path]:
    """The files of the package that one file imports, anywhere in its code."""
    names = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            # `from bertgpt.words import ngram` names a module, `... import Counts` a thing in one.
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
    files = set()
    for name in names:
        package, *parts = name.split(".")
        if package != "bertgpt":
            continue
        for n in range(1, len(parts) + 1):  # importing a module runs its rooms' files first
            place = PACKAGE.joinpath(*parts[:n])
            files |= {place.with_suffix(".py"), place / "__init__.py"}
    return {file for file in files if file.is_file()}


def _without_docstrings(source: str) -> str:
    """The code of a source, whatever its comments, docstrings and line ends."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(
            node, clean=False
        ):
            node.body = node.body[1:]
    return ast.dump(tree)
