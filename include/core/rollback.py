"""Whether a model can go back to a version, and from which day on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from include.contracts import ChampionRef
from include.errors import FatalError, NoChampionError, name_some


@dataclass(frozen=True)
class Rollback:
    """Which version takes over from which, and since which day it serves then."""

    champion: ChampionRef
    target: ChampionRef
    effective_from: date


def plan_rollback(
    model: str,
    champion: ChampionRef | None,
    served: dict[int, ChampionRef],
    previous: ChampionRef | None,
    *,
    version: int | None,
    effective_from: date | None,
    newest_night: date | None,
    retired: bool,
) -> Rollback:
    """Choose version and day of a rollback.

    Parameters
    ----------
    model
        For the messages.
    champion, previous
        Who serves, and who served before.
    served
        The first promotion of each version that ever served.
    version
        The version to go back to; None means the one before, or of a retired model its champion.
    effective_from
        The first day it serves again; None means the day after the newest published night, and not before
        the champion's own first day.
    newest_night
        The newest day with published predictions, None without any.
    retired
        Whether the model is out of service: then its champion may be put back too.

    Raises
    ------
    NoChampionError
        When nothing serves that could be rolled back.
    FatalError
        When the version never served, serves already, or would serve days before it was trained.
    """
    where = f"model {model}"
    if champion is None:
        raise NoChampionError(
            "no version was promoted yet", where=where, next_step="there is nothing to undo"
        )
    target = _target(where, champion, served, previous, version, retired=retired)
    after_newest = newest_night + timedelta(days=1) if newest_night else champion.effective_from
    day = effective_from or max(after_newest, champion.effective_from)
    trained = served[target.version].effective_from
    if day < trained:
        raise FatalError(
            f"version {target.version} was trained as of {trained} and would serve days that it learned from",
            where=f"{where}, parameter `effective_from`",
            next_step=f"name {trained} or a later day, or leave it empty",
        )
    return Rollback(champion, target, day)


def _target(
    where: str,
    champion: ChampionRef,
    served: dict[int, ChampionRef],
    previous: ChampionRef | None,
    version: int | None,
    *,
    retired: bool,
) -> ChampionRef:
    if version is None:
        found = champion if retired else previous
        if found is None:
            raise FatalError(
                f"version {champion.version} is the only one that ever served",
                where=where,
                next_step="there is no version to go back to; train another one, or retire the model",
            )
        return found
    if version not in served:
        raise FatalError(
            f"version {version} never served; versions that did: {name_some(sorted(served))}",
            where=f"{where}, parameter `version`",
            next_step="name one of these; a new version serves after its evaluation, through promotion",
        )
    if version == champion.version and not retired:
        raise FatalError(
            f"version {version} serves already, from {champion.effective_from} on",
            where=f"{where}, parameter `version`",
            next_step="nothing is to be done",
        )
    return served[version]
