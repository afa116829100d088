"""Reads every spec below a folder and cross-checks them as a whole.

All problems are reported at once, each with file, line, field, value and advice. A broken file does
not hide the others: `load_specs` returns the sound specs and the problems side by side.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from include.errors import SpecError
from include.specs.cross_check import cross_check
from include.specs.cross_check_datasets import cross_check_dataset
from include.specs.dataset import DatasetSpec
from include.specs.model import ModelSpec
from include.specs.union_tags import variant, without_tags
from include.specs.yaml_text import YamlError, line_of, mappings, read_yaml

T = TypeVar("T")
M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True)
class SpecProblem:
    """One thing wrong with one file."""

    file: str
    line: int | None
    field: str
    message: str

    def __str__(self) -> str:
        line = f":{self.line}" if self.line else ""
        return (
            f"{self.file}{line}: {self.field}: {self.message}"
            if self.field
            else (f"{self.file}{line}: {self.message}")
        )


@dataclass(frozen=True)
class Specs:
    """All sound specs of an installation, and what is wrong with the others."""

    datasets: dict[str, DatasetSpec] = field(default_factory=dict)
    models: dict[str, ModelSpec] = field(default_factory=dict)
    problems: list[SpecProblem] = field(default_factory=list)

    def dataset(self, name: str) -> DatasetSpec:
        """Return a dataset's spec.

        Raises
        ------
        SpecError
            When there is no sound spec of that name.
        """
        return self._find(self.datasets, name, "dataset")

    def model(self, name: str) -> ModelSpec:
        """Return a model's spec.

        Raises
        ------
        SpecError
            When there is no sound spec of that name.
        """
        return self._find(self.models, name, "model")

    def raise_problems(self) -> None:
        """Raise one `SpecError` that lists every problem, if there is any."""
        if self.problems:
            listed = "\n  ".join(map(str, self.problems))
            raise SpecError(
                f"{len(self.problems)} problem(s) in the specs:\n  {listed}",
                next_step="mend the files named above; the other specs are in service",
                problems=[str(problem) for problem in self.problems],
            )

    def _find(self, known: dict[str, T], name: str, kind: str) -> T:
        if name in known:
            return known[name]
        broken = [str(p) for p in self.problems if Path(p.file).stem == name]
        raise SpecError(
            f"no sound spec of {kind} {name!r}" + (f": {broken[0]}" if broken else ""),
            where=f"include/{kind}s/{name}.yaml",
            next_step=f"known {kind}s: {', '.join(sorted(known)) or 'none'}",
        )


def load_specs(root: Path) -> Specs:
    """Read `root/datasets/*.yaml` and `root/models/*.yaml`.

    Parameters
    ----------
    root
        The folder that holds both.

    Returns
    -------
    Specs
        Sound specs by name, and all problems found.
    """
    problems: list[SpecProblem] = []
    datasets = dict(_read(root, "datasets", DatasetSpec, problems))
    problems += _drop_unsound(root, datasets)
    models = dict(_read(root, "models", ModelSpec, problems))
    for name, model in list(models.items()):
        found = list(_cross_check(root, model, datasets))
        problems += found
        if found:
            del models[name]
    return Specs(datasets=datasets, models=models, problems=problems)


def _read(root: Path, folder: str, kind: type[M], problems: list[SpecProblem]) -> Iterator[tuple[str, M]]:
    for path in sorted((root / folder).glob("*.y*ml")):
        try:
            _require_suffix(root, path)
            yield _parse(root, path, kind)
        except _BrokenFileError as broken:
            problems += broken.problems


class _BrokenFileError(Exception):
    def __init__(self, problems: list[SpecProblem]) -> None:
        super().__init__(len(problems))
        self.problems = problems


def _parse(root: Path, path: Path, kind: type[M]) -> tuple[str, M]:
    shown = _shown(root, path)
    try:
        tree, raw = read_yaml(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise _BrokenFileError([SpecProblem(shown, None, "", f"not readable: {error.strerror}")]) from None
    except (YamlError, UnicodeDecodeError) as error:
        line = error.line if isinstance(error, YamlError) else None
        raise _BrokenFileError([SpecProblem(shown, line, "", f"not YAML: {error}")]) from None
    _refuse_twice(tree, shown)
    if not isinstance(raw, dict):
        message = "the file must be a mapping of keys to values"
        raise _BrokenFileError([SpecProblem(shown, 1, "", message)])
    try:
        spec = kind.model_validate(raw)
    except ValidationError as error:
        raise _BrokenFileError(list(_explain(error, shown, (tree, raw), kind))) from None
    name = str(getattr(spec, path.parent.name.removesuffix("s")))
    if name != path.stem:
        message = f"{name!r} differs from the file's name; rename one of them"
        raise _BrokenFileError([SpecProblem(shown, 1, path.parent.name.removesuffix("s"), message)])
    return name, spec


def _require_suffix(root: Path, path: Path) -> None:
    if path.suffix != ".yaml":
        message = "a spec's name ends in .yaml; rename the file"
        raise _BrokenFileError([SpecProblem(_shown(root, path), None, "", message)])


def _shown(root: Path, path: Path) -> str:
    return str(Path(root.name) / path.relative_to(root))


def _refuse_twice(tree: Any, shown: str) -> None:
    """YAML lets a later key replace an earlier one silently; a spec must not."""
    found = [
        SpecProblem(shown, key.start_mark.line + 1, str(key.value), "this key stands twice in its block")
        for node in mappings(tree)
        for position, (key, _) in enumerate(node.value)
        if any(other.value == key.value for other, _ in node.value[:position])
    ]
    if found:
        raise _BrokenFileError(found)


def _explain(
    error: ValidationError, shown: str, read: tuple[Any, Any], kind: type[BaseModel]
) -> Iterator[SpecProblem]:
    tree, raw = read
    for problem in error.errors(include_url=False):
        location = [part for part in problem["loc"] if part != "[key]"]
        tagged, location = location, without_tags(location, raw, problem["type"])
        where = ".".join(str(part) for part in location)
        message = problem["msg"].removeprefix("Value error, ")
        if problem["type"] == "extra_forbidden":
            message = "unknown key" + _suggestion(str(location[-1]), kind, tagged[:-1])
        elif problem["type"] == "missing":
            message = "this key is missing"
        elif not isinstance(problem.get("input"), dict | list):
            message = f"{message} (found {problem['input']!r})"
        yield SpecProblem(shown, line_of(tree, location), where, message)


def _suggestion(name: str, kind: type[BaseModel], parents: list[Any]) -> str:
    known = list(_fields_at(kind, parents))
    close = difflib.get_close_matches(name, known, n=1)
    if close:
        return f"; did you mean {close[0]!r}?"
    return f"; known keys: {', '.join(known)}" if known else ""


def _fields_at(kind: type[BaseModel], parents: list[Any]) -> Iterator[str]:
    here: list[Any] = [kind]
    for part in parents:
        if isinstance(part, int):
            continue
        if (chosen := variant(here, part)) is not None:
            here = [chosen]
            continue
        info = here[0].model_fields.get(part)
        here = [a for a in _types(info.annotation) if hasattr(a, "model_fields")] if info else []
        if not here:
            return
    yield from (info.alias or name for name, info in here[0].model_fields.items())


def _types(annotation: Any) -> Iterator[Any]:
    yield annotation
    for argument in getattr(annotation, "__args__", ()):
        yield from _types(argument)


def _drop_unsound(root: Path, datasets: dict[str, DatasetSpec]) -> list[SpecProblem]:
    """Take out the datasets that ask in vain of others, and then those that ask of these."""
    problems = []
    while found := {
        name: wrong for name, spec in datasets.items() if (wrong := list(cross_check_dataset(spec, datasets)))
    }:
        for name, listed in found.items():
            del datasets[name]
            problems += list(_locate(root, f"datasets/{name}.yaml", listed))
    return problems


def _locate(root: Path, file: str, found: list[tuple[list[Any], str]]) -> Iterator[SpecProblem]:
    path = root / file
    tree, _ = read_yaml(path.read_text(encoding="utf-8"))
    for where, message in found:
        yield SpecProblem(_shown(root, path), line_of(tree, where), ".".join(map(str, where)), message)


def _cross_check(root: Path, model: ModelSpec, datasets: dict[str, DatasetSpec]) -> Iterator[SpecProblem]:
    found = list(cross_check(model, datasets))
    if not found:
        return
    path = root / "models" / f"{model.model}.yaml"
    tree, _ = read_yaml(path.read_text(encoding="utf-8"))
    for where, message in found:
        yield SpecProblem(_shown(root, path), line_of(tree, where), ".".join(map(str, where)), message)
