"""The moments at which steps are killed, each by what is about to happen then.

The table is complete: where a step has an effect that no moment covers, `tests.support.kills.runner` refuses
to begin, so a new write cannot stay untried.
"""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase


@dataclass(frozen=True)
class Moment:
    """A point in a step's life: `effects` are patterns of what `tests.support.kills.effects` reports."""

    name: str
    effects: tuple[str, ...]

    def covers(self, effect: str) -> bool:
        return any(fnmatchcase(effect, pattern) for pattern in self.effects)


MOMENTS = (
    Moment("open the source", ("open inn.db",)),
    Moment("make a folder of the lake", ("make lake*",)),
    Moment("begin a draft of rows as read", ("write lake/*/raw/.draft-*.tmp",)),
    Moment("drop a draft of rows as read", ("remove lake/*/raw/.draft-*.tmp",)),
    Moment("name rows as read", ("name lake/*/raw/HASH.parquet",)),
    Moment("write a manifest as read", ("write lake/*/raw/.NUMBER.json.*",)),
    Moment("append a manifest as read", ("name lake/*/raw/NUMBER.json",)),
    Moment("tidy up after a manifest as read", ("remove lake/*/raw/.NUMBER.json.*",)),
    Moment("begin a draft of judged rows", ("write lake/*/clean/.draft-*.tmp",)),
    Moment("drop a draft of judged rows", ("remove lake/*/clean/.draft-*.tmp",)),
    Moment("name quarantined rows", ("name lake/*/clean/HASH.quarantine.parquet",)),
    Moment("name clean rows", ("name lake/*/clean/HASH.parquet",)),
    Moment("write a manifest of judged rows", ("write lake/*/clean/.NUMBER.json.*",)),
    Moment("append a manifest of judged rows", ("name lake/*/clean/NUMBER.json",)),
    Moment("tidy up after a manifest of judged rows", ("remove lake/*/clean/.NUMBER.json.*",)),
    Moment("begin a draft of corrections", ("write lake/*/corrections/.draft-*.tmp",)),
    Moment("drop a draft of corrections", ("remove lake/*/corrections/.draft-*.tmp",)),
    Moment("name corrections", ("name lake/*/corrections/HASH.parquet",)),
    Moment("write a manifest of corrections", ("write lake/*/corrections/.NUMBER.json.*",)),
    Moment("append a manifest of corrections", ("name lake/*/corrections/NUMBER.json",)),
    Moment("tidy up after a manifest of corrections", ("remove lake/*/corrections/.NUMBER.json.*",)),
    Moment("make a folder of pages", ("make reports*",)),
    Moment("write a result page", ("write reports/*/validation/.*.tmp",)),
    Moment("name a result page", ("name reports/*/validation/*.html",)),
    Moment("tidy up after a result page", ("remove reports/*/validation/.*.tmp",)),
    Moment("make a work folder", ("make work", "make work/order-*", "make work/spill-*")),
    Moment("sort the next range of rows", ("remove work/order-*.arrow",)),
    Moment("clear a work folder", ("clear work/order-*", "clear work/spill-*")),
    Moment("make the clone's folder", ("make work/snapshot-*",)),
    Moment("clone the registry", ("run git clone",)),
    Moment("open DVC's own records", ("write work/*/clone/.dvc/tmp/*", "open work/snapshot-*/site/*")),
    Moment("ask for the tag", ("run git fetch",)),
    Moment("read the registry", ("run git show", "run git rev-parse")),
    Moment("make a folder of the storage", ("make storage*",)),
    Moment("write an object", ("write storage/files/md5/??/.*.tmp",)),
    Moment("drop what is left of an object", ("remove storage/files/md5/??/.*.tmp",)),
    Moment("name an object", ("name storage/files/md5/OBJECT",)),
    Moment("name a listing", ("name storage/files/md5/OBJECT.dir",)),
    Moment("write a listing beside", ("write work/snapshot-*/listings/*",)),
    Moment("write pointers", ("write work/snapshot-*/clone/*",)),
    Moment("stage the commit", ("run git add", "run git status")),
    Moment("commit", ("run git commit",)),
    Moment("push commit and tag", ("run git push",)),
    Moment("clear the clone", ("clear work/snapshot-*",)),
)  # fmt: skip


def name_of(effect: str) -> str | None:
    """Return the name of the first moment that covers an effect, None where there is none."""
    return next((moment.name for moment in MOMENTS if moment.covers(effect)), None)
