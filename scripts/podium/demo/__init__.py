"""demo: our own problems, a small model trained on some of them, and the whole pipeline on a stand-in board.

`problems/` and `checkpoint/` are data; `train.py` is the recipe that made the checkpoint; `walkthrough.py` is
`podium demo`.
"""
