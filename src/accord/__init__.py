"""Accord: marketing-automation scenarios behind a consent gate."""

__version__ = "0.1.0"
