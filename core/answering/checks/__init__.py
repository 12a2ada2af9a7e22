"""Deterministic checks on the way in and on the way out: each a rule with an id, a severity and an action."""
