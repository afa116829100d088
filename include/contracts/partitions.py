"""What ingest, validation and replay hand on."""

from __future__ import annotations

from datetime import date

from pydantic import Field

from include.contracts.base import Contract


class RowChanges(Contract):
    """What a revision of a partition changed, by key.

    Rows that both revisions hold do not count, as often as both hold them. Of the others of one key, as
    many are altered as both revisions have; what one has beyond that was added or removed. So a key that
    stands once in each counts as one altered row. `altered_columns` says in how many altered rows a column
    differs; columns that only one of the revisions has, or that changed their declared type, are left out.
    """

    added: int
    removed: int
    altered: int
    altered_columns: dict[str, int] = Field(default_factory=dict)

    def __str__(self) -> str:
        columns = ", ".join(f"{name} {rows}" for name, rows in self.altered_columns.items())
        altered = f"{self.altered} altered" + (f" ({columns})" if columns else "")
        return f"{self.added} added, {self.removed} removed, {altered}"


class PartitionRef(Contract):
    """The rows of one dataset and UTC day as read from the source, at one revision.

    `changes` says how it differs from the revision before it, None where there is none to compare with.
    """

    dataset: str
    ds: date
    revision: int
    rows: int
    content_sha256: str
    changes: RowChanges | None = None


class CleanPartitionRef(Contract):
    """The rows of a partition that met their contract, and how many did not."""

    dataset: str
    ds: date
    revision: int
    rows: int
    quarantined_rows: int
    warned_rows: int
    content_sha256: str
    content_md5: str
    report: str
    """Where the result page lies, relative to the reports' root."""


class HistoryResult(Contract):
    """What a history load did."""

    dataset: str
    first: date
    last: date
    partitions: int
    written: int
    rows: int
    quarantined_rows: int


class QuarantineExport(Contract):
    """The quarantined rows of some days, written to a file for a person to mend.

    `file` lies below the reports' root.
    """

    dataset: str
    first: date
    last: date
    rows: int
    file: str


class ReplayedDay(Contract):
    """What a replay did to one partition, or would do.

    `revision`, `rows` and `quarantined_rows` are those of the clean partition after it; None in a dry run,
    and where the partition was refused.
    """

    ds: date
    replaced: int
    left_out: int
    moved_away: int
    arrived: int
    revision: int | None = None
    rows: int | None = None
    quarantined_rows: int | None = None


class ReplayResult(Contract):
    """What became of a file of mended rows."""

    dataset: str
    file_sha256: str
    dry_run: bool
    unchanged: int
    days: list[ReplayedDay]


class SnapshotRef(Contract):
    """A set of partitions frozen under DVC: what a model version is trained on.

    `content_hash` is taken over the DVC listings of all datasets in it, `listings` maps each dataset
    to the MD5 of its own listing, which is what DVC itself calls the folder's hash. `first` is the day
    of the first event; partitions before it are only looked back at (None: there are none).
    `requested_by` is the person who asked for it, None where a schedule or a drift did; it says nothing
    about the content and two snapshots of equal content are the same one.
    """

    model: str
    as_of: date
    tag: str
    commit: str
    content_hash: str
    listings: dict[str, str]
    partitions: int
    rows: int
    first: date | None = None
    requested_by: str | None = None


class GarbageResult(Contract):
    """What a collection of snapshots removed, or would remove in a dry run.

    `removed_tags` names at most a hundred.
    """

    as_of: date
    dry_run: bool
    tags: int
    removed_tags: list[str]
    objects: int
    bytes: int
    kept_tags: int
    kept_objects: int
