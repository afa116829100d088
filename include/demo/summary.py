"""What a stranger should know after the demo: what happened, what was decided and why, where to look."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from include.contracts import Decision, DriftResult
from include.demo.story import FIRST_NIGHT, Chronicle, Night, Training

_TOP_FEATURES = 5


def print_summary(console: Console, chronicle: Chronicle, state: Path) -> None:
    """Print the whole summary."""
    console.print()
    console.rule("[bold]What happened")
    for load in chronicle.histories:
        console.print(
            f"• History of [bold]{load.dataset}[/]: {load.partitions} days from {load.first} to {load.last},"
            f" {load.rows:,} rows clean, {load.quarantined_rows:,} in quarantine."
        )
    if chronicle.first_training:
        _print_training(console, "First version", chronicle.first_training)
    _print_nights(console, chronicle.nights)
    if chronicle.drift:
        _print_drift(console, chronicle.drift)
    if chronicle.second_training:
        _print_training(console, "Successor", chronicle.second_training)
    elif chronicle.drift and not chronicle.drift.drifted:
        console.print("• Nothing changed, so no successor was asked for.")
    _print_where_to_look(console, state)


def _print_training(console: Console, title: str, training: Training) -> None:
    snapshot, evaluation, promotion = training.snapshot, training.evaluation, training.promotion
    verdict = "[yellow]not promoted[/]"
    if promotion.promoted:
        verdict = f"[green]promoted[/] as {promotion.semantic_version}, ledger entry {promotion.ledger_entry}"
    console.print(
        f"• {title}: version [bold]{promotion.version}[/] of {promotion.model}, trained on snapshot"
        f" [bold]{snapshot.tag}[/] ({snapshot.partitions} partitions, {snapshot.rows:,} rows), {verdict}."
    )
    metrics = ", ".join(f"{name} {one.value:.3f}" for name, one in sorted(evaluation.metrics.items()))
    console.print(
        f"    judged on {evaluation.holdout_rows:,} rows whose labels matured from"
        f" {evaluation.holdout_first} to {evaluation.holdout_last}: {metrics}"
    )
    for decision in evaluation.decisions:
        console.print(f"    {_mark(decision)} {decision.gate}: {escape(' '.join(decision.reasons))}")
    said = [reason for decision in evaluation.decisions for reason in decision.reasons]
    for reason in promotion.reasons:
        if any(reason.endswith(known) for known in said):
            continue
        console.print(f"    → {escape(reason)}")


def _mark(decision: Decision) -> str:
    return {"passed": "[green]✓[/]", "failed": "[red]✗[/]"}.get(decision.verdict, "[yellow]?[/]")


def _print_nights(console: Console, nights: list[Night]) -> None:
    table = Table(title="Seven nights", title_justify="left")
    for name in ("night", "rows in", "quarantined", "predicted", "version", "revision", ""):
        table.add_column(name, justify="left" if name == "night" else "right")
    for night in nights:
        clean, published = night.clean, night.publication
        table.add_row(
            str(night.ds),
            f"{clean.rows + clean.quarantined_rows:,}",
            f"{clean.quarantined_rows:,}",
            f"{published.rows:,}",
            str(published.model_version),
            str(published.revision),
            "new" if published.changed else "same",
        )
    console.print(table)


def _print_drift(console: Console, drift: DriftResult) -> None:
    moved = [feature for feature in drift.features if feature.drifted]
    head = "[yellow]the data changed[/]" if drift.drifted else "[green]no change[/]"
    console.print(
        f"• Week {drift.first} to {drift.last}, {drift.rows:,} rows against version"
        f" {drift.champion_version}'s reference: {head};"
        f" {len(moved)} of {len(drift.features)} features moved."
    )
    for feature in sorted(moved, key=lambda f: f.value / f.threshold, reverse=True)[:_TOP_FEATURES]:
        console.print(f"    {escape(feature.explanation)}")


def _print_where_to_look(console: Console, state: Path) -> None:
    console.rule("[bold]Where to look")
    console.print(
        "• [bold]make up[/] starts the Airflow and MLflow web UIs over all this; it prints the addresses."
    )
    console.print("    DAGs `booking_cancellation__*`: graphs, logs, buttons to drift report and MLflow run")
    console.print("    MLflow, model booking_cancellation: versions, aliases, metrics, plots")
    console.print(f"• Result pages and model cards: {state / 'reports'}")
    console.print(
        "• Who served a night and why: [bold]make ledger-who MODEL=booking_cancellation"
        f" DAY={FIRST_NIGHT}[/]; [bold]make ledger-verify[/] proves that nobody changed the record."
    )
    console.print(f"• Logs of the servers: {state / 'logs'}")
    console.print("• [bold]make demo[/] again changes no prediction; [bold]make clean[/] removes it all.")
