"""What crosses a task boundary: small frozen records that survive JSON, and nothing else.

XCom and asset events carry these as plain dictionaries (``ref.to_json()``); the next task rebuilds
them with ``Ref.from_json(...)``. They hold names, hashes and counts, never frames, models or secrets.
"""

from include.contracts.base import Contract
from include.contracts.drift import DriftResult, FeatureDrift
from include.contracts.operations import Reproduced, ReproductionResult, RetirementResult, RollbackResult
from include.contracts.partitions import (
    CleanPartitionRef,
    GarbageResult,
    HistoryResult,
    PartitionRef,
    QuarantineExport,
    ReplayedDay,
    ReplayResult,
    RowChanges,
    SnapshotRef,
)
from include.contracts.retraining import RetrainRequest
from include.contracts.scoring import PublicationRef
from include.contracts.versions import (
    ApprovalRef,
    CandidateRef,
    ChampionRef,
    Decision,
    EvaluationRef,
    MetricEstimate,
    PromotionPlan,
    PromotionResult,
    SearchPlan,
    TrialResult,
    Verdict,
)

__all__ = [
    "ApprovalRef",
    "CandidateRef",
    "ChampionRef",
    "CleanPartitionRef",
    "Contract",
    "Decision",
    "DriftResult",
    "EvaluationRef",
    "FeatureDrift",
    "GarbageResult",
    "HistoryResult",
    "MetricEstimate",
    "PartitionRef",
    "PromotionPlan",
    "PromotionResult",
    "PublicationRef",
    "QuarantineExport",
    "ReplayResult",
    "ReplayedDay",
    "Reproduced",
    "ReproductionResult",
    "RetirementResult",
    "RetrainRequest",
    "RollbackResult",
    "RowChanges",
    "SearchPlan",
    "SnapshotRef",
    "TrialResult",
    "Verdict",
]
