"""Whether a version can serve: loaded by somebody who knows nothing of its training, in time and memory."""

from __future__ import annotations

from dataclasses import dataclass

from include.contracts import Decision, Verdict
from include.specs.gates import Servability

GATE = "servability"
TOLERANCE = 1e-12
"""How far scores may differ from those of the training, relative to the score where that is above 1."""


@dataclass(frozen=True)
class Served:
    """What a clean process needed to load a version and to score a sample.

    Attributes
    ----------
    rows
        How many rows were scored.
    load_seconds
        From the start of the process, imports included, to the loaded version.
    milliseconds_per_row
        Of the scoring.
    megabytes
        The most memory the process held.
    largest_difference
        From the scores of the training, relative to the score where that is above 1; None where the
        scores have another shape or are no numbers.
    """

    rows: int
    load_seconds: float
    milliseconds_per_row: float
    megabytes: float
    largest_difference: float | None


def decide_servability(gate: Servability, served: Served) -> Decision:
    """Hold what a clean process needed against the budgets of the spec."""
    wrong = _problems(gate, served)
    found = (
        f"loaded in {served.load_seconds:.1f} s, {served.rows} rows scored in"
        f" {served.milliseconds_per_row:.3f} ms each, {served.megabytes:.0f} MB at most"
    )
    equal = "" if wrong else ", with the scores of the training"
    return Decision(
        gate=GATE,
        verdict=Verdict.FAILED if wrong else Verdict.PASSED,
        reasons=[f"a clean process from the registry: {found}{equal}", *wrong],
        observed={
            "rows": served.rows,
            "load_seconds": round(served.load_seconds, 3),
            "milliseconds_per_row": round(served.milliseconds_per_row, 6),
            "megabytes": round(served.megabytes, 1),
            "largest_difference": served.largest_difference,
        },
        thresholds=_thresholds(gate),
    )


def decide_not_served(gate: Servability, reason: str) -> Decision:
    """Fail a version that a clean process could not load or score."""
    return Decision(gate=GATE, verdict=Verdict.FAILED, reasons=[reason], thresholds=_thresholds(gate))


def _problems(gate: Servability, served: Served) -> list[str]:
    wrong = []
    if served.largest_difference is None:
        wrong.append("its scores have another shape than those of the training, or are no numbers")
    elif served.largest_difference > TOLERANCE:
        wrong.append(
            f"its scores differ from those of the training by up to {served.largest_difference:.3g},"
            f" more than {TOLERANCE:g}: the files are not the model that was fitted, or packages differ"
        )
    if served.load_seconds > gate.load_seconds:
        wrong.append(f"loading took more than the {gate.load_seconds:g} s of servability.load_seconds")
    if served.milliseconds_per_row > gate.milliseconds_per_row:
        wrong.append(f"a row took more than the {gate.milliseconds_per_row:g} ms of milliseconds_per_row")
    if served.megabytes > gate.megabytes:
        wrong.append(f"it needs more than the {gate.megabytes:g} MB of servability.megabytes")
    return wrong


def _thresholds(gate: Servability) -> dict[str, float | int | str | None]:
    return {
        "load_seconds": gate.load_seconds,
        "milliseconds_per_row": gate.milliseconds_per_row,
        "megabytes": gate.megabytes,
        "largest_difference": TOLERANCE,
    }
