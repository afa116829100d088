"""The gates a candidate is judged by, one file per gate: pure functions that return decisions."""
