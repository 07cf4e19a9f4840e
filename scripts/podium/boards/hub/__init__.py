"""Boards on the Hugging Face Hub: one pull request in a repository's Community tab."""

from podium.boards.listing import Listing

BOARDS = (
    Listing(name="space", where="podium.boards.hub.space:SpaceBoard", stage="publish"),
    Listing(name="eval-results", where="podium.boards.hub.eval_results:EvalResultsBoard", stage="publish"),
)
