"""Runs: the ways in, what events set off, and the steps that are due."""
