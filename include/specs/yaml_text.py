"""YAML as specs are written: plain data, `on` is a word, every node knows its line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import yaml

_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_DEEPEST = 20
"""No spec is nested deeper; the C library overruns its stack on a text that is nested without end."""


class _SpecLoader(_Base):  # type: ignore[misc]
    """YAML 1.1 reads `on`, `off`, `yes` and `no` as booleans; a key `on:` must stay a word."""


_SpecLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in rules if tag != "tag:yaml.org,2002:bool"]
    for first, rules in _Base.yaml_implicit_resolvers.items()
}
_SpecLoader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"), list("tf"))


class YamlError(Exception):
    """The text is not YAML; `line` counts from one."""

    def __init__(self, message: str, line: int | None) -> None:
        super().__init__(message)
        self.line = line


def read_yaml(text: str) -> tuple[Any, Any]:
    """Parse one document.

    Returns
    -------
    tuple
        The node tree (for lines; None for an empty text) and the plain data.

    Raises
    ------
    YamlError
        With the line where reading stopped.
    """
    try:
        _refuse_traps(text)
        loader = _SpecLoader(text)
        tree = loader.get_single_node()
        return tree, None if tree is None else _construct(loader, tree)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise YamlError(" ".join(str(error).split()), mark.line + 1 if mark else None) from None


def _refuse_traps(text: str) -> None:
    """Refuse what is legal YAML and can stop whoever reads it: endless nesting, and aliases.

    An alias may stand for a block that holds itself, or for one a billion times as long as the file.
    """
    event: Any
    depth = 0
    for event in yaml.parse(text, Loader=_SpecLoader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        line = event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent):
            raise YamlError(f"write the block out instead of the alias *{event.anchor}", line)
        if depth > _DEEPEST:
            raise YamlError(f"nested deeper than {_DEEPEST} levels", line)


def _construct(loader: Any, tree: Any) -> Any:
    """Build the data value by value, so that one which looks like a date and is none has its line."""
    for node in _scalars(tree):
        try:
            loader.construct_object(node)
        except ValueError as error:
            raise YamlError(f"{node.value!r} has no such value: {error}", node.start_mark.line + 1) from None
    return loader.construct_document(tree)


def _scalars(node: Any) -> Iterator[Any]:
    if isinstance(node, yaml.ScalarNode):
        yield node
    elif isinstance(node, yaml.MappingNode):
        for pair in node.value:
            for part in pair:
                yield from _scalars(part)
    elif isinstance(node, yaml.SequenceNode):
        for part in node.value:
            yield from _scalars(part)


def mappings(node: Any) -> Iterator[Any]:
    """Walk all mappings of a node tree, outermost first."""
    if isinstance(node, yaml.MappingNode):
        yield node
        for _, value in node.value:
            yield from mappings(value)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            yield from mappings(value)


def line_of(node: Any, location: Sequence[Any]) -> int:
    """Return the line, counted from one, of a place given by keys and positions.

    Where the place does not exist, the line of its nearest parent.
    """
    line = int(node.start_mark.line) + 1
    for part in location:
        if isinstance(node, yaml.MappingNode):
            found = next(((k, v) for k, v in node.value if k.value == str(part)), None)
            if found is None:
                break
            line, node = int(found[0].start_mark.line) + 1, found[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int):
            node = node.value[part]
            line = int(node.start_mark.line) + 1
        else:
            break
    return line
