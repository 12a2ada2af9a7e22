"""Answers given again: only for the same question, to somebody who may read its sources, while they stand."""
