"""Scores bent to be probabilities, on rows that the estimator was not fitted on.

Sigmoid (Platt) fits two numbers and suits few rows; isotonic fits any rising curve and needs a thousand or
more. In multiclass models each class is calibrated against the others, and the probabilities are scaled
to add up to 1.

References
----------
J. Platt, "Probabilistic outputs for support vector machines", Advances in Large Margin Classifiers (1999).
B. Zadrozny, C. Elkan, "Transforming classifier scores into accurate multiclass probability estimates",
KDD (2002).
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.calibration import CalibratedClassifierCV
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline

from include.core.labels import LabelArray
from include.core.pipeline import one_thread
from include.specs.training import Calibration


def calibrate(
    pipeline: Pipeline, prepared: pd.DataFrame, labels: LabelArray, method: Calibration
) -> Pipeline:
    """Return a pipeline whose scores are calibrated; the one given is left as it is.

    Parameters
    ----------
    pipeline
        Fitted.
    prepared
        Shape (rows, features): the validation part, as `prepare` returns it.
    labels
        Shape (rows,), every class among them.
    method
        How; with `none` the pipeline itself is returned.
    """
    if method is Calibration.NONE:
        return pipeline
    everything = np.arange(len(labels))
    calibrated = CalibratedClassifierCV(
        FrozenEstimator(pipeline[-1]),
        method=str(method),
        cv=[(everything, everything)],  # it is not fitted again, so that nothing needs to be held out
        ensemble=False,
    )
    with one_thread():
        calibrated.fit(pipeline[:-1].transform(prepared), labels)
    calibrated.set_params(cv=None)  # the model need not carry the rows' numbers
    return Pipeline([*pipeline.steps[:-1], ("estimator", calibrated)])
