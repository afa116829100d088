"""Who books at the simulated hotels, on which terms, and what makes them cancel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Market:
    """The shares and effects behind one period of bookings.

    Attributes
    ----------
    segments, countries
        Shares by name; scaled to one.
    lead_time_scale
        Factor on the lead time of every segment.
    non_refund_share
        Share of bookings with a deposit that is not refunded.
    lead_time_effect, special_request_effect
        Change of the log odds of a cancellation per unit of log lead time and per request.
    intercept, home_effect, non_refund_effect, online_effect, previous_cancellation_effect
        Parts of the log odds of a cancellation.
    """

    segments: Mapping[str, float]
    countries: Mapping[str, float]
    lead_time_scale: float
    non_refund_share: float
    intercept: float
    home_effect: float
    non_refund_effect: float
    online_effect: float
    previous_cancellation_effect: float
    lead_time_effect: float
    special_request_effect: float


@dataclass(frozen=True)
class Segment:
    """How one market segment books.

    Attributes
    ----------
    median_lead_days
        Half of its bookings are made fewer days ahead.
    channel
        The distribution channel.
    agents
        The agents that book for it, the busiest first; empty where guests book by themselves.
    """

    median_lead_days: float
    channel: str
    agents: tuple[str, ...] = ()


SEGMENTS: Mapping[str, Segment] = {
    "Online TA": Segment(55, "TA/TO", ("9", "240", "7", "14", "28", "241", "83", "298", "8", "171")),
    "Offline TA/TO": Segment(90, "TA/TO", ("1", "6", "40", "96", "242", "243", "115", "149", "3", "26")),
    "Groups": Segment(130, "TA/TO", ("1", "19", "37", "29", "21", "12", "229", "298")),
    "Direct": Segment(25, "Direct"),
    "Corporate": Segment(10, "Corporate"),
    "Aviation": Segment(3, "Corporate"),
    "Complementary": Segment(8, "Direct"),
}

HOME_COUNTRY = "PRT"

BEFORE_DRIFT = Market(
    segments={
        "Online TA": 0.47,
        "Offline TA/TO": 0.20,
        "Groups": 0.12,
        "Direct": 0.13,
        "Corporate": 0.05,
        "Aviation": 0.01,
        "Complementary": 0.02,
    },
    countries={
        HOME_COUNTRY: 0.36,
        **{"GBR": 0.12, "FRA": 0.09, "ESP": 0.08, "DEU": 0.07, "ITA": 0.04, "IRL": 0.03, "BEL": 0.03},
        **{"BRA": 0.025, "NLD": 0.025, "USA": 0.025, "CHE": 0.02, "CHN": 0.015, "AUT": 0.015},
        **{"SWE": 0.015, "POL": 0.01, "ISR": 0.01, "NOR": 0.005, "ROU": 0.005, "RUS": 0.005, "FIN": 0.005},
    },
    lead_time_scale=1.0,
    non_refund_share=0.13,
    intercept=-4.3,
    home_effect=1.5,
    non_refund_effect=5.0,
    online_effect=1.3,
    previous_cancellation_effect=2.5,
    lead_time_effect=0.75,
    special_request_effect=-1.1,
)
"""About two in five bookings are cancelled, most of them long planned, non-refundable or from home."""

AFTER_DRIFT = replace(
    BEFORE_DRIFT,
    segments={
        "Online TA": 0.66,
        "Offline TA/TO": 0.08,
        "Groups": 0.03,
        "Direct": 0.18,
        "Corporate": 0.03,
        "Aviation": 0.01,
        "Complementary": 0.01,
    },
    countries={
        **BEFORE_DRIFT.countries,
        **{HOME_COUNTRY: 0.14, "GBR": 0.20, "FRA": 0.15, "CHN": 0.10, "USA": 0.07, "BRA": 0.06},
    },
    lead_time_scale=2.2,
    non_refund_share=0.03,
    intercept=-1.6,
    home_effect=-0.5,
    non_refund_effect=0.5,
    online_effect=1.8,
    lead_time_effect=0.25,
)
"""A campaign abroad fills the summer early, through web portals, on terms that cost nothing to cancel."""
