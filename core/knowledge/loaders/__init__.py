"""Readers of file formats: each turns the bytes of one format into a `Reading`."""
