"""Podium: from a release tag of a code model to a reviewed leaderboard submission."""

__version__ = "0.1.0"
