"""What crosses a task boundary: small frozen records that survive JSON, and nothing else.

XCom and asset events carry these as plain dictionaries (``ref.to_json()``); the next task rebuilds
them with ``Ref.from_json(...)``. They hold names, hashes and counts, never frames, models or secrets.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from include.errors import FatalError, name_some


class Contract(BaseModel):
    """Base of all records: frozen, strict about unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def to_json(self) -> dict[str, Any]:
        """Return a dictionary of JSON types only."""
        return self.model_dump(mode="json")

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Self:
        """Rebuild the record from `to_json`'s answer.

        Raises
        ------
        FatalError
            When it is not such a record, as in an event that somebody made by hand; names the fields.
        """
        try:
            return cls.model_validate(value)
        except ValidationError as error:
            wrong = [f"{'.'.join(map(str, p['loc']))}: {p['msg']}" for p in error.errors()]
            raise FatalError(
                f"this is not what the task before hands on: {name_some(wrong)}",
                where=cls.__name__,
                next_step="run the DAG before this one; events made by hand carry no record",
            ) from None


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


class CandidateRef(Contract):
    """A registered model version that nothing serves yet."""

    model: str
    version: int
    run_id: str
    as_of: date
    artifact_sha256: str
    snapshot: SnapshotRef


class Verdict(StrEnum):
    """What a gate may answer."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_ENOUGH_EVIDENCE = "not_enough_evidence"


class Decision(Contract):
    """The recorded verdict of one gate."""

    gate: str
    verdict: Verdict
    reasons: list[str]
    observed: dict[str, float | int | str | None] = Field(default_factory=dict)
    thresholds: dict[str, float | int | str | None] = Field(default_factory=dict)


class EvaluationRef(Contract):
    """Candidate and champion judged on the same holdout."""

    candidate: CandidateRef
    champion_version: int | None
    holdout_first: date
    holdout_last: date
    holdout_rows: int
    metrics: dict[str, float]
    champion_metrics: dict[str, float]
    decisions: list[Decision]


class PromotionResult(Contract):
    """Whether a candidate became champion, and why."""

    model: str
    version: int
    promoted: bool
    previous_version: int | None
    effective_from: date
    reasons: list[str]


class ChampionRef(Contract):
    """The one model version a run scores with."""

    model: str
    version: int
    run_id: str
    effective_from: date
    artifact_sha256: str
    snapshot_tag: str
    snapshot_hash: str


class PublicationRef(Contract):
    """The published predictions of one model and partition."""

    model: str
    ds: date
    revision: int
    rows: int
    model_version: int
    content_hash: str
    changed: bool
    """False where the same answer was published before and nothing was written."""


class FeatureDrift(Contract):
    """How far one feature moved from the reference profile."""

    feature: str
    statistic: str
    value: float
    threshold: float
    drifted: bool
    explanation: str


class DriftResult(Contract):
    """The weekly answer for one model."""

    model: str
    first: date
    last: date
    champion_version: int
    rows: int
    drifted: bool
    features: list[FeatureDrift]
    report: str


class RetrainRequest(Contract):
    """A wish for a new version: who asked, why, and as of which day."""

    model: str
    as_of: date
    source: str
    reason: str
