"""The box that texts of others are read in, for components that draw plain characters."""

from __future__ import annotations

CSS = """
.text {
  box-sizing: border-box;
  max-height: var(--box-height, 26rem);
  overflow-y: auto;
  padding: 0.875rem 1rem;
  border: 1px solid var(--st-border-color);
  border-radius: var(--st-base-radius);
  background: var(--st-secondary-background-color);
  color: var(--st-text-color);
  font-family: var(--st-font);
  font-size: 0.9375rem;
  line-height: 1.6;
  white-space: pre-wrap;
  overflow-wrap: anywhere;
}
.text:focus-visible { outline: 2px solid var(--st-primary-color); outline-offset: 2px; }
"""
