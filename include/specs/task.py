"""What kind of answer a model gives, and the metrics that may judge it."""

from __future__ import annotations

from enum import StrEnum


class Task(StrEnum):
    """What kind of answer a model gives."""

    BINARY_CLASSIFICATION = "binary_classification"
    MULTICLASS_CLASSIFICATION = "multiclass_classification"
    REGRESSION = "regression"

    @property
    def is_classification(self) -> bool:
        """Whether the answer is one of a few classes."""
        return self is not Task.REGRESSION


class Metric(StrEnum):
    """The metrics a spec may name, as scikit-learn calls them."""

    ROC_AUC = "roc_auc_score"
    AVERAGE_PRECISION = "average_precision_score"
    BRIER_LOSS = "brier_score_loss"
    LOG_LOSS = "log_loss"
    ACCURACY = "accuracy_score"
    BALANCED_ACCURACY = "balanced_accuracy_score"
    F1_MACRO = "f1_macro"
    MEAN_ABSOLUTE_ERROR = "mean_absolute_error"
    ROOT_MEAN_SQUARED_ERROR = "root_mean_squared_error"
    R2 = "r2_score"

    @property
    def higher_is_better(self) -> bool:
        """Whether a greater value is the better one; errors and losses are better when lower."""
        return self not in _LOWER_IS_BETTER

    @property
    def bounds(self) -> tuple[float | None, float | None]:
        """The least and greatest value a metric can take; None where there is no bound."""
        if self in {Metric.LOG_LOSS, Metric.MEAN_ABSOLUTE_ERROR, Metric.ROOT_MEAN_SQUARED_ERROR}:
            return 0.0, None
        return (None, 1.0) if self is Metric.R2 else (0.0, 1.0)

    def suits(self, task: Task) -> bool:
        """Whether the metric is defined for a task."""
        return self in METRICS[task]


METRICS: dict[Task, tuple[Metric, ...]] = {
    Task.BINARY_CLASSIFICATION: (
        Metric.ROC_AUC,
        Metric.AVERAGE_PRECISION,
        Metric.BRIER_LOSS,
        Metric.LOG_LOSS,
        Metric.ACCURACY,
        Metric.BALANCED_ACCURACY,
    ),
    Task.MULTICLASS_CLASSIFICATION: (
        Metric.LOG_LOSS,
        Metric.ACCURACY,
        Metric.BALANCED_ACCURACY,
        Metric.F1_MACRO,
    ),
    Task.REGRESSION: (
        Metric.MEAN_ABSOLUTE_ERROR,
        Metric.ROOT_MEAN_SQUARED_ERROR,
        Metric.R2,
    ),
}
"""The metrics of each task; all of them are measured, whichever the gates judge by."""

_LOWER_IS_BETTER = {
    Metric.BRIER_LOSS,
    Metric.LOG_LOSS,
    Metric.MEAN_ABSOLUTE_ERROR,
    Metric.ROOT_MEAN_SQUARED_ERROR,
}
